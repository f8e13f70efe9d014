"""The benchmark of `benchmarks/ensembles.py` runs and its ways of training do train XOR."""

import importlib.util
import sys
from pathlib import Path

import pytest

from xorbench.measure.ensemble import plan_ensemble
from xorbench.registry import resolve

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "ensembles.py"


@pytest.fixture
def benchmark(monkeypatch):
    spec = importlib.util.spec_from_file_location("benchmark_ensembles", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "benchmark_ensembles", module)
    spec.loader.exec_module(module)
    return module


def test_it_prints_a_row_for_each_way(benchmark, capsys):
    made = [benchmark.single(benchmark.TARGET), benchmark.batched_products(8), benchmark.in_place(8)]
    benchmark.measure(made, rounds=1, seconds=0.001)
    shown = capsys.readouterr().out
    assert all(contender.name in shown for contender in made)


def test_the_step_written_for_comparison_is_the_step_of_the_ensemble(benchmark):
    """The hand-written in-place step and the ensemble agree in float32: otherwise the comparison compares nothing."""
    import numpy as np

    closure = benchmark.in_place(8).advance
    w = dict(zip(closure.__code__.co_freevars, (cell.cell_contents for cell in closure.__closure__), strict=True))["w"]
    plan = plan_ensemble(resolve(benchmark.TARGET), benchmark.TASK, work=1, dtype="float32")
    ensemble = plan.make(range(8))
    ensemble.parameters[...] = w
    closure(50)
    ensemble.advance(0, 50)
    np.testing.assert_allclose(ensemble.parameters, w, rtol=1e-4, atol=1e-5)
