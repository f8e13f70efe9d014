"""Rows as plain values in full precision, for CSV and JSON: what a script or a spreadsheet goes on with."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import msgspec

from xorbench.measure.statistics import Estimate
from xorbench.report.escape import csv_cell
from xorbench.report.summary import Group, Row, Runtime

Value = str | int | float | None


def flat(group: Group, row: Row) -> dict[str, Value]:
    """Return one row; every key is always there, units in the names, None where there is no figure."""
    learning = row.learning if row.learning and row.learning.n else None
    values: dict[str, Value] = {
        "machine": group.machine,
        "run": row.run,
        "started_at": row.started_at,
        "implementation": row.target,
        "task": row.task,
        "device": row.device,
        "outcome": next((failure.outcome for failure in row.failures), "ok"),
        "detail": "; ".join(dict.fromkeys(f"{failure.measure}: {failure.said}" for failure in row.failures)),
        "budget_iterations": row.budget or None,
        "seeds": learning.n if learning else None,
        "solved": learning.solved if learning else None,
        **_estimate("solved_share", learning.share if learning else None),
        "iterations_lower_quartile": learning.quartiles[0].value if learning else None,
        **_estimate("iterations_median", learning.median if learning else None),
        "iterations_upper_quartile": learning.quartiles[2].value if learning else None,
        **_estimate("ert_iterations", learning.restarts if learning else None),
        "accuracy_mean": learning.accuracy[0] if learning else None,
        "accuracy_least": learning.accuracy[1] if learning else None,
        "accuracy_greatest": learning.accuracy[2] if learning else None,
        "evaluation_rows": learning.rows if learning else None,
        "loss_median": learning.loss if learning else None,
        "diverged": learning.diverged if learning else None,
        **_estimate("solution_s", learning.seconds if learning else None),
        **_timed(row.runtime),
        "check": row.check.verdict if row.check else None,
        "check_passed": row.check.counts.get("passed") if row.check else None,
        "check_failed": row.check.counts.get("failed") if row.check else None,
        "check_not_checked": row.check.counts.get("not_checked") if row.check else None,
        "findings": " ".join(dict.fromkeys(found.rule for found in row.check.findings)) if row.check else None,
    }
    # Nine digits: more than any figure here holds, fewer than where versions of a library differ.
    return {name: float(f"{value:.9g}") if isinstance(value, float) else value for name, value in values.items()}


def _timed(runtime: Runtime | None) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for action in ("step", "predict", "construct"):
        timing = runtime.of(action) if runtime else None
        values[f"{action}_rows"] = timing.rows if timing and action != "construct" else None
        values |= _estimate(f"{action}_s", runtime.median(action) if runtime else None)
        values[f"{action}_samples"] = len(timing.samples_s) if timing else None
    del values["construct_rows"]
    values["peak_memory_bytes"] = runtime.timings.peak_memory_bytes if runtime else None
    values["device_memory_bytes"] = runtime.timings.device_memory_bytes if runtime else None
    values["threads"] = runtime.timings.threads if runtime else None
    return values


def _estimate(name: str, found: Estimate | None) -> dict[str, Value]:
    if found is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def as_csv(groups: Sequence[Group]) -> str:
    """Return all rows as CSV (RFC 4180 with bare newlines), text that a spreadsheet would execute disarmed."""
    rows = [flat(group, row) for group in groups for row in group.rows]
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: csv_cell(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows
    )
    return text.getvalue()


def as_json(groups: Sequence[Group]) -> str:
    """Return all rows and the environments behind them as one JSON document, schema ``xorbench.comparison/1``."""
    document = {
        "schema": "xorbench.comparison/1",
        "environments": [environment for group in groups for environment in group.environments],
        "rows": [flat(group, row) for group in groups for row in group.rows],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
