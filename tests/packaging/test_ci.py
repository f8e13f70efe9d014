"""`.ci/run` with a tox that plays: its status, its last lines, and that nothing is left running."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

if shutil.which("bash") is None or not Path("/proc/self/environ").exists():
    pytest.skip("needs bash and /proc", allow_module_level=True)

TOX = """#!/bin/bash
echo "tests: commands[0]> pytest"
line='812 passed\\033[0m, 3 skipped in 61.20s (0:01:01)'
printf "\\033[32m=================== \\033[1m$line ===================\\033[0m\\n"
echo "=== not a closing line ==="
echo "============ 1 failed, 40 passed in 3.10s ============"
setsid sleep 300 >/dev/null 2>&1 &
echo $! > left_running
echo "  tests: FAIL code 1"
exit {status}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("chromium", "chromedriver"):
        (programs / name).write_text("#!/bin/sh\n")
    (programs / "python3").write_text(
        '#!/bin/sh\n[ "$*" = "-m venv .venv" ] || exit 9\nmkdir -p .venv/bin\ncp play/* .venv/bin/\n'
    )
    (tmp_path / "play").mkdir()
    (tmp_path / "play" / "pip").write_text('#!/bin/sh\n[ "$*" = "install tox" ] || exit 8\n')
    for path in (*programs.iterdir(), tmp_path / "play" / "pip"):
        path.chmod(0o755)
    return tmp_path


def run(checkout: Path, status: int) -> subprocess.CompletedProcess[str]:
    tox = checkout / "play" / "tox"
    tox.write_text(TOX.replace("{status}", str(status)))
    tox.chmod(0o755)
    environment = {**os.environ, "PATH": f"{checkout}/programs{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", ".ci/run"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("status", [0, 1, 255])
def test_it_ends_with_tox_s_status_and_pytest_s_closing_lines(checkout: Path, status: int) -> None:
    done = run(checkout, status)
    assert done.returncode == status
    assert done.stdout.splitlines()[-3:] == [
        "pytest's closing lines:",
        "=================== 812 passed, 3 skipped in 61.20s (0:01:01) ===================",
        "============ 1 failed, 40 passed in 3.10s ============",
    ]


def test_nothing_is_left_running(checkout: Path) -> None:
    run(checkout, 0)
    process = (checkout / "left_running").read_text().strip()
    for _ in range(50):
        status = Path(f"/proc/{process}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.1)
    pytest.fail(f"process {process} outlived .ci/run")


def test_a_step_before_tox_that_fails_fails_it(checkout: Path) -> None:
    (checkout / "play" / "pip").write_text("#!/bin/sh\nexit 7\n")
    assert run(checkout, 0).returncode == 7


def test_it_is_executable() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_tox_runs_the_suites_on_every_built_in() -> None:
    from xorbench.implementations import BUILT_IN

    named = re.findall(r"--implementation (\S+)", (ROOT / "tox.ini").read_text(encoding="utf-8"))
    assert named == [entry.name for entry in BUILT_IN]
