"""Verify a target: every check in the sandbox, one document out.

The checks of a target share a warm child process and report one by one. Where the child hangs beyond rescue or dies, that
check is named, and the others go on in a new one without the member that did it.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from xorbench.errors import UsageError
from xorbench.records import Check, CheckResult, Finding
from xorbench.verify.folding import arrange
from xorbench.verify.outcomes import finding

#: Seconds that one check may take.
TIME_LIMIT_S = 30.0
MEMORY_LIMIT_MIB = 4096

#: A child that died this often is not started again.
_DEATHS = 3

#: Which member each check of the contract exercises first, for a process that dies without a word.
_FIRST_CALL = {
    "contract/predict-answers-every-batch": "predict",
    "contract/step-takes-every-batch": "step",
    "contract/parameters-round-trip": "set_parameters",
    "contract/outputs-follow-parameters": "set_parameters",
    "contract/hidden-has-one-row-per-input": "hidden",
    "contract/gradients-have-the-parameters-shapes": "gradients",
}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is asked to do."""

    target: str
    task: str
    seed: int
    examples: int
    device: str
    checks: tuple[str, ...]
    avoid: tuple[str, ...]
    time_limit_s: float
    path: tuple[str, ...]
    folder: str


class _Progress(msgspec.Struct):
    """What has come back so far."""

    checks: dict[str, Check] = {}
    findings: list[tuple[str, Finding]] = []  # with the id of the check
    remarks: dict[str, str] = {}
    spectrum: dict[str, float | None] = {}
    expected: dict[str, str] = {}
    current: str = ""
    usage: str = ""


def verify(
    target: str,
    *,
    task: str = "",
    examples: int = 20,
    seed: int = 0,
    device: str = "cpu",
    time_limit_s: float = TIME_LIMIT_S,
    memory_limit_mib: int | None = MEMORY_LIMIT_MIB,
    only: Sequence[str] = (),
    expected_failures: Mapping[str, str] | None = None,
    on_check: Callable[[Check], None] | None = None,
) -> CheckResult:
    """Run the checks on a target and return the result document.

    `task` "" takes XOR in the form that the implementation reads. `only` names checks or suites by the beginning of their
    ids. `expected_failures` maps a check's id or a rule to the reason why it may fail; one that passes is a failure. A
    target that names nothing raises UsageError; everything its code does wrong is a finding.
    """
    from xorbench.verify.checks import all_checks

    start = time.perf_counter()
    ids = [check.id for check in all_checks() if not only or any(check.id.startswith(prefix) for prefix in only)]
    if not ids:
        raise UsageError(f"no check begins with {', '.join(only)}; see xorbench check --list")
    suites = {check.id: check.suite for check in all_checks()}
    state = _Progress()
    _run_all(state, ids, suites, target, task, seed, examples, device, time_limit_s, memory_limit_mib, on_check)
    expected = {**state.expected, **(expected_failures or {})}
    checks, findings = _apply_expected(state, [state.checks[name] for name in ids], expected)
    reproduce = f"xorbench check {_quoted(target)} --seed {seed} --examples {examples}"
    arranged = arrange(msgspec.structs.replace(one, reproduce=f"{reproduce} --only {name}") for name, one in findings)
    counts = {status: sum(check.status == status for check in checks) for status in ("passed", "failed", "not_checked")}
    if expected_count := sum(check.status == "expected_failure" for check in checks):
        counts["expected_failure"] = expected_count
    internal = any(check.reason.startswith("xorbench itself failed") for check in checks)
    failed = counts["failed"] > 0 or any(one.severity == "error" for one in arranged)
    return CheckResult(
        target=target,
        verdict="error" if internal else "failed" if failed else "passed",
        counts=counts,
        checks=tuple(checks),
        findings=arranged,
        spectrum=state.spectrum,
        optimiser=state.remarks.get("optimiser", ""),
        wall_s=time.perf_counter() - start,
    )


