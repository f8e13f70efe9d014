"""A policy that is wrong says which key, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from xorbench.errors import UsageError
from xorbench.report.policy import Learning, Override, Policy, Time, read_policy


def test_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(
        """
        missing = "say"
        [rename]
        "old" = "new[a=1]"
        [learning]
        slowdown = 1.5
        at_least = 0.9
        [time]
        margin = 1.2
        required = true
        [[override]]
        target = "torch-*"
        time = { margin = 1.5 }
        """
    )
    assert read_policy(path) == Policy(
        missing="say",
        rename={"old": "new[a=1]"},
        learning=Learning(slowdown=1.5, at_least=0.9),
        time=Time(margin=1.2, required=True),
        override=(Override(target="torch-*", time={"margin": 1.5}),),
    )


def test_none_and_an_empty_file_are_the_default(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("")
    assert read_policy(path) == read_policy(None) == Policy()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("missing = 'ignore'", "missing"),
        ("[times]\nmargin = 1.1", "did you mean 'time'"),
        ("[time]\nmargins = 1.1", "did you mean 'margin'"),
        ("[time]\nmargin = 0.1", "1.1 for 10 % slower"),
        ("[time]\nmargin = 'ten'", "float"),
        ("[time]\nfloor_s = -1.0", "0 or more"),
        ("[learning]\nalpha = 1.0", "error rate"),
        ("[learning]\nslowdown = 0.5", "1 or more"),
        ("[learning]\nat_least = 1.5", "at_least"),
        ("[[override]]\ntarget = 'a'\nlearning = { slow = 1 }", "slow"),
        ("[[override]]\ntarget = 'a'\ntime = { margin = 0.5 }", "1.1 for 10 % slower"),
        ("missing = ", "no TOML"),
    ],
)
def test_a_slip_is_one_clear_sentence(tmp_path: Path, text: str, wanted: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"policy .*gate\.toml") as caught:
        read_policy(path)
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the policy"):
        read_policy(tmp_path / "no.toml")
