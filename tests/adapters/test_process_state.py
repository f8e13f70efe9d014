"""What an adapted target leaves of the process: the environment, and how a change of it is said."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from xorbench.registry import resolve
from xorbench.verify.global_state import changed, settings

SCRIPT = """import os
assert os.environ["MPLBACKEND"]
{line}
def predict(x):
    return x[:, 0]
"""


def run(tmp_path: Path, line: str = "") -> list[str]:
    path = tmp_path / "published.py"
    path.write_text(SCRIPT.format(line=line))
    before = settings()
    resolve(str(path)).build().fit(np.zeros((1, 2)), np.array([True]), 1)
    return changed(before, settings())


def test_a_script_leaves_the_environment_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)
    assert run(tmp_path) == []
    assert "MPLBACKEND" not in os.environ


def test_a_backend_that_the_user_chose_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "svg")
    assert run(tmp_path) == []
    assert os.environ["MPLBACKEND"] == "svg"


def test_variables_that_changed_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWER", "")  # so that both are given back at the end
    monkeypatch.setenv("OLDER", "1")
    monkeypatch.delenv("NEWER")
    said = run(tmp_path, "os.environ['NEWER'] = '1'; os.environ['OLDER'] = '2'")
    assert said == ["the environment (NEWER, OLDER)"]


@pytest.mark.parametrize("name", ["KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TPU_SKIP_MDS_QUERY"])
def test_what_libraries_set_on_import_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "before")
    assert run(tmp_path, f"os.environ[{name!r}] = 'after'") == []
