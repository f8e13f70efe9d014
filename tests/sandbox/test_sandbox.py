"""Whatever the stranger does: one outcome, the right one, and nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import all_gone, pids_in
from xorbench import sandbox
from xorbench.sandbox import Limits, Outcome

HERE = "tests.sandbox.strangers:"
ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(time_s=20, memory_bytes=256 << 20)
SHORT = Limits(time_s=0.5, memory_bytes=256 << 20)


def call(name: str, argument: Any = None, limits: Limits = LIMITS, **more: Any) -> Outcome:
    return sandbox.call(HERE + name, argument, limits=limits, **more)


@pytest.mark.parametrize("value", [None, 1, 1.5, "ü\n", [1, [2]], {"a": {"b": None}}, "x" * 3_000_000])
def test_a_value_comes_back_as_it_went_in(value: Any) -> None:
    outcome = call("echo", value)
    assert (outcome.kind, outcome.value) == ("ok", value)


@pytest.mark.parametrize(
    ("name", "argument", "kind", "said"),
    [
        ("segfault", None, "crashed", "SIGSEGV"),
        ("abort", None, "crashed", "SIGABRT"),
        ("leave_at_once", 3, "exited", "status 3"),
        ("leave_at_once", 0, "exited", "status 0"),
        ("leave", "why not", "exited", "sys.exit('why not')"),
        ("leave", None, "exited", "sys.exit(None)"),
        ("hog", None, "memory", "MemoryError"),
        ("hog_in_children", None, "memory", "limit 256 MiB"),
        ("return_object", None, "invalid", "returned object"),
        ("return_lambda_that_raises", None, "invalid", "returned Odd"),
        ("close_everything", None, "exited", "before it gave a result"),
        ("nonsense_on_every_descriptor", None, "invalid", "private channel"),
        ("raise_unspeakable", None, "raised", "UnspeakableError"),
        ("raise_surrogate", None, "raised", "ValueError: \\udc80"),
        ("return_surrogate", None, "invalid", "returned str"),
        ("raise_chained", None, "raised", "KeyError: 'missing'"),
        ("recurse", None, "raised", "RecursionError"),
        ("keyboard_interrupt", None, "raised", "KeyboardInterrupt"),
        ("no_such_function", None, "raised", "no_such_function"),
    ],
)
def test_a_fault_is_an_outcome(name: str, argument: Any, kind: str, said: str) -> None:
    outcome = call(name, argument)
    assert outcome.kind == kind
    assert said in outcome.detail
    assert call("echo", "next").value == "next"


@pytest.mark.parametrize("name", ["loop", "loop_in_c"])
def test_an_endless_loop_meets_its_limit(name: str) -> None:
    outcome = call(name, limits=SHORT)
    assert outcome.kind == "timeout"
    assert "0.5 s" in outcome.detail


@pytest.mark.parametrize(("name", "value"), [("close_streams", "still here"), ("return_nan", {"loss": None})])
def test_what_is_no_fault_is_none(name: str, value: Any) -> None:
    outcome = call(name)
    assert (outcome.kind, outcome.value) == ("ok", value)


def test_only_the_strangers_lines_are_in_a_traceback() -> None:
    detail = call("raise_chained").detail
    assert "strangers.py" in detail
    assert "/xorbench/sandbox/" not in detail
    assert detail.endswith("ValueError: outer")


def test_a_segfault_names_the_strangers_line() -> None:
    outcome = call("segfault")
    assert "strangers.py" in outcome.output


def test_output_is_captured_and_bounded() -> None:
    output = call("print_ends").output
    assert output.startswith("the beginning")
    assert "the end" in output
    assert output.endswith("from a shell\n")
    assert "bytes left out" in output
    assert len(output) < 20_000


def test_output_without_end_disturbs_nothing() -> None:
    outcome = call("chatter", 0.5)
    assert (outcome.kind, outcome.value) == ("ok", "quiet")
    assert len(outcome.output) < 20_000


def test_a_forked_copy_does_not_speak_twice() -> None:
    assert call("fork_and_return").kind == "ok"
    assert call("echo", 1).value == 1


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [("grandchild", "ok", 1), ("fifty_children", "ok", 50), ("grandchild_and_loop", "timeout", 2)],
)
def test_nothing_is_left_running(name: str, kind: str, count: int, tmp_path: Path) -> None:
    path = str(tmp_path / "pids")
    outcome = call(name, path, limits=Limits(time_s=1.5))
    assert outcome.kind == kind
    # Dead before the call returned, not a moment later.
    assert all_gone(pids_in(path, count), within_s=0)


def test_messages_come_in_order_and_at_once() -> None:
    seen: list[tuple[Any, float]] = []
    outcome = call("spread_messages", on_message=lambda message: seen.append((message, time.monotonic())))
    assert outcome.value == "done"
    assert [message for message, _ in seen] == ["alive"] * 6
    assert seen[-1][1] - seen[0][1] > 1.0  # five pauses of a quarter second lie between them
    numbers: list[Any] = []
    call("talk", 100, on_message=numbers.append)
    assert numbers == [{"number": number} for number in range(100)]


def test_the_clock_restarts_at_each_message_where_asked() -> None:
    assert call("spread_messages", limits=Limits(time_s=1.0)).kind == "timeout"
    assert call("spread_messages", limits=Limits(time_s=1.0, per_message=True)).kind == "ok"


def test_an_error_of_the_listener_ends_the_child(tmp_path: Path) -> None:
    def refuse(message: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call("talk_and_sleep", str(tmp_path / "pids"), on_message=refuse)
    assert all_gone(pids_in(tmp_path / "pids"))
    assert call("echo", 1).value == 1


def test_the_childs_surroundings_are_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("echo", None)  # the template is older than what follows
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XORBENCH_TEST", "ü")
    monkeypatch.syspath_prepend(str(ROOT))
    about = call("about").value
    assert about["folder"] == str(tmp_path)
    assert about["variable"] == "ü"
    assert about["session"]
    assert about["modules"] == []
    assert about["stdin"] == ""
    assert call("about", folder="/").value["folder"] == "/"


def test_a_folder_that_is_gone_is_an_outcome(tmp_path: Path) -> None:
    outcome = call("about", folder=str(tmp_path / "gone"))
    assert outcome.kind == "exited"
    assert "gone" in outcome.output


def test_a_killed_supervisor_takes_its_child_along(tmp_path: Path) -> None:
    path = str(tmp_path / "pids")
    outcome = call("kill_supervisor", path)
    assert outcome.kind == "crashed"
    assert all_gone(pids_in(path))
    assert call("echo", 1).value == 1


def test_a_stopped_supervisor_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("xorbench.sandbox.client.GRACE_S", 0.5)
    path = str(tmp_path / "pids")
    assert call("stop_supervisor", path, limits=SHORT).kind == "timeout"
    assert all_gone(pids_in(path, 2))


def test_many_threads_call_at_once() -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda n=n: found.append(call("echo", n).value)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(16))


def test_shutdown_now_ends_the_calls_of_other_threads(tmp_path: Path) -> None:
    found: list[Outcome] = []
    path = str(tmp_path / "pids")
    thread = threading.Thread(target=lambda: found.append(call("grandchild_and_loop", path, Limits())))
    thread.start()
    pids = pids_in(path, 2)
    sandbox.shutdown(now=True)
    thread.join(10)
    assert found[0].kind == "crashed"
    assert all_gone(pids)
    assert call("echo", 1).value == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_killed_caller(number: int, tmp_path: Path) -> None:
    path = tmp_path / "pids"
    code = (
        "from xorbench.sandbox import *; "
        f"call('{HERE}grandchild_and_loop', {str(path)!r}, limits=Limits(time_s=60), torch=False)"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    pids = pids_in(path, 2)
    family = _family(caller.pid)
    assert set(pids) < set(family)
    caller.send_signal(number)
    caller.wait()
    assert all_gone(family)


def test_a_fork_of_the_caller_starts_with_nothing(tmp_path: Path) -> None:
    code = (
        "import os\nfrom xorbench.sandbox import *\n"
        f"def value(n): return call('{HERE}echo', n, limits=Limits(), torch=False).value\n"
        "assert value(1) == 1\n"
        "pid = os.fork()\n"
        "assert value(2) == 2\n"
        "if pid == 0: os._exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0\n"
        "assert value(3) == 3\n"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_calls_work_from_a_daemonic_process() -> None:
    code = (
        "import multiprocessing as mp\nfrom xorbench.sandbox import *\n"
        "def work(queue):\n"
        f"    queue.put(call('{HERE}echo', 5, limits=Limits(), torch=False).value)\n"
        "if __name__ == '__main__':\n"
        "    context = mp.get_context('fork')\n"
        "    queue = context.SimpleQueue()\n"
        "    process = context.Process(target=work, args=(queue,), daemon=True)\n"
        "    process.start(); process.join(30)\n"
        "    assert queue.get() == 5\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_torch_is_there_when_it_is_needed_and_not_otherwise() -> None:
    pytest.importorskip("torch", reason="the torch extra is not installed")
    assert call("about", torch=True).value["modules"] == ["torch"]
    assert call("about", torch=False).value["modules"] == []


def test_memory_is_counted_beyond_the_warm_interpreter() -> None:
    torch = sandbox.client.needs_torch("torch-mlp")
    for warm in {False, torch}:
        assert call("take_memory", 64, torch=warm).kind == "ok"
        assert call("take_memory", 300, torch=warm).kind == "memory"


def test_what_needs_torch_is_guessed_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="the torch extra is not installed")
    (tmp_path / "with_torch.py").write_text("import torch\nraise SystemExit\n")
    (tmp_path / "without.py").write_text("raise SystemExit\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    guess = sandbox.client.needs_torch
    assert guess("torch-mlp[hidden=3]")
    assert guess("with_torch:Net")
    assert guess(f"{tmp_path}/with_torch.py:Net[a=1]")
    for target in ("numpy-mlp", "without:Net", f"{tmp_path}/without.py:Net", f"{tmp_path}/none.py:Net", "none:Net", ""):
        assert not guess(target)


def _family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
            found += _family(int(child))
    return found


def test_only_modules_of_ours_are_preloaded() -> None:
    outcome = call("loaded", ["xorbench.measure.training", "tests.study.strangers"], preload=[
        "xorbench.measure.training", "tests.study.strangers", "xorbench.no_such_module",
    ])  # fmt: skip
    assert outcome.value == ["xorbench.measure.training"]
