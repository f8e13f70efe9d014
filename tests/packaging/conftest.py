"""A wheel of this tree, built once, and a virtual environment that has it and nothing of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("xorbench", "suites", "docs/rules", "pyproject.toml", "README.md", "LICENSE")


@dataclass(frozen=True)
class Installed:
    """An environment with xorbench in it."""

    python: Path
    wheel: Path

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run its Python in `cwd`, without any path of ours."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [str(self.python), *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=150
        )


def copy_tree(to: Path) -> Path:
    """Copy what a build reads, so that it leaves nothing in the checkout."""
    for name in SHIPPED:
        source, target = ROOT / name, to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif source.exists():
            shutil.copy(source, target)
    return to


def pip(*arguments: str, python: Path | None = None) -> None:
    """Run pip; show what it said where it fails."""
    which = ["--python", str(python)] if python else []
    command = [sys.executable, "-m", "pip", "--quiet", *which, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr


def bare_environment(folder: Path) -> Path:
    """Make an environment that finds the packages of this one but not its editable or installed xorbench first."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    asked = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True
    )
    # A folder named in a .pth file is searched last, and .pth files inside it (an editable install is one) do not run.
    Path(asked.stdout.strip(), "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel as users' pip does, and install it."""
    folder = tmp_path_factory.mktemp("packaging")
    pip("wheel", "--no-deps", "--wheel-dir", str(folder / "wheel"), str(copy_tree(folder / "source")))
    [wheel] = (folder / "wheel").glob("xorbench-*.whl")
    python = bare_environment(folder / "environment")
    pip("install", "--no-deps", "--force-reinstall", str(wheel), python=python)
    return Installed(python, wheel)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that has nothing to do with the checkout, with a stranger's ten lines in it."""
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n\n\nclass Mine:\n    'Knows the answer.'\n\n"
        "    def predict(self, inputs):\n        return np.abs(inputs[:, 0] - inputs[:, 1])\n"
    )
    return tmp_path
