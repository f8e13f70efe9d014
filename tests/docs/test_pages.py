"""What is written down is run: every block of the README and of the pages in docs/."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import Block, blocks, unlike
from tests.packaging.conftest import bare_environment

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "rules" not in page.relative_to(ROOT).parts),
]
#: What a reader types is run; these kinds are data or pictures of text.
READ = {"python", "sh", "text", "toml", "json", "yaml"}
#: Pages whose blocks are run by tests of their own, since they need a repository or another machine around them.
ELSEWHERE = {"docs/how-to/ci.md": "tests/gate/test_ci.py", "docs/reproductions.md": "tests/reproductions"}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `xorbench`, `pytest` and `python3` of this very environment, installed or not."""
    folder = tmp_path_factory.mktemp("programs")
    for name, start in {"xorbench": " -m xorbench", "pytest": " -m pytest", "python3": "", "python": ""}.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}"{start} "$@"\n')
        path.chmod(0o755)
    return folder


class Page:
    """Runs the blocks of one page in its folder."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.printed: str | None = ""  # by the last `sh` block; None where that was left out
        self.skipped: list[str] = []
        self.environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "120",
            "OMP_NUM_THREADS": "1",
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
        }

    def run(self, block: Block) -> None:
        """Run one block; an assertion says where it is and what it printed."""
        missing = [name for name in block.options.get("needs", "").split(",") if name and not _there(name)]
        if missing:
            self.skipped.append(f"{block} needs {', '.join(missing)}")
            self.printed = None
            return
        if "file" in block.options:
            path = self.folder / block.options["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body)
            if block.language == "python":
                ast.parse(block.body)
            return
        handler = getattr(self, f"_{block.language or 'nothing'}", None)
        if handler is not None:
            handler(block)

    def _python(self, block: Block) -> None:
        exec(compile("\n" * block.line + block.body, str(block.page), "exec"), self.namespace)

    def _sh(self, block: Block) -> None:
        if "tox" in block.options:  # the line that runs this test; CI runs it, and another test says so
            return
        folder, environment = self.folder, self.environment
        if "checkout" in block.options:
            folder, environment = self._checkout(), {**environment, "PYTHONPATH": ""}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.body],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
        )
        self.printed = done.stdout
        wanted = int(block.options.get("exit", "0"))
        assert done.returncode == wanted, f"{block} ended with {done.returncode}, not {wanted}:\n{done.stdout}"

    def _text(self, block: Block) -> None:
        if "as-is" in block.options or self.printed is None:  # a drawing, or a page that is made from what it shows
            return
        line = unlike(block.body, self.printed)
        assert line is None, f"{block}: the line\n{line}\nis not in what was printed:\n{self.printed}"

    def _toml(self, block: Block) -> None:
        tomllib.loads(block.body)

    def _json(self, block: Block) -> None:
        json.loads(block.body)

    def _checkout(self) -> Path:
        """Return a copy of the tree whose `.venv` finds the packages that are here, so that nothing is downloaded."""
        copy = self.folder / "checkout"
        if not copy.exists():
            shutil.copytree(
                ROOT,
                copy,
                ignore=shutil.ignore_patterns(".git", ".*", "__pycache__", "reports", "tests", "build", "*.egg-info"),
            )
            python = bare_environment(copy / ".venv")
            # A venv that finds a pip elsewhere is given none of its own.
            pip = python.with_name("pip")
            pip.write_text(f'#!/bin/sh\nexec "{python}" -m pip "$@"\n')
            pip.chmod(0o755)
        return copy


def _there(name: str) -> bool:
    if name == "cuda":
        return _there("torch") and bool(__import__("torch").cuda.is_available())
    return importlib.util.find_spec(name) is not None or shutil.which(name) is not None


@pytest.fixture
def page(tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    yield Page(tmp_path, programs)
    for name in set(sys.modules) - before:  # a page's own modules must not be found by another page
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


def _elsewhere(path: Path) -> str:
    return ELSEWHERE.get(path.relative_to(ROOT).as_posix(), "")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_block_does_what_it_says(path: Path, page: Page) -> None:
    if _elsewhere(path):
        pytest.skip(f"run by {_elsewhere(path)}")
    for block in blocks(path):
        page.run(block)
    if page.skipped:
        pytest.skip("; ".join(page.skipped))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_block_is_of_a_kind_that_is_not_run(path: Path) -> None:
    kinds = READ | ({"console"} if _elsewhere(path) else set())
    assert [str(block) for block in blocks(path) if block.language not in kinds] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    """Relative links and pictures are there, and so are the headings that are linked to."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, heading = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        lost = bool(heading) and target.suffix == ".md" and target.exists() and heading not in _anchors(target)
        if lost or not target.exists():
            broken.append(link)
    assert broken == []


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_and_ci_say_the_same_lines() -> None:
    """A person pastes the README's lines, CI runs them; there is one spelling of each."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    make = "python3 -m venv .venv && .venv/bin/pip install"
    tests = f"{make} tox && .venv/bin/tox"
    for line in (f"{make} -c constraints.txt '.[torch]' && .venv/bin/xorbench run", tests):
        assert f"\n{line}\n" in readme
    assert tests in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
