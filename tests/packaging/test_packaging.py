"""The wheel, the editable install and the bare checkout all have the same things in them and work."""

from __future__ import annotations

import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT, Installed, bare_environment, copy_tree, pip

# One process builds the wheel and runs all that needs it.
pytestmark = pytest.mark.xdist_group("packaging")

WHERE = "import xorbench, xorbench.suites, xorbench.docs.rules, importlib.resources as r; "
PAGES = "print(sorted(p.name for p in r.files('xorbench.docs.rules').iterdir() if p.name.endswith('.md')))"


def configuration() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_package_is_listed() -> None:
    """The list is explicit, since two packages lie outside the package; a forgotten one would not be shipped."""
    listed = set(configuration()["tool"]["setuptools"]["packages"])
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "xorbench").rglob("__init__.py")}
    below = {
        ".".join(("xorbench", *path.parent.relative_to(ROOT).parts)) for path in (ROOT / "suites").rglob("__init__.py")
    }
    assert listed == there | below | {"xorbench.docs.rules"}


def test_every_file_of_the_packages_is_in_the_wheel(installed: Installed) -> None:
    shipped = set(zipfile.ZipFile(installed.wheel).namelist())
    for folder, package in (
        ("xorbench", "xorbench"),
        ("suites", "xorbench/suites"),
        ("docs/rules", "xorbench/docs/rules"),
    ):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".pyc", ".so"}:
                assert f"{package}/{path.relative_to(ROOT / folder).as_posix()}" in shipped, path
    tops = {name.split("/")[0] for name in shipped}
    assert tops == {"xorbench", f"xorbench-{configuration()['project']['version']}.dist-info"}  # no top-level `suites`


def test_the_version_is_the_same_everywhere(installed: Installed, elsewhere: Path) -> None:
    version = configuration()["project"]["version"]
    said = installed.run("-m", "xorbench", "--version", cwd=elsewhere)
    assert said.stdout.strip() == f"xorbench, version {version}"
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_wheel_runs_from_another_folder(installed: Installed, elsewhere: Path) -> None:
    where = installed.run("-c", WHERE + "print(xorbench.__file__)", cwd=elsewhere)
    assert where.returncode == 0, where.stderr
    assert str(installed.python.parent.parent) in where.stdout
    script = installed.python.parent / "xorbench"
    assert installed.run(str(script), "--help", cwd=elsewhere).returncode == 0
    listed = installed.run(str(script), "list", cwd=elsewhere)
    assert listed.returncode == 0, listed.stderr
    assert "numpy-mlp" in listed.stdout
    used = installed.run(
        "-c",
        "import xorbench; m = xorbench.resolve('mine.py:Mine').build(); x, y = xorbench.get_task('xor').table();"
        "print((m.classify(x) == y).mean())",
        cwd=elsewhere,
    )
    assert used.stdout.strip() == "1.0", used.stderr


def test_the_wheel_carries_the_suites_and_the_rule_pages(installed: Installed, elsewhere: Path) -> None:
    pages = installed.run("-c", WHERE + PAGES, cwd=elsewhere)
    assert pages.returncode == 0, pages.stderr
    assert eval(pages.stdout) == sorted(path.name for path in (ROOT / "docs" / "rules").glob("*.md"))
    ran = installed.run(
        "-m",
        "pytest",
        "--pyargs",
        "xorbench.suites",
        "--implementation",
        "mine.py:Mine",
        "-q",
        "-p",
        "no:cacheprovider",
        cwd=elsewhere,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout


def test_an_editable_install_has_everything(tmp_path: Path, elsewhere: Path) -> None:
    if Path(sysconfig.get_path("purelib"), "xorbench").is_dir():
        pytest.skip("xorbench lies among the packages of this environment, before which no editable install comes")
    source = copy_tree(tmp_path / "source")
    python = bare_environment(tmp_path / "environment")
    pip("install", "--no-deps", "--force-reinstall", "--editable", str(source), python=python)
    editable = Installed(python, source)
    where = editable.run("-c", WHERE + "print(xorbench.__file__, xorbench.suites.__file__);" + PAGES, cwd=elsewhere)
    assert where.returncode == 0, where.stderr
    files, pages = where.stdout.splitlines()
    assert files == f"{source}/xorbench/__init__.py {source}/suites/__init__.py"
    assert len(eval(pages)) == len(list((ROOT / "docs" / "rules").glob("*.md")))


def test_a_checkout_that_is_not_installed_works(tmp_path: Path) -> None:
    source = copy_tree(tmp_path / "source")
    python = bare_environment(tmp_path / "environment")
    checkout = Installed(python, source)
    listed = checkout.run("-m", "xorbench", "list", cwd=source)
    assert listed.returncode == 0, listed.stderr
    where = checkout.run("-c", WHERE + "print(xorbench.suites.__file__);" + PAGES, cwd=source)
    assert where.returncode == 0, where.stderr
    files, pages = where.stdout.splitlines()
    assert files == f"{source}/suites/__init__.py"
    assert len(eval(pages)) == len(list((ROOT / "docs" / "rules").glob("*.md")))
