"""Sizes, docstrings, public names, and words that do not belong in the tree."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess

import pytest

import xorbench
from tests.architecture.floors import ROOT, sources, tree

#: Modules longer than 400 lines, each with the reason why it is still one noun.
LONG: dict[str, str] = {}


def test_modules_are_a_screen_or_two() -> None:
    lines = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in sources().items()}
    long = {module: count for module, count in lines.items() if count > 400 and module not in LONG}
    assert long == {}
    assert statistics.median(lines.values()) <= 180


def test_reasons_for_long_modules_are_still_needed() -> None:
    assert [module for module in LONG if len(sources()[module].read_text().splitlines()) <= 400] == []


def _undocumented(module: str) -> list[str]:
    """Return the public things without a docstring.

    A method of one statement tells all by its name and types, and one that implements a protocol of its module is
    documented there.
    """
    path = sources()[module]
    missing = [] if ast.get_docstring(tree(path)) else [module]
    documented = {
        node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
    }

    def look(body: list[ast.stmt], prefix: str, *, methods: bool) -> None:
        for node in body:
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) or node.name.startswith("_"):
                continue
            excused = (
                methods and not isinstance(node, ast.ClassDef) and (len(node.body) == 1 or node.name in documented)
            )
            if not ast.get_docstring(node) and not excused:
                missing.append(f"{prefix}.{node.name}")
            if isinstance(node, ast.ClassDef):
                look(node.body, f"{prefix}.{node.name}", methods=True)

    look(tree(path).body, module, methods=False)
    return missing


@pytest.mark.parametrize("module", sorted(sources()))
def test_public_things_say_what_they_are(module: str) -> None:
    assert _undocumented(module) == []


def test_public_names_exist_and_the_two_lists_of_them_agree() -> None:
    for name in xorbench._PUBLIC:
        assert getattr(xorbench, name).__module__ == xorbench._PUBLIC[name], name
    assert set(xorbench._PUBLIC) <= set(dir(xorbench))
    [block] = [
        node
        for node in tree(ROOT / "xorbench" / "__init__.py").body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    for_types = {
        alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert for_types == xorbench._PUBLIC


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'resolv'"):
        _ = xorbench.resolv


def _tracked() -> list[str]:
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git checkout")
    return listed.stdout.splitlines()


def test_no_file_names_a_path_of_one_machine() -> None:
    """Whoever clones this has other folders; committed reports say what machine they come from, and no more."""
    pattern = re.compile(rb"/(work|opt/dev|opt/wheels|opt/pypi|root)/")
    guilty = []
    for name in _tracked():
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".jpg"} and name != "tests/architecture/test_house.py":
            guilty += [name] if pattern.search(path.read_bytes()) else []
    assert guilty == []
