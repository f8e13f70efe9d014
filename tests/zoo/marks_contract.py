"""The measured marks of XA01 to XA09; each function asserts one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from xorbench.errors import ContractError
from xorbench.model import Capability

from .evidence import ROOT, XOR, X, build, cost, flat, kinds, train
from .twin import Twin


def breaks_on_shapes(twin: Twin) -> None:
    """A legal batch raises, or the number of answers is wrong."""

    def fails(rows: int) -> bool:
        try:
            model = build(twin)
            model.predict(np.resize(X, (rows, 2)))
            if model.can(Capability.STEP):
                model.step(np.resize(X, (rows, 2)), np.resize(XOR, rows))
        except (ContractError, ValueError, TypeError, IndexError):
            return True
        return False

    assert any(fails(rows) for rows in (1, 2, 5))


def arguments_change(twin: Twin) -> None:
    """The arrays handed in are not those that come back."""
    instance = build(twin).instance
    rows, targets = X.copy(), XOR.astype(float).reshape(-1, 1)
    if hasattr(instance, "step"):
        instance.predict(rows)
        instance.step(rows, targets)
    else:
        instance.fit(rows, targets, 3)
    assert not (np.array_equal(rows, X) and np.array_equal(targets[:, 0], XOR))


def answers_change(twin: Twin) -> None:
    """Two predictions of one batch differ."""
    model = build(twin)
    assert not np.array_equal(model.predict(X), model.predict(X))


def neighbours_matter(twin: Twin) -> None:
    """A row's answer in a batch of two is not its answer in the table."""
    assert not np.allclose(build(twin).predict(X)[:2], build(twin).predict(X[:2]), atol=1e-6)


def report_is_wrong(twin: Twin) -> None:
    """What step returns is not the declared loss, on the first step or one of the next."""
    model = build(twin)
    kind = kinds(model)[0]
    wrong = False
    for _ in range(5):
        true = cost(kind, model, X, XOR) / len(X)
        wrong |= abs((model.step(X, XOR) or 0.0) - true) > 1e-3
    assert wrong


def not_finite(twin: Twin) -> None:
    """NaN or infinity in what it answers, reports or keeps."""
    model = build(twin)
    seen = [*model.predict(X)]
    for _ in range(400):
        reported = model.step(X, XOR)
    seen += [*model.predict(X), reported, *flat(model.get_parameters())]
    assert not np.isfinite(seen).all()


def raises(twin: Twin) -> None:
    """A member raises what is no error of the contract."""
    model = build(twin)
    with pytest.raises((IndexError, NotImplementedError, AttributeError, RuntimeError)):
        for _ in range(12):
            train(model, 1)
            if model.can(Capability.GRADIENTS):
                model.gradients(X, XOR)


_CALLS = """
import importlib.util, sys, numpy as np
spec = importlib.util.spec_from_file_location("program", sys.argv[1])
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)
net = getattr(program, sys.argv[2])()
print("built", flush=True)
x, t = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0], [1], [1], [0.0]])
if hasattr(net, "step"): net.predict(x); net.step(x, t)
else: net.fit(x, t, 5); net.predict(x)
print("done", flush=True)
"""


def start_in_a_process(twin: Twin) -> subprocess.Popen[str]:
    """Build the twin in a process of its own and call its members."""
    place, attribute = twin.target.split(":")
    command = [sys.executable, "-c", _CALLS, str(ROOT / place), attribute]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def hangs_or_crashes(twin: Twin) -> None:
    """Built without harm; then it does not come back, or takes the process with it before the last line."""
    with start_in_a_process(twin) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "built\n"
        if twin.rules[0] == "XA08":
            time.sleep(0.3)
            assert process.poll() is None
            os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read()
        process.wait(10)
    assert "done" not in rest
