"""Updates of one size in every component: Adam, RMSProp, RPROP and their like, seen at their first step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xorbench.records import Finding
from xorbench.verify.outcomes import finding
from xorbench.verify.rows import RowView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]


@dataclass
class SignReading:
    """The size of the first update, and the groups that do not share it."""

    size: float
    findings: list[Finding] = field(default_factory=list)


def read_signs(view: RowView) -> SignReading | None:
    """Return a reading where most components move by one size whatever their gradient, else None."""
    j, u, labels = view.j, view.u[:, view.probed], view.labels
    clear = (np.abs(j) > 1e-2 * np.abs(j).max(axis=1, keepdims=True)) & (np.abs(j) > 1e3 * view.dj) & (np.abs(j) > 1e-3)
    if clear.sum() < 4:
        return None
    sizes = np.abs(u)
    # The commonest size: the median of moving components, then the share that has it. Decay moves it by a little.
    moving = clear & (sizes > 0)
    if moving.sum() < 4:
        return None
    size = _commonest(sizes[moving])
    shares = np.abs(sizes - size) <= 0.02 * size
    spread = np.ptp(np.log(np.abs(j[clear & shares]))) if (clear & shares).sum() > 1 else 0.0
    if (clear & shares).sum() < 0.5 * clear.sum() or spread < 0.4:
        return _sizes_by_group(view, clear, sizes)
    reading = SignReading(size)
    agree = np.sign(u) * np.sign(j)  # (n, K)
    heading = np.sign(np.where(clear & shares, agree, 0).sum(axis=1))[
        :, None
    ]  # (n, 1): which way the row pushes the output
    for name in dict.fromkeys(labels.tolist()):
        member = clear & (labels == name)[None, :]
        if not member.any():
            continue
        mine = sizes[member]
        direction = (agree * heading)[member]
        numbers = {"point": view.name, "size": size, "sizes": mine[:4]}
        if (mine <= 1e-12 + 1e-6 * size).all():
            reading.findings.append(
                finding("XM06", f"{name} never changes although its gradient is not zero", where=name, **numbers)
            )
        elif shares[member].all() and (direction < 0).all():
            reading.findings.append(
                finding("XM03", f"{name} moves uphill, by the size of the others", where=name, **numbers)
            )
        elif shares[member].all() and (direction < 0).any():
            reading.findings.append(
                finding(
                    "XM04",
                    f"{name}: the sign of the gradient is wrong in {int((direction < 0).sum())} of {len(direction)} components",
                    where=name,
                    **numbers,
                )
            )
        elif not shares[member].all():
            reading.findings.append(
                finding(
                    "XM11",
                    f"{name} does not pass through the optimiser as the others do: they move by {size:.3g} at the first step, it by "
                    f"{np.median(mine):.3g}",
                    where=name,
                    **numbers,
                )
            )
    return reading


def _sizes_by_group(view: RowView, clear: NDArray[np.bool_], sizes: Rows) -> SignReading | None:
    """Read updates of one size within each group, but another from group to group: a step count advanced by each."""
    found: dict[str, float] = {}
    spread = 0.0
    for name in dict.fromkeys(view.labels.tolist()):
        member = clear & (view.labels == name)[None, :]
        if not member.any() or not (sizes[member] > 0).all():
            continue
        if np.ptp(np.log(sizes[member])) > 0.02:
            return None
        found[name] = float(np.median(sizes[member]))
        spread = max(spread, float(np.ptp(np.log(np.abs(view.j[member])))))
    if len(found) < 2 or spread < 0.4:
        return None
    where = ", ".join(found)
    message = (
        f"every group moves by a size of its own at the first step ({', '.join(f'{s:.3g}' for s in found.values())})"
    )
    return SignReading(max(found.values()), [finding("XM11", message, where=where, point=view.name, sizes=found)])


def _commonest(values: Rows) -> float:
    ordered = np.sort(values)
    window = max(2, len(ordered) // 2)
    widths = ordered[window - 1 :] / ordered[: len(ordered) - window + 1]
    best = int(np.argmin(widths))
    return float(np.median(ordered[best : best + window]))
