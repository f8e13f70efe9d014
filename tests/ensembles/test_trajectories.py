"""Each member's trajectory equals that of the single model with its seed, to a stated rounding."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.implementations.activations import ACTIVATIONS
from xorbench.implementations.initialisers import INITIALISERS
from xorbench.implementations.losses import LOSSES
from xorbench.implementations.optimisers import DEFAULT_RATES
from xorbench.measure.ensemble import plan_ensemble
from xorbench.registry import resolve
from xorbench.tasks import get_task

#: Largest relative deviation of a parameter after STEPS steps in float64: rounding, grown along the way.
ROUNDING = 1e-9
STEPS = 40

OPTIONS = {
    "activation": sorted(ACTIVATIONS),
    "init": sorted(INITIALISERS),
    "loss": sorted(LOSSES),
    "optimiser": sorted(DEFAULT_RATES),
}
choices = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in OPTIONS.items()})
shapes = st.sampled_from(["hidden=1", "hidden=2", "hidden=4", "layers=3-2", "layers=2-2-2"])
seed_lists = st.lists(st.integers(0, 2**31), min_size=1, max_size=5)


def target_of(name, shape, chosen):
    return f"{name}[{','.join([shape, *(f'{key}={value}' for key, value in chosen.items())])}]"


def assert_members_follow_single_models(target, task_name, seeds, *, method="auto", steps=STEPS, device="cpu"):
    implementation, task = resolve(target), get_task(task_name)
    plan = plan_ensemble(implementation, task, work=1, method=method, device=device)
    ensemble = plan.make(seeds)
    rows, labels = task.table()
    models = [implementation.build(inputs=task.inputs, seed=seed, device=device) for seed in seeds]
    for index, model in enumerate(models):  # the same start, bit for bit
        for name, value in model.get_parameters().items():
            np.testing.assert_array_equal(ensemble.member(index)[name], value)
    ensemble.advance(0, steps)
    losses, outputs = ensemble.losses(), ensemble.outputs()
    for index, model in enumerate(models):
        for _ in range(steps):
            model.step(rows, labels)
        np.testing.assert_allclose(outputs[:, index], model.predict(rows), rtol=ROUNDING, atol=ROUNDING)
        assert losses[index] == pytest.approx(model.loss(rows, labels), rel=ROUNDING, abs=ROUNDING)
        # RPROP goes by the gradient's sign alone: where the gradient is itself rounding (a copy's, or a fitted
        # network's) the sign is too, and the parameters may go different ways to the same outputs.
        if "rprop" not in target:
            for name, value in model.get_parameters().items():
                np.testing.assert_allclose(ensemble.member(index)[name], value, rtol=ROUNDING, atol=ROUNDING)


@given(choices, shapes, st.sampled_from(["xor", "and", "xor-bipolar", "xor-onehot", "parity-3"]), seed_lists)
@settings(max_examples=60, deadline=None)
def test_arrays(chosen, shape, task, seeds):
    assert_members_follow_single_models(target_of("numpy-mlp", shape, chosen), task, seeds, method="arrays")


#: Each activation, loss and optimiser at least once.
FUSED = [
    {"activation": "sigmoid", "loss": "bce", "optimiser": "sgd"},
    {"activation": "softplus", "loss": "mse", "optimiser": "adam"},
    {"activation": "leaky-relu", "loss": "bce", "optimiser": "rprop"},
]
EVERY = [
    dict(zip(("activation", "loss", "optimiser"), each, strict=True))
    for each in itertools.product(OPTIONS["activation"], OPTIONS["loss"], OPTIONS["optimiser"])
]


@pytest.mark.parametrize("chosen", FUSED, ids=lambda chosen: "-".join(chosen.values()))
def test_compiled_loop(chosen):
    pytest.importorskip("numba", reason="the compiled loop needs numba")
    assert_members_follow_single_models(target_of("numpy-mlp", "hidden=2", chosen), "xor", range(20), method="fused")


@pytest.mark.slow
@pytest.mark.parametrize("chosen", EVERY, ids=lambda chosen: "-".join(chosen.values()))
@pytest.mark.parametrize(("shape", "task"), [("layers=3-2", "parity-3"), ("hidden=3", "xor-bipolar")])
def test_compiled_loop_with_every_choice(chosen, shape, task):
    pytest.importorskip("numba", reason="the compiled loop needs numba")
    assert_members_follow_single_models(target_of("numpy-mlp", shape, chosen), task, range(20), method="fused")


@given(choices, shapes, seed_lists)
@settings(max_examples=6, deadline=None)
def test_torch_mlp(chosen, shape, seeds):
    pytest.importorskip("torch", reason="torch-mlp needs torch")
    assert_members_follow_single_models(
        target_of("torch-mlp", shape, {**chosen, "dtype": "float64"}), "xor", seeds, steps=15
    )


@pytest.mark.parametrize("options", ["hidden=3", "hidden=2,clip=0.05,optimiser=sgd,learning_rate=0.5,loss=mse"])
def test_torch_lstm(options):
    pytest.importorskip("torch", reason="torch-lstm needs torch")
    assert_members_follow_single_models(
        f"torch-lstm[{options},dtype=float64]", "sequence-parity-3", [3, 1, 4], steps=15
    )


@pytest.mark.gpu
@pytest.mark.parametrize(("target", "task"), [("torch-mlp", "xor"), ("torch-lstm", "sequence-parity-2")])
def test_torch_on_a_gpu(target, task):
    torch = pytest.importorskip("torch", reason="needs torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    assert_members_follow_single_models(f"{target}[dtype=float64]", task, range(5), device="cuda")


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
@settings(deadline=None)  # the first call compiles
def test_the_compiled_exponential_and_logarithm(numbers):
    """To a few units in the last place of the C library's, over the whole range."""
    pytest.importorskip("numba", reason="the compiled loop needs numba")
    from xorbench.ensembles.lanes import elementwise

    functions = elementwise("float64")
    with np.errstate(all="ignore"):
        for z in numbers:
            assert functions["sigmoid"](z) == pytest.approx(
                ACTIVATIONS["sigmoid"].value(np.float64(z)), rel=1e-14, abs=1e-300
            )
            assert functions["tanh"](z) == pytest.approx(np.tanh(z), rel=1e-14, abs=3e-16)
            assert functions["softplus"](z) == pytest.approx(
                ACTIVATIONS["softplus"].value(np.float64(z)), rel=1e-14, abs=1e-300
            )
