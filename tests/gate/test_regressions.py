"""From a change of the code to the status of the gate: regressions injected one by one, each measured for real."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xorbench.cli import run as xorbench
from xorbench.errors import ExitCode

NET = """
import numpy as np

class Net:
    loss_kind = "mse"
    learning_rate = 2.0

    def __init__(self, inputs=2, seed=0):
        generator = np.random.default_rng(seed)
        self.W1, self.b1 = generator.normal(0.0, 2.0, size=(inputs, 4)), generator.normal(size=4)
        self.W2, self.b2 = generator.normal(size=(4, 1)), np.zeros(1)

    def hidden_layer(self, inputs):
        return np.tanh(inputs @ self.W1 + self.b1)

    def predict(self, inputs):
        return 1 / (1 + np.exp(-(self.hidden_layer(inputs) @ self.W2 + self.b2)))

    def step(self, inputs, targets):
        hidden, outputs = self.hidden_layer(inputs), self.predict(inputs)
        loss = np.mean((outputs - targets) ** 2)
        delta = 2 * (outputs - targets) * outputs * (1 - outputs) / len(inputs)
        below = delta @ self.W2.T * (1 - hidden**2)
        self.W2 -= 2.0 * hidden.T @ delta
        self.b2 -= 2.0 * delta.sum(axis=0)
        self.W1 -= 2.0 * inputs.T @ below
        self.b1 -= 2.0 * below.sum(axis=0)
        return loss

    def get_parameters(self):
        return {name: getattr(self, name).copy() for name in ("W1", "b1", "W2", "b2")}

    def set_parameters(self, parameters):
        for name, value in parameters.items():
            setattr(self, name, value.copy())
"""
LINE = "        below = delta @ self.W2.T * (1 - hidden**2)\n"
#: Name -> what is changed in the source.
CHANGES = {
    "nothing": ("", ""),
    "a comment": ("import numpy as np\n", "import numpy as np  # the only dependency\n"),
    "a gradient bug": (LINE, LINE.replace("hidden**2", "np.tanh(hidden) ** 2")),
    "no gradient": (LINE, LINE.replace("delta @", "0 * delta @")),
    "a worse initialiser": ("generator.normal(0.0, 2.0,", "generator.normal(0.0, 0.01,"),
    "an exception": (LINE, "        raise ValueError('shapes')\n"),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


def change(project: Path, name: str) -> None:
    before, after = CHANGES[name]
    assert before in NET
    (project / "net.py").write_text(NET.replace(before, after, 1))


def measure(output: str, *more: str) -> int:
    return xorbench(["run", "net.py:Net", "--seeds", "16", "--budget", "600", "--quiet", "--output", output, *more])


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("nothing", ExitCode.OK),
        ("a comment", ExitCode.OK),
        ("no gradient", ExitCode.FAILED),
        ("a worse initialiser", ExitCode.FAILED),
        ("an exception", ExitCode.FAILED),
    ],
)
def test_what_is_learned(project: Path, name: str, status: ExitCode) -> None:
    assert measure("baseline", "--measure", "convergence") == ExitCode.OK
    change(project, name)
    measured = measure("run", "--measure", "convergence")
    assert measured == (ExitCode.FAILED if name == "an exception" else ExitCode.OK)
    assert xorbench(["gate", "run", "--baseline", "baseline"]) == status


def test_rows_and_runs_that_are_not_there(project: Path) -> None:
    """One run of two rows; then a line of it deleted, all lines deleted, the arguments swapped, another baseline."""
    shutil.copy("net.py", "other.py")
    (project / "other.py").write_text(NET.replace("default_rng(seed)", "default_rng(seed + 99)"))
    for output in ("baseline", "run"):
        command = ["run", "net.py:Net", "other.py:Net", "--seeds", "4", "--budget", "50", "--measure", "convergence"]
        assert xorbench([*command, "--quiet", "--output", output]) == ExitCode.OK
    assert xorbench(["gate", "run", "--baseline", "baseline"]) == ExitCode.OK
    assert xorbench(["gate", "baseline", "--baseline", "baseline"]) == ExitCode.USAGE
    journal = Path("run/records.jsonl")
    lines = journal.read_text().splitlines(keepends=True)
    rows = [line for line in lines if '"xorbench.record/1"' in line]
    assert len(rows) == 2
    environments = [line for line in lines if line not in rows]

    def gated(*kept: str) -> int:
        journal.write_text("".join(kept))
        return xorbench(["gate", "run", "--baseline", "baseline"])

    assert gated(*environments, rows[0]) == ExitCode.FAILED
    assert gated(*environments) == ExitCode.NOTHING
    assert gated() == ExitCode.NOTHING
    assert gated(*lines) == ExitCode.OK
    assert gated(*lines, '{"schema":"xorbench.rec') == ExitCode.OK  # torn: the line that was being written
    # The baseline of other implementations, which learn otherwise: no row of it can be told to be ours.
    baseline = Path("baseline/records.jsonl")
    text = baseline.read_text().replace("net.py", "elsewhere.py").replace("other.py", "else.py")
    baseline.write_text(text.replace('"seed":', '"seed":9'))
    assert gated(*lines) == ExitCode.NOTHING


@pytest.mark.slow
@pytest.mark.parametrize(("name", "status"), [("a comment", ExitCode.OK), ("a gradient bug", ExitCode.FAILED)])
def test_what_is_right(project: Path, name: str, status: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    assert measure("baseline", "--measure", "check") == ExitCode.OK
    change(project, name)
    measure("run", "--measure", "check")
    capsys.readouterr()
    assert xorbench(["gate", "run", "--baseline", "baseline"]) == status
    assert ("XM" in capsys.readouterr().out) == (status == ExitCode.FAILED)