def _run_all(
    state: _Progress,
    ids: Sequence[str],
    suites: Mapping[str, str],
    target: str,
    task: str,
    seed: int,
    examples: int,
    device: str,
    time_limit_s: float,
    memory_limit_mib: int | None,
    on_check: Callable[[Check], None] | None,
) -> None:
    from xorbench.sandbox import Limits, call
    from xorbench.verify.checks import all_checks

    deaths = 0
    avoid: list[str] = []
    memory = None if memory_limit_mib is None else memory_limit_mib << 20

    def hear(message: Any) -> None:
        done = _hear(state, message)
        if done is not None and on_check is not None:
            on_check(done)

    while left := [name for name in ids if name not in state.checks]:
        if deaths >= _DEATHS:
            for name in left:
                state.checks[name] = Check(
                    id=name, suite=suites[name], status="not_checked", reason="its process died too often"
                )
            return
        request = Request(
            target=target,
            task=task,
            seed=seed,
            examples=examples,
            device=device,
            checks=tuple(left),
            avoid=tuple(avoid),
            time_limit_s=time_limit_s,
            path=tuple(sys.path),
            folder=os.getcwd(),
        )
        state.current = ""
        # The child's own alarm comes first, at twice the limit at the latest; the sandbox's is for what no alarm interrupts.
        limits = Limits(time_s=2 * time_limit_s + 5, memory_bytes=memory, per_message=True)
        outcome = call(
            "xorbench.verify.check:work",
            msgspec.to_builtins(request),
            limits=limits,
            device=device,
            on_message=hear,
            preload=("xorbench.verify.runner", *sorted({check.run.__module__ for check in all_checks()})),
        )
        if state.usage:
            raise UsageError(state.usage)
        if outcome.kind == "ok":
            missing = [name for name in left if name not in state.checks]
            if missing:
                raise RuntimeError(f"the child ended well and left out {missing}")
            return
        deaths += 1
        _bury(state, outcome, suites, left, avoid, time_limit_s)


def _bury(
    state: _Progress,
    outcome: Any,
    suites: Mapping[str, str],
    left: Sequence[str],
    avoid: list[str],
    time_limit_s: float,
) -> None:
    """Turn the death of a child into the outcome of the check that it was at."""
    name = state.current or left[0]
    member = _member_from_dump(outcome.output) or _FIRST_CALL.get(name, "")
    where = member or ("import" if not state.current else name)
    doing = f"in {member}()" if member else "while it was imported" if not state.current else f"during {name}"
    if outcome.kind == "timeout":
        text = f"it had not returned after {time_limit_s:g} s and could not be interrupted, {doing}"
        found = finding("XA08", text, where=where, seconds=time_limit_s)
    elif outcome.kind == "raised":
        text = f"the child process raised {doing}: {outcome.detail.strip().splitlines()[-1] if outcome.detail else ''}"
        found = finding("XA07", text, where=where, traceback=outcome.detail[-2000:])
    else:
        text = f"the process {_fate(outcome)} {doing}"
        found = finding(
            "XA09", text, where=where, outcome=outcome.kind, detail=outcome.detail[-500:], output=outcome.output[-500:]
        )
    if member and member not in avoid:
        avoid.append(member)
    state.checks[name] = Check(id=name, suite=suites[name], status="failed", reason=text)
    state.findings.append((name, found))
    if not state.current:
        for other in left:
            state.checks.setdefault(
                other, Check(id=other, suite=suites[other], status="not_checked", reason="it could not be imported")
            )


def _fate(outcome: Any) -> str:
    said: str = outcome.detail.strip().splitlines()[0] if outcome.detail else outcome.kind
    return {"crashed": f"crashed ({said})", "exited": f"exited ({said})", "memory": "met its memory limit"}.get(
        outcome.kind, said
    )


def _member_from_dump(output: str) -> str:
    """Read the member from the stack that faulthandler printed: the innermost call through the model's face."""
    calls = re.findall(r'File ".*?xorbench[\\/]model\.py", line \d+ in (\w+)', output)
    members = [name for name in calls if not name.startswith("_")]
    return members[0] if members else ""


