"""Provenance: facts that are there, an identity that depends on nothing else, and no secrets of the host."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import msgspec
import numpy as np
import pytest

from xorbench.environment import describe
from xorbench.records import Environment
from xorbench.study.work import environment_of


def test_the_facts_are_those_of_this_machine() -> None:
    found = describe()
    assert found.facts["cpu_count"] == os.cpu_count()
    assert found.facts["packages"]["numpy"] == np.__version__
    assert platform.python_version() in found.facts["python_version"]
    assert found.facts["blas"], "NumPy has a BLAS"
    assert "device" not in found.facts
    assert msgspec.json.decode(msgspec.json.encode(found), type=Environment) == found


def test_two_looks_agree_and_the_host_is_not_named() -> None:
    first, second = describe(), describe()
    assert first == second
    assert platform.node() not in msgspec.json.encode(first).decode()


def test_what_changes_results_changes_the_identity_and_not_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = describe()
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    after = describe()
    assert before.id != after.id
    assert before.machine == after.machine
    monkeypatch.setattr(platform, "node", lambda: "another host")
    assert describe().machine != before.machine


def test_the_commit_is_that_of_the_project_around_it(tmp_path: Path) -> None:
    assert "commit" not in describe(folder=tmp_path).facts

    def git(*arguments: str) -> str:
        about = ["-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
        return subprocess.run(["git", *about, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "net.py").write_text("1")
    git("add", "net.py")
    git("commit", "-qm", "first")
    (tmp_path / "below").mkdir()
    (tmp_path / "records.jsonl").write_text("untracked: what a run writes makes nothing dirty")
    facts = describe(folder=tmp_path / "below").facts
    assert (facts["commit"], facts["commit_dirty"]) == (git("rev-parse", "HEAD"), False)
    (tmp_path / "net.py").write_text("2")
    assert describe(folder=tmp_path).facts["commit_dirty"] is True


def test_cells_are_described_as_their_children_are(tmp_path: Path) -> None:
    found = environment_of("cpu", str(tmp_path))
    assert found.facts["variables"]["OMP_NUM_THREADS"] == os.environ.get("OMP_NUM_THREADS", "1")
    assert found.facts["variables"]["CUDA_VISIBLE_DEVICES"] == ""
