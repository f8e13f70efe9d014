"""Records for the tests of the report: some written by hand, so that every figure is known, some from real training."""

from __future__ import annotations

import functools

import numpy as np

from tests.report.network import Network
from xorbench.records import (
    Cell,
    Check,
    CheckOutcome,
    CheckResult,
    Convergence,
    Curve,
    Environment,
    Finding,
    Record,
    Run,
    Timing,
    Timings,
)
from xorbench.tasks import GATES, get_task

MACHINE = Environment(
    id="e1", machine="m1", facts={"cpu_model": "Test CPU 3000", "cpu_count": 2, "python": "3.11", "commit": "0123abc"}
)


def record(
    target="a",
    task="xor",
    measure="convergence",
    result=None,
    *,
    outcome="ok",
    detail="",
    environment="e1",
    started_at="2026-01-02T03:04:05Z",
    **cell,
):
    made = Cell(target=target, task=task, measure=measure, **cell)
    return Record(
        id=made.id,
        cell=made,
        outcome=outcome,
        environment=environment,
        result=result,
        detail=detail,
        started_at=started_at,
    )


def run(seed, stable, *, budget=1000, accuracy=None):
    solved = stable is not None
    return Run(
        seed=seed,
        iterations=budget,
        to_75=stable,
        to_first=stable,
        to_stable=stable,
        accuracy=accuracy if accuracy is not None else (1.0 if solved else 0.75),
        loss=0.01 if solved else 0.35,
        wall_s=0.1,
        stable_s=stable * 1e-4 if solved else None,
    )


def learned(target, stables, *, task="xor", budget=1000, **cell):
    """A convergence record whose seeds 0, 1, ... were stable at these iterations, None: never."""
    runs = tuple(run(seed, stable, budget=budget) for seed, stable in enumerate(stables))
    return record(
        target,
        task,
        result=Convergence(runs=runs, rows=4),
        budget=budget,
        seeds=tuple(range(len(runs))),
        **cell,
    )


def timed(target, *, step=(1e-6, 1.1e-6, 1.2e-6, 1.05e-6, 1.15e-6, 1.08e-6, 1.12e-6), task="xor", **cell):
    return record(
        target,
        task,
        "timing",
        Timings(
            timings=(
                Timing(action="construct", rows=0, samples_s=(1e-5,) * 7),
                Timing(action="step", rows=4, samples_s=tuple(step), loops=1000),
                Timing(action="predict", rows=4, samples_s=(2e-6,) * 7, loops=100),
            ),
            peak_memory_bytes=50 * 2**20,
            checked=True,
        ),
        **cell,
    )


def checked(target, *findings, verdict=None, spectrum=None, task="xor"):
    bad = any(found.severity == "error" for found in findings)
    verdict = verdict or ("failed" if bad else "passed")
    return record(
        target,
        task,
        "check",
        CheckOutcome(
            result=CheckResult(
                target=target,
                verdict=verdict,
                counts={"passed": 40, "failed": int(bad), "not_checked": 1},
                checks=(Check(id="gradients", suite="gradients", status="failed" if bad else "passed"),),
                findings=findings,
                spectrum=spectrum or {},
            )
        ),
    )


def finding(rule="XM05", severity="error", message="hidden deltas through weights that were already updated"):
    return Finding(rule=rule, severity=severity, where="W1", message=message, evidence={"ratio": 1.25}, mend="mend it")


def train(hidden, seeds, budget, *, task="xor", rate=1.0):
    """Train one small network per seed, all at once, and return the Convergence: real figures."""
    rows, labels = get_task(task).table()
    targets = labels[:, None].astype(float)
    networks = [Network(seed=seed, hidden=hidden, learning_rate=rate) for seed in range(seeds)]
    W1, b1, W2, b2 = (np.stack([getattr(net, name) for net in networks]) for name in ("W1", "b1", "W2", "b2"))
    right = np.empty((budget + 1, seeds))
    losses = np.empty((budget + 1, seeds))
    for iteration in range(budget + 1):
        a = np.tanh(rows @ W1 + b1[:, None])  # (s, n, h)
        z = a @ W2 + b2[:, None]  # (s, n, 1)
        p = 1 / (1 + np.exp(-np.clip(z, -500, 500)))
        right[iteration] = ((p > 0.5)[..., 0] == labels).mean(1)
        losses[iteration] = (np.logaddexp(0, z) - targets * z).mean((1, 2))
        delta = (p - targets) / len(rows)
        back = (delta @ W2.transpose(0, 2, 1)) * (1 - a**2)
        W2, b2 = W2 - rate * a.transpose(0, 2, 1) @ delta, b2 - rate * delta.sum(1)
        W1, b1 = W1 - rate * rows.T @ back, b1 - rate * back.sum(1)
    runs, curves = [], []
    looked = np.unique(np.geomspace(1, budget, 60).astype(int))
    for seed in range(seeds):
        solved = right[:, seed] == 1
        wrong = np.flatnonzero(~solved)
        stable = (int(wrong[-1]) + 1 if len(wrong) else 0) if solved[-1] else None
        first = np.flatnonzero(solved)
        three = np.flatnonzero(right[:, seed] >= 0.75)
        runs.append(
            Run(
                seed=seed,
                iterations=budget,
                to_75=int(three[0]) if len(three) else None,
                to_first=int(first[0]) if len(first) else None,
                to_stable=stable,
                accuracy=float(right[-1, seed]),
                loss=float(losses[-1, seed]),
                wall_s=budget * 2e-5,
                stable_s=None if stable is None else stable * 2e-5,
            )
        )
        if seed < 12:
            curves.append(
                Curve(
                    seed=seed,
                    iterations=tuple(int(i) for i in looked),
                    loss=tuple(float(losses[i, seed]) for i in looked),
                    accuracy=tuple(float(right[i, seed]) for i in looked),
                )
            )
    return Convergence(runs=tuple(runs), rows=len(rows), how="ensemble", dtype="float64", curves=tuple(curves))


@functools.cache
def realistic():
    """Records of a study as `xorbench run` makes them, from real training of the small network above."""
    made = []
    sizes = {
        "small[hidden=2]": 2,
        "small[hidden=3]": 3,
        "small[hidden=4]": 4,
        "small[hidden=8]": 8,
        "line[hidden=1]": 1,
    }
    draw = np.random.default_rng(0)
    for target, hidden in sizes.items():
        for task in GATES:
            seeds = 40 if task == "xor" else 8
            budget = 2000 if task == "xor" else 500
            made.append(
                record(
                    target,
                    task,
                    result=train(hidden, seeds, budget, task=task),
                    budget=budget,
                    seeds=tuple(range(seeds)),
                )
            )
        made.append(timed(target, step=tuple(1e-5 * (1 + 0.03 * hidden) * draw.lognormal(0, 0.03, 25))))
    made.append(checked("small[hidden=2]", finding("XT03", "note", "27 of 40 seeds solve it")))
    made.append(checked("small[hidden=4]"))
    made.append(checked("small[hidden=8]", finding()))
    made.append(record("torch-mlp", outcome="unavailable", detail="torch-mlp needs torch, which is not installed"))
    made.append(record("torch-mlp", measure="timing", outcome="unavailable", detail="no CUDA device", device="cuda"))
    made.append(
        record("loop.py:Forever", outcome="timeout", detail="no answer within 5 s; the whole process group was ended")
    )
    return tuple(made), (MACHINE,)
