"""``xorbench run`` and ``xorbench list`` as a user meets them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.study.conftest import ROOT, STRANGERS, records_of, xorbench
from xorbench.commands.run import parse_seeds
from xorbench.errors import ExitCode, UsageError
from xorbench.records import CheckOutcome, Convergence, Environment, Portrait, Record, Timings
from xorbench.study.journal import FILE, Journal

QUICK = ("--seeds", "2", "--budget", "5", "--executor", "local:2")


def test_a_strangers_class_runs_beside_a_built_in_one(tmp_path: Path) -> None:
    file = tmp_path / "mynet.py"
    file.write_text(
        "import numpy as np\n\nclass MyNet:\n    def __init__(self):\n        self.w = np.zeros(2)\n\n"
        "    def predict(self, inputs):\n        return inputs @ self.w\n\n"
        "    def step(self, inputs, targets):\n"
        "        self.w += 0.1 * (targets[:, 0] - self.predict(inputs)) @ inputs\n"
    )
    folder = tmp_path / "out"
    kinds = ("--measure", "convergence", "--measure", "timing", "--measure", "portrait", "--measure", "spectrum")
    ran = xorbench("run", f"{file}:MyNet", "numpy-mlp", *kinds, *QUICK, "--output", str(folder))
    assert ran.status == ExitCode.OK, ran.err
    records = records_of(folder)
    assert {type(record.result) for record in records} == {Convergence, Timings, Portrait}
    assert {record.outcome for record in records} == {"ok"}
    assert str(file)[:60] in ran.out  # a table cuts a long name short
    for name in ("comparison.md", "comparison.csv", "comparison.html"):
        assert "MyNet" in (folder / name).read_text()
    # One line per finished cell, and what remains.
    assert f"[{len(records)}/{len(records)}]" in ran.err
    assert " left" in ran.err


def test_a_check_is_a_cell_like_any_other(tmp_path: Path) -> None:
    pytest.importorskip("xorbench.verify.check", reason="the judge is not there")
    ran = xorbench("run", "if-else", "--measure", "check", *QUICK, "--output", str(tmp_path))
    assert ran.status == ExitCode.OK, ran.err
    (record,) = records_of(tmp_path)
    assert isinstance(record.result, CheckOutcome)
    assert record.result.result.target == "if-else"


def test_quiet_says_nothing_but_the_tables(tmp_path: Path) -> None:
    ran = xorbench("run", "if-else", "--measure", "convergence", "--quiet", *QUICK, "--output", str(tmp_path))
    assert ran.err == ""
    assert "if-else" in ran.out


def test_fresh_begins_anew_and_keeps_the_old(tmp_path: Path) -> None:
    arguments = ("run", "if-else", "--measure", "convergence", *QUICK, "--output", str(tmp_path))
    assert xorbench(*arguments).status == ExitCode.OK
    assert "1 cell measured before: skipped" in xorbench(*arguments).err
    fresh = xorbench(*arguments, "--fresh")
    assert "records.1.jsonl" in fresh.err
    assert "skipped" not in fresh.err
    assert len(records_of(tmp_path)) == 1


def test_a_torn_line_is_measured_again(tmp_path: Path) -> None:
    arguments = ("run", STRANGERS + "Right", "--measure", "convergence", "--seeds", "10", "--output", str(tmp_path))
    assert xorbench(*arguments, "--quiet").status == ExitCode.OK
    whole = records_of(tmp_path)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-20])
    ran = xorbench(*arguments)
    assert "1 cell measured before" in ran.err
    assert "torn line" in ran.err
    assert {record.id for record in records_of(tmp_path)} == {record.id for record in whole}


def test_failed_cells_are_measured_again_where_asked(tmp_path: Path) -> None:
    arguments = ("run", STRANGERS + "Leave", "--measure", "convergence", *QUICK, "--output", str(tmp_path))
    first = xorbench(*arguments)
    assert first.status == ExitCode.FAILED
    assert "sys.exit('enough')" in first.err
    assert xorbench(*arguments).status == ExitCode.FAILED  # still so, and not run again
    assert len(records_of(tmp_path)) == 1
    assert xorbench(*arguments, "--retry-failed").status == ExitCode.FAILED
    assert len(records_of(tmp_path)) == 2


def test_what_a_failing_cell_printed_is_shown(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(
        "class Net:\n    def predict(self, inputs):\n        print('my last words')\n        raise KeyError('lost')\n"
    )
    ran = xorbench("run", f"{tmp_path}/loud.py:Net", "--measure", "timing", *QUICK, "--output", str(tmp_path / "out"))
    assert ran.status == ExitCode.FAILED
    assert "my last words" in ran.err
    assert "KeyError: 'lost'" in ran.err


def test_a_device_that_is_not_there_is_a_row_that_says_so(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the torch extra is not installed")
    if torch.cuda.device_count() > 9:
        pytest.skip("ten GPUs are here")
    ran = xorbench(
        "run", "torch-mlp", "--device", "cuda:9", "--measure", "convergence", *QUICK, "--output", str(tmp_path)
    )
    assert ran.status == ExitCode.NOTHING, ran.err
    (record,) = records_of(tmp_path)
    assert (record.outcome, record.result) == ("unavailable", None)
    assert "cuda:9" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "xorr"], "did you mean 'xor'"),
        (["--device", "gpu"], "choose from cpu, cuda"),
        (["nunpy-mlp"], "did you mean 'numpy-mlp'"),
        (["numpy-mlp[hiden=4]"], "did you mean 'hidden'"),
        (["none.py:Net"], "there is no file none.py"),
        (["tests/study/strangers.py:Wrong"], "has no 'Wrong'"),
        (["if-else", "--budget", "0"], "budget 0"),
        (["if-else", "--budget", "many"], "not a valid integer"),
        (["if-else", "--seeds", "0"], "no seeds"),
        (["if-else", "--seeds", "3-1"], "smallest first"),
        (["if-else", "--seeds", "a"], "'a' is no seed"),
        (["if-else", "--time-limit", "-1"], "0, for none"),
        (["if-else", "--executor", "lokal"], "did you mean 'local'"),
        (["if-else", "--output", "/proc/none"], "cannot be written"),
        (["if-else", "--measure", "speed"], "'speed' is not one of"),
        (["if-else", "--seed", "3"], "--seeds"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_4(arguments: list[str], said: str, tmp_path: Path) -> None:
    output = [] if "--output" in arguments else ["--output", str(tmp_path / "out")]
    ran = xorbench("run", *arguments, *output)
    assert ran.status == ExitCode.USAGE, ran
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_the_seeds_that_a_text_names() -> None:
    assert parse_seeds("3") == (0, 1, 2)
    assert parse_seeds("0") == ()
    assert parse_seeds("2-4") == (2, 3, 4)
    assert parse_seeds("7, 1-2,7") == (7, 1, 2)
    for text in ("", "a", "1-", "-1", "1,,2", "5-3", "0-99999999"):
        with pytest.raises(UsageError, match="seeds"):
            parse_seeds(text)


def test_machines_stand_apart_in_every_table(tmp_path: Path) -> None:
    """Records of two machines in one journal: two groups, and nothing pooled."""
    from xorbench import report

    arguments = ("run", "perceptron", "--measure", "convergence", *QUICK, "--quiet", "--output", str(tmp_path))
    assert xorbench(*arguments).status == ExitCode.OK
    (record,) = records_of(tmp_path)
    with Journal(tmp_path) as journal:
        (here,) = journal.environments
        there = Environment(id="elsewhere", machine="another", facts={"cpu_model": "Another CPU"})
        import msgspec

        moved: Record = msgspec.structs.replace(record, environment=there.id)
        journal.append(moved, there)
        records, environments = list(journal.records), list(journal.environments)
    assert here.machine != there.machine
    text = report.terminal_tables(records, environments)
    assert "Another CPU" in text
    assert text.count("0/2") == 2  # two seeds each, not four together
    assert text.count("0/4") == 0


def test_list_names_all_and_imports_none_of_it() -> None:
    ran = xorbench("list")
    assert ran.status == ExitCode.OK
    for name in ("numpy-mlp", "perceptron", "xor-bipolar", "parity-N", "xnor", "provably never learns"):
        assert name in ran.out
    names = xorbench("list", "--implementations").out.split()
    assert {"if-else", "numpy-mlp"} <= set(names)
    assert "xor" in xorbench("list", "--tasks").out.split()
    code = (
        "import sys; from xorbench.cli import run; run(['list']); run(['run', '--help']); "
        "heavy = {'numpy', 'pandas', 'torch', 'scipy', 'hypothesis'} & set(sys.modules); sys.exit(str(heavy or ''))"
    )
    ran_apart = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran_apart.stderr.strip() == ""


def test_list_says_what_is_missing_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    hidden = ("torch", "distributed")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name in hidden else find(name, *more))
    out = xorbench("list").out
    assert "needs torch, which is not installed; run: pip install 'xorbench[torch]'" in out
    assert "missing; run: pip install 'xorbench[cluster]'" in out


def test_an_interrupt_while_targets_are_looked_at(tmp_path: Path) -> None:
    """The plan waits for an import of 30 s; Ctrl-C does not."""
    import signal
    import time

    run = subprocess.Popen(
        [sys.executable, "-m", "xorbench", "run", "tests/study/slow_import.py:Net", "--output", str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(2)
    started = time.monotonic()
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert time.monotonic() - started < 15
    assert run.returncode == ExitCode.INTERRUPTED, err
    assert "Traceback" not in err


def test_a_targets_own_name_is_in_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "odd_0f.py").write_text("class OddError(Exception): pass\ndef net(): raise OddError('x')\n")
    ran = xorbench("run", f"{tmp_path}/odd_0f.py:net", "--measure", "timing", "--output", str(tmp_path / "out"))
    (record,) = records_of(tmp_path / "out")
    assert record.detail.endswith("\nodd_0f.OddError: x"), record.detail
    assert ran.status == ExitCode.FAILED
