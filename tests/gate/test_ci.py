"""The action and the snippets of the documentation, run as far as that goes without their servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.gate.runs import comparison, ratio, record, runs, written
from xorbench.errors import ExitCode
from xorbench.report.policy import Learning, Policy, Time, read_policy

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / "action.yml"
GUIDE = ROOT / "docs" / "how-to" / "ci.md"
NET = """
class Net:
    loss_kind = "mse"
    def __init__(self, seed=0):
        self.right = False
    def predict(self, inputs):
        return (inputs[:, 0] != inputs[:, 1]) if self.right else inputs[:, 0] * 0
    def step(self, inputs, targets):
        self.right = {learns}
        return 0.25
"""


@pytest.fixture
def yaml() -> Any:
    return pytest.importorskip("yaml", reason="PyYAML comes with the cluster extra")


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A checkout with a network, and commands of the names that a job finds."""
    for name, learns in (("net.py", True), ("broken.py", False)):
        (tmp_path / name).write_text(NET.format(learns=learns))
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "xorbench").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m xorbench "$@"\n')
    (tools / "python").write_text('#!/bin/sh\necho "$@" >> installed.txt\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    return tmp_path


def bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    # The environment of a child of ours: coverage, warnings and GitHub's own variables stay out of it.
    environment = {
        "PATH": f"{folder / 'tools'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        **variables,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def act(action: dict[str, Any], folder: Path, **inputs: str) -> tuple[int, str]:
    """Run the steps of a composite action as a runner would; return the status and what was printed."""
    given = {name: about.get("default", "") for name, about in action["inputs"].items()} | inputs
    printed = ""
    for step in action["runs"]["steps"]:
        assert step["shell"] == "bash"
        condition = step.get("if", "")
        if condition and not all(given[name] for name in re.findall(r"inputs\.([\w-]+) != ''", condition)):
            continue
        variables = {
            name: re.sub(
                r"\$\{\{ (\w+)\.([\w-]+) \}\}",
                lambda found: given[found[2]] if found[1] == "inputs" else str(ROOT),
                value,
            )
            for name, value in step["env"].items()
        }
        done = bash(
            step["run"],
            folder,
            GITHUB_STEP_SUMMARY=str(folder / "summary.md"),
            GITHUB_OUTPUT=str(folder / "output"),
            **variables,
        )
        printed += done.stdout + done.stderr
        if done.returncode:
            return done.returncode, printed
    return 0, printed


def test_the_action_is_a_composite_action_whose_scripts_hold_no_input(yaml: Any) -> None:
    action = yaml.safe_load(ACTION.read_text())
    assert action["runs"]["using"] == "composite"
    assert action["outputs"]["status"]["value"] == "${{ steps.gate.outputs.status }}"
    used: set[str] = set()
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
        used |= set(re.findall(r"inputs\.([\w-]+)", str(step)))
        checked = subprocess.run(["bash", "-n", "-c", step["run"]], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
    assert used == set(action["inputs"])


def test_the_action_passes_fails_and_lets_through_what_cannot_be_told(yaml: Any, job: Path) -> None:
    action = yaml.safe_load(ACTION.read_text())
    measured = "--seeds 6 --budget 5 --measure convergence --quiet"
    made = bash(f"xorbench run net.py:Net {measured} --output baseline", job)
    assert made.returncode == 0, made.stderr

    status, printed = act(action, job, targets="net.py:Net", arguments=measured, baseline="baseline", output="run")
    assert status == 0, printed
    assert (job / "installed.txt").read_text() == f"-m pip install {ROOT}\n"
    assert "gate passed" in (job / "summary.md").read_text()
    assert (job / "run" / "gate.xml").exists()
    assert (job / "output").read_text() == "status=0\n"

    # The same name, another network: it learns nothing any more.
    (job / "net.py").write_text((job / "broken.py").read_text())
    status, printed = act(action, job, targets="net.py:Net", arguments=measured, baseline="baseline", output="worse")
    assert status == ExitCode.FAILED, printed
    assert "::error title=xorbench%3A net.py%3ANet on xor::learning: learns worse" in printed

    status, printed = act(action, job, targets="net.py:Nett", arguments=measured, baseline="baseline", output="slip")
    assert status == ExitCode.USAGE
    assert "did you mean 'Net'" in printed


@pytest.mark.parametrize(("inconclusive", "status"), [("pass", 0), ("fail", ExitCode.INCONCLUSIVE)])
def test_the_last_step_makes_of_inconclusive_what_was_asked(
    yaml: Any, job: Path, inconclusive: str, status: int
) -> None:
    import msgspec

    action = yaml.safe_load(ACTION.read_text())
    action["runs"]["steps"] = [step for step in action["runs"]["steps"] if step["name"] == "Gate"]
    written(job / "baseline", record("net", runs([5] * 20)))
    written(job / "run", record("net", runs([5] * 20), day=2))
    (job / "run" / "comparison.json").write_bytes(msgspec.json.encode(comparison(ratio(1.0, width=0.5))))
    found, printed = act(action, job, baseline="baseline", output="run", inconclusive=inconclusive)
    assert found == status, printed
    assert (job / "output").read_text() == "status=6\n"
    assert "::warning" in printed


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)


def test_the_gitlab_job_runs(yaml: Any, job: Path) -> None:
    (snippet,) = [block for block in map(yaml.safe_load, blocks("yaml")) if "xorbench" in block]
    work = snippet["xorbench"]
    assert work["allow_failure"] == {"exit_codes": [int(ExitCode.INCONCLUSIVE)]}
    assert work["artifacts"]["reports"]["junit"] == "gate.xml"
    install, *rest = [
        line.replace("--seeds 50", "--seeds 6 --budget 5 --measure convergence --quiet") for line in work["script"]
    ]
    assert install == "pip install xorbench"
    assert bash(rest[0].replace("--output run", "--output reports/baseline"), job).returncode == 0
    done = bash("\n".join(rest), job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (job / "gate.xml").exists()


def test_the_github_job_uses_inputs_that_the_action_has(yaml: Any) -> None:
    (snippet,) = [block for block in map(yaml.safe_load, blocks("yaml")) if "jobs" in block]
    (step,) = [step for step in snippet["jobs"]["gate"]["steps"] if "xorbench" in step["uses"]]
    action = yaml.safe_load(ACTION.read_text())
    assert set(step["with"]) <= set(action["inputs"])
    assert {name for name, about in action["inputs"].items() if about.get("required")} <= set(step["with"])


def test_the_policy_of_the_guide_is_the_default_where_it_says_so(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    path = tmp_path / "gate.toml"
    path.write_text(text)
    policy = read_policy(path)
    assert (policy.missing, policy.learning, policy.time) == (Policy().missing, Learning(), Time())
    assert policy.learning_of("net.py:Net", "xor", "cpu").at_least == 0.95
    assert set(tomllib.loads(text)) == set(Policy.__struct_fields__)


def test_the_statuses_of_the_guide_are_those_of_the_program() -> None:
    told = {int(number) for number in re.findall(r"^\| (\d) \|", GUIDE.read_text(), flags=re.MULTILINE)}
    assert told == {ExitCode.OK, ExitCode.FAILED, ExitCode.USAGE, ExitCode.NOTHING, ExitCode.INCONCLUSIVE}
