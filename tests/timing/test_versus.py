"""Base against head in real processes: what is said of them, and what becomes of those that fail."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from xorbench.cli import run as xorbench
from xorbench.errors import ExitCode, UsageError, XorbenchError
from xorbench.measure.contender import Plan, contender
from xorbench.measure.versus import versus
from xorbench.records import Comparison
from xorbench.sandbox import Limits

NET = """
import time
import numpy as np
{helper}

class Net:
    output = "score"
    targets = (-1.0, 1.0)
    loss_kind = "mse"
    learning_rate = 0.1

    def __init__(self, inputs=2, seed=0):
        generator = np.random.default_rng(seed)
        self.W = generator.normal(size=(inputs, 3))
        self.v = generator.normal(size=(3, 1))

    def predict(self, inputs):
        return np.tanh(inputs @ self.W) @ self.v

    def step(self, inputs, targets):
        until = time.perf_counter() + {spin}
        hidden = np.tanh(inputs @ self.W)
        error = 2 * (hidden @ self.v - targets) / len(inputs)
        below = error @ self.v.T * (1 - hidden**2)
        self.v -= 0.1 * hidden.T @ error
        self.W -= 0.1 * inputs.T @ below
        while time.perf_counter() < until:
            pass

    def get_parameters(self):
        return dict(W=self.W.copy(), v=self.v.copy())

    def set_parameters(self, parameters):
        self.W, self.v = parameters["W"].copy(), parameters["v"].copy()
"""
QUICK = {"blocks": 12, "rounds": 1, "predict_rows": (4,), "limits": Limits(time_s=60)}


def net(folder: Path, *, spin: str = "0.0", helper: str = "") -> str:
    folder.mkdir()
    (folder / "net.py").write_text(NET.format(spin=spin, helper=helper))
    return f"{folder / 'net.py'}:Net"


def test_each_contender_loads_its_own_neighbours(tmp_path: Path) -> None:
    # Both import a module of one name from their own folder. In one process the second would be given the first's.
    spins = {"base": 1e-4, "head": 1e-3}
    for name, spin in spins.items():
        target = net(tmp_path / name, spin="SPIN", helper="from how_slow import SPIN")
        marked = f"import os\nopen({str(tmp_path / name)!r} + f'/{{os.getpid()}}.mark', 'w').close()\nSPIN = {spin}\n"
        (tmp_path / name / "how_slow.py").write_text(marked)
    base, head = (f"{tmp_path / name / 'net.py'}:Net" for name in spins)
    found = versus(base, head, **QUICK)
    assert target == head
    assert (found.base, found.head, found.checked) == (base, head, True)
    rows = {(ratio.action, ratio.rows): ratio for ratio in found.rounds[0]}
    assert set(rows) == {("construct", 0), ("step", 4), ("predict", 4)}
    # What each waits for is the least that it can take, whatever the machine.
    assert rows["step", 4].base_s >= spins["base"]
    assert rows["step", 4].head_s >= spins["head"]
    assert rows["step", 4].blocks == 12
    processes = [len(list((tmp_path / name).glob("*.mark"))) for name in spins]
    rounds = len(found.rounds)
    assert processes == [1 + 24 * rounds, 1 + 12 * rounds]  # a survey each; the base runs twice in every block
    assert msgspec.json.decode(msgspec.json.encode(found), type=Comparison) == found


def test_too_few_blocks_are_refused_before_hours_are_spent(tmp_path: Path) -> None:
    base = net(tmp_path / "base")
    with pytest.raises(UsageError, match="fewer than"):
        versus(base, base, blocks=5, predict_rows=(4,))


@pytest.mark.parametrize(
    ("helper", "said"),
    [
        ("raise RuntimeError('out of order')", "out of order"),
        ("import os; os._exit(7)", "exited"),
        ("import os; os.kill(os.getpid(), 11)", "crashed"),
        ("while True: pass", "timeout"),
    ],
)
def test_a_target_that_fails_is_named_with_what_it_did(tmp_path: Path, helper: str, said: str) -> None:
    base = net(tmp_path / "base")
    head = net(tmp_path / "head", helper=helper)
    with pytest.raises(XorbenchError, match=r"head/net\.py:Net") as caught:
        versus(base, head, predict_rows=(4,), limits=Limits(time_s=3))
    assert said in str(caught.value)


def test_a_contender_that_dies_half_way_ends_the_comparison_with_its_reason(tmp_path: Path) -> None:
    # Each process leaves a mark when it is built; the survey of the head is the first, its third block the fourth.
    marks = tmp_path / "marks"
    marks.mkdir()
    helper = f"""
import os, pathlib
MARKS = pathlib.Path({str(marks)!r})
(MARKS / str(os.getpid())).touch()
if len(list(MARKS.iterdir())) == 4:
    os._exit(9)
"""
    base, head = net(tmp_path / "base"), net(tmp_path / "head", helper=helper)
    with pytest.raises(XorbenchError, match=r"head/net\.py:Net ended before it could be timed: exited"):
        versus(base, head, **QUICK)
    assert len(list(marks.iterdir())) == 4


def test_the_contenders_of_a_block_start_side_by_side(tmp_path: Path) -> None:
    # Each waits in its import until both are there: started one after the other, neither would ever be ready.
    meet = f"""
import os, pathlib
HERE = pathlib.Path({str(tmp_path)!r})
(HERE / f"{{os.getpid()}}.here").touch()
while len(list(HERE.glob("*.here"))) < 2:
    time.sleep(0.01)
"""
    plans = [
        Plan(
            target=net(tmp_path / name, helper=meet),
            task="xor",
            device="cpu",
            seed=0,
            rows=(("step", 4, 1),),
            wait=False,
        )
        for name in ("one", "other")
    ]
    with ExitStack() as stack:
        samplers = [stack.enter_context(contender(plan, limits=Limits(time_s=30))) for plan in plans]
        assert all(sampler(0) > 0 for sampler in samplers)


@pytest.mark.slow
def test_from_the_command_line_to_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, head = net(tmp_path / "base", spin="2e-4"), net(tmp_path / "head", spin="3e-4")
    report = tmp_path / "comparison.json"
    assert xorbench(["compare", base, head, "--interleave", "--json", str(report)]) == ExitCode.OK
    found = msgspec.json.decode(report.read_bytes(), type=Comparison)
    verdicts = {(ratio.action, ratio.rows): ratio.verdict for ratio in found.rounds[0]}
    assert verdicts["step", 4] == "slower"
    assert "slower" in capsys.readouterr().out
    run = ["run", head, "--seeds", "4", "--budget", "20", "--measure", "convergence", "--quiet", "--output"]
    for name in ("a", "b"):
        assert xorbench([*run, str(tmp_path / name)]) == ExitCode.OK
    gate = ["gate", str(tmp_path / "b"), "--baseline", str(tmp_path / "a"), "--comparison", str(report)]
    assert xorbench(gate) == ExitCode.FAILED
    assert "slower than 1.1 allows, twice" in capsys.readouterr().out
