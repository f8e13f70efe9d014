"""Runs for the gate to judge: records as a study writes them, of real training or of invented counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from xorbench.records import (
    Cell,
    Check,
    CheckOutcome,
    CheckResult,
    Comparison,
    Convergence,
    Environment,
    Finding,
    OutcomeKind,
    Ratio,
    Record,
    Result,
    Run,
    Timing,
    Timings,
)
from xorbench.report.summary import Source

HERE = Environment(id="e" * 16, machine="m" * 16, facts={"cpu_model": "a machine"})


def runs(reached: Sequence[int | None], budget: int = 100, failed: float = 0.75, **about: object) -> Convergence:
    """Seeds that solved the task at these iterations, for good; the others end with an accuracy of `failed`."""
    return Convergence(
        runs=tuple(
            Run(
                seed=seed,
                iterations=budget,
                to_75=at,
                to_first=at,
                to_stable=at,
                accuracy=1.0 if at is not None else failed,
                loss=0.1 + seed + (at or 0) / 1000,
            )
            for seed, at in enumerate(reached)
        ),
        rows=4,
        **about,  # type: ignore[arg-type]
    )


def record(
    target: str,
    result: Result | None,
    *,
    day: int = 1,
    budget: int = 100,
    task: str = "xor",
    device: str = "cpu",
    measure: str = "convergence",
    outcome: OutcomeKind = "ok",
    detail: str = "",
    environment: str = HERE.id,
    version: int = 1,
) -> Record:
    cell = Cell(
        target=target,
        task=task,
        measure=measure,  # type: ignore[arg-type]
        device=device,
        seeds=(0,),
        budget=budget if measure == "convergence" else 0,
        version=version,
    )
    return Record(
        id=cell.id,
        cell=cell,
        outcome=outcome,
        environment=environment,
        result=result,
        detail=detail,
        started_at=f"2026-01-{day:02}T00:00:00+00:00",
        wall_s=day / 7,
    )


def checked(target: str, *rules: str, verdict: str | None = None) -> CheckResult:
    found = tuple(Finding(rule=rule, severity="error", where="W1", message="is wrong") for rule in rules)
    status = "failed" if rules else "passed"
    return CheckResult(
        target=target,
        verdict=verdict or status,  # type: ignore[arg-type]
        counts={"passed": 20 - len(rules), "failed": len(rules), "not_checked": 1},
        checks=(Check(id="gradients", suite="mathematics", status=status),),  # type: ignore[arg-type]
        findings=found,
    )


def check(target: str, *rules: str, day: int = 1) -> Record:
    return record(target, CheckOutcome(result=checked(target, *rules)), measure="check", day=day)


def timing(
    target: str, step_s: float = 1e-4, *, day: int = 1, environment: str = HERE.id, notes: tuple[str, ...] = ()
) -> Record:
    samples = tuple(step_s * (1 + i / 1000) for i in range(20))
    found = Timings(timings=(Timing(action="step", rows=4, samples_s=samples),), checked=True, notes=notes)
    return record(target, found, measure="timing", day=day, environment=environment)


def source(name: str, *records: Record, environments: Sequence[Environment] = (HERE,)) -> Source:
    return Source(name=name, records=records, environments=tuple(environments))


def written(folder: Path, *records: Record, environments: Sequence[Environment] = (HERE,)) -> Path:
    """Write a run as a study does and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [msgspec.json.encode(line) for line in (*environments, *records)]
    (folder / "records.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def ratio(value: float, *, width: float = 0.01, verdict: str | None = None, base_s: float = 1e-4) -> Ratio:
    if verdict is None:
        verdict = "slower" if value - width > 1 else "faster" if value + width < 1 else "not resolved"
    return Ratio(
        action="step",
        rows=4,
        blocks=30,
        base_s=base_s,
        head_s=base_s * value,
        ratio=value,
        low=value - width,
        high=value + width,
        floor=1.005,
        verdict=verdict,  # type: ignore[arg-type]
    )


def comparison(*rounds: Ratio, checked: bool = True, notes: tuple[str, ...] = ()) -> Comparison:
    return Comparison(
        base="base/net.py:Net",
        head="net.py:Net",
        task="xor",
        device="cpu",
        rounds=tuple((one,) for one in rounds),
        environment=HERE,
        confidence=0.99,
        seed=0,
        checked=checked,
        notes=notes,
    )
