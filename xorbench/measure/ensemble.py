"""Convergence of many seeds at once, by the array program that an implementation offers.

The counts are those of the single loop (:mod:`xorbench.measure.training`): outputs are judged before the first update
and after each. A member whose outputs stop being finite is trained again on its own, so that divergence has one
meaning. Seconds are a member's share of its block's.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xorbench.ensembles.plan import Method, Plan
from xorbench.measure.clock import Clock, clock_for
from xorbench.measure.training import CHEAP_ROWS, CURVES, converge, curve_points
from xorbench.records import Convergence, Curve, Run
from xorbench.registry import Implementation
from xorbench.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Fewer seeds than this are trained one by one as fast.
FEWEST_SEEDS = 4


def plan_ensemble(
    implementation: Implementation,
    task: Task,
    *,
    work: int,
    device: str = "cpu",
    dtype: str | None = None,
    method: Method = "auto",
) -> Plan | None:
    """Return how an ensemble of this implementation is trained on this task; None where there is none.

    The entry's `ensemble` names a function ``(inputs, labels, *, options, work, device, dtype, method) -> Plan | None``
    such as those of :mod:`xorbench.ensembles.plan`; `work` is the number of member-iterations to come. Only small truth tables are trained together: there every
    iteration is looked at, and the look is the forward pass of the next.
    """
    where = implementation.entry.ensemble
    if where is None or not task.finite or len(task.table()[1]) > CHEAP_ROWS:
        return None
    inputs, labels = task.table()  # (n, d), (n,)
    module, _, attribute = where.partition(":")
    offer = getattr(importlib.import_module(module), attribute)
    options: dict[str, Any] = {**implementation.option_defaults(), **implementation.options}
    rate = inspect.signature(implementation.factory).parameters.get("learning_rate")
    if rate is not None:
        options.setdefault("learning_rate", rate.default)
    plan: Plan | None = offer(inputs, labels, options=options, work=work, device=device, dtype=dtype, method=method)
    return plan


def converge_ensemble(
    implementation: Implementation,
    task: Task,
    *,
    seeds: Sequence[int],
    budget: int,
    device: str = "cpu",
    dtype: str | None = None,
    method: Method = "auto",
) -> Convergence | None:
    """Train all seeds together for `budget` iterations; None where no array program applies.

    `dtype` None is the implementation's own; `method` "fused" compiles a loop (needs numba), "arrays" does not, "auto"
    takes what is sooner done.
    """
    if len(seeds) < FEWEST_SEEDS:
        return None
    plan = plan_ensemble(implementation, task, work=len(seeds) * budget, device=device, dtype=dtype, method=method)
    if plan is None:
        return None
    blocks = [[int(seed) for seed in seeds[at : at + plan.block]] for at in range(0, len(seeds), plan.block)]
    train = functools.partial(_train, plan, task, budget, clock_for(device))
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        if plan.threads:
            with ThreadPoolExecutor(_cores()) as pool:
                parts = list(pool.map(train, blocks, [True, *[False] * (len(blocks) - 1)]))
        else:
            parts = [train(block, index == 0) for index, block in enumerate(blocks)]
    runs = [run for part, _ in parts for run in part]
    curves = list(parts[0][1])
    # In another precision than its own the single model would not diverge alike.
    again = [index for index, run in enumerate(runs) if run.diverged and dtype is None]
    if again:
        alone = converge(
            replace(implementation, entry=replace(implementation.entry, ensemble=None)),
            task,
            seeds=[runs[index].seed for index in again],
            budget=budget,
            device=device,
        )
        for index, run in zip(again, alone.runs, strict=True):
            runs[index] = run
        for index, curve in zip(again, alone.curves, strict=False):
            if index < len(curves):
                curves[index] = curve
    return Convergence(
        runs=tuple(runs), rows=len(task.table()[1]), how="ensemble", dtype=plan.dtype, curves=tuple(curves)
    )


def _train(
    plan: Plan, task: Task, budget: int, clock: Clock, seeds: list[int], with_curves: bool
) -> tuple[list[Run], list[Curve]]:
    from xorbench.ensembles.looks import STREAK, SUSPECT, TO_75, TO_FIRST, last_look

    _, labels = task.table()  # (n,)
    ensemble = plan.make(seeds)
    # The last iteration is made alone: the loss that it reports is that of the model before it.
    stops = curve_points(budget)[:-1] if with_curves else [0]
    stops = sorted({*stops, budget - 1})
    seen: list[tuple[int, NDArray[np.float64], NDArray[np.float64]]] = []  # iteration, accuracy (S,), loss (S,)
    trained_s, at = 0.0, 0
    for stop in stops:
        started = clock.now()
        ensemble.advance(at, stop)
        trained_s += clock.now() - started
        at = stop
        seen.append((stop, _accuracy(ensemble.outputs(), labels), ensemble.losses()))
    started = clock.now()
    ensemble.advance(at, budget)
    trained_s += clock.now() - started
    outputs = ensemble.outputs()  # (n, S)
    accuracy, losses = _accuracy(outputs, labels), seen[-1][2]
    counts = last_look(ensemble.counts, outputs, labels, budget)
    share_s = trained_s / len(seeds)
    runs = []
    for index, seed in enumerate(seeds):
        suspect = bool(counts[SUSPECT, index])
        stable = None if suspect else _count(counts[STREAK, index])
        runs.append(
            Run(
                seed=seed,
                iterations=budget,
                to_75=_count(counts[TO_75, index]),
                to_first=_count(counts[TO_FIRST, index]),
                to_stable=stable,
                accuracy=float(accuracy[index]),
                loss=_finite(losses[index]),
                diverged=suspect,
                wall_s=share_s,
                stable_s=None if stable is None else share_s * stable / budget,
            )
        )
    if not with_curves:
        return runs, []
    kept = set(curve_points(budget))
    curves = [
        Curve(
            seed=seed,
            iterations=(*(stop for stop, _, _ in seen if stop in kept), budget),
            loss=(*(_finite(loss[index]) for stop, _, loss in seen if stop in kept), None),
            accuracy=(*(float(share[index]) for stop, share, _ in seen if stop in kept), float(accuracy[index])),
        )
        for index, seed in enumerate(seeds[:CURVES])
    ]
    return runs, curves


def _accuracy(outputs: NDArray[np.float64], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    import numpy as np

    share: NDArray[np.float64] = np.mean((outputs > 0.5) == labels[:, None], axis=0)  # (S,)
    return share


def _count(value: Any) -> int | None:
    return int(value) if value >= 0 else None


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