def _hear(state: _Progress, message: Any) -> Check | None:
    if "usage" in message:
        state.usage = message["usage"]
    elif "start" in message:
        state.current = message["start"]
    elif "alive" in message:
        pass  # its arrival has restarted the clock
    elif "expected" in message:
        state.expected.update(message["expected"])
    elif "check" in message:
        told = message["check"]
        internal = told["status"] == "error"
        check = Check(
            id=told["id"], suite=told["suite"], status="failed" if internal else told["status"], reason=told["reason"]
        )
        state.checks[check.id] = check
        state.findings += [(check.id, msgspec.convert(one, Finding)) for one in message["findings"]]
        state.remarks.update(message["remarks"])
        state.spectrum.update(message["spectrum"])
        return check
    return None


def _apply_expected(
    state: _Progress, checks: list[Check], expected: Mapping[str, str]
) -> tuple[list[Check], list[tuple[str, Finding]]]:
    """Strict expected failures: one that fails is noted with its reason, one that passes is a failure."""
    findings = list(state.findings)
    for key, reason in expected.items():
        hit = False
        for i, check in enumerate(checks):
            rules = {one.rule for name, one in findings if name == check.id and one.severity == "error"}
            if check.status == "failed" and (check.id == key or (rules and rules <= {key})):
                checks[i] = msgspec.structs.replace(check, status="expected_failure", reason=f"expected: {reason}")
                findings = [
                    (name, msgspec.structs.replace(one, severity="note", message=f"{one.message} (expected: {reason})"))
                    if name == check.id and one.severity == "error"
                    else (name, one)
                    for name, one in findings
                ]
                hit = True
        if not hit:
            for i, check in enumerate(checks):
                if check.id == key and check.status == "passed":
                    checks[i] = msgspec.structs.replace(
                        check,
                        status="failed",
                        reason=f"it was expected to fail ({reason}) and passed: remove the expectation",
                    )
    return checks, findings


def _quoted(target: str) -> str:
    import shlex

    return shlex.quote(target)


def work(argument: Any, send: Callable[[Any], None]) -> None:
    """Run in the child: resolve the target, run the checks, report each."""
    import faulthandler

    request = msgspec.convert(argument, Request)
    os.chdir(request.folder)
    sys.path[:] = [*request.path]
    from xorbench.errors import FactoryError
    from xorbench.registry import resolve
    from xorbench.verify.checks import all_checks
    from xorbench.verify.global_state import settings
    from xorbench.verify.runner import run_checks
    from xorbench.verify.subject import Subject

    faulthandler.enable()
    chosen = [check for check in all_checks() if check.id in set(request.checks)]
    before = settings()
    try:
        implementation = resolve(request.target)
    except UsageError as error:
        send({"usage": str(error)})
        return
    except FactoryError as error:
        _cannot_import(request, chosen, str(error), send)
        return
    declared = getattr(implementation.factory, "expected_failures", None)
    if isinstance(declared, Mapping):
        send({"expected": {str(key): str(reason) for key, reason in declared.items()}})
    subject = Subject(
        implementation,
        task_name=request.task,
        seed=request.seed,
        examples=request.examples,
        device=request.device,
        settings_before=before,
    )
    plain = lambda message: send(msgspec.to_builtins(message))  # noqa: E731
    run_checks(subject, chosen, plain, time_limit_s=request.time_limit_s, avoid=request.avoid)


def _cannot_import(request: Request, chosen: Sequence[Any], text: str, send: Callable[[Any], None]) -> None:
    found = msgspec.to_builtins(finding("XA07", text, where="import"))
    for number, check in enumerate(chosen):
        told = {"id": check.id, "suite": check.suite, "status": "failed" if number == 0 else "not_checked"}
        told["reason"] = text if number == 0 else "it could not be imported"
        send({"check": told, "findings": [found] if number == 0 else [], "remarks": {}, "spectrum": {}})
