"""Updates of one size in every component: Adam, RMSProp, RPROP and their like, seen at their first step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xorbench.records import Finding
from xorbench.verify.gradients.rows import RowView
from xorbench.verify.outcomes import finding

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
    still = _still(view, clear, sizes)
    clear &= ~np.isin(labels, still)[None, :]
    # The commonest size: the median of moving components, then the share that has it. Decay moves it by a little.
    moving = clear & (sizes > 0)
    if moving.sum() < 4:
        return None
    size = _commonest(sizes[moving])
    u = u - _decayed(view, clear, size)
    sizes = np.abs(u)
    shares = np.abs(sizes - size) <= 0.02 * size
    spread = np.ptp(np.log(np.abs(j[clear & shares]))) if (clear & shares).sum() > 1 else 0.0
    if (clear & shares).sum() < 0.5 * clear.sum() or spread < 0.4:
        return _sizes_by_group(view, clear, sizes)
    reading = SignReading(size)
    if still:
        where = ", ".join(still)
        message = f"{where} never changes although its gradient is not zero"
        reading.findings.append(finding("XM06", message, where=where, point=view.name, size=size))
    agree = np.sign(u) * np.sign(j)  # (n, K)
    heading = np.sign(np.where(clear & shares, agree, 0).sum(axis=1))[
        :, None
    ]  # (n, 1): which way the row pushes the output
    # A penalty within the gradient turns small ones round.
    strong = clear & (np.abs(j) > 0.1 * np.abs(j).max(axis=1, keepdims=True))
    damped = _damped_by_epsilon(j, sizes, clear, size, view.du[:, view.probed])
    for name in dict.fromkeys(labels.tolist()):
        member = clear & (labels == name)[None, :]
        if not member.any():
            continue
        mine = sizes[member]
        direction = (agree * heading)[member]
        turned = (agree * heading)[strong & member] < 0
        numbers = {"point": view.name, "size": size, "sizes": mine[:4]}
        if shares[member].all() and (direction < 0).all():
            reading.findings.append(
                finding("XM03", f"{name} moves uphill, by the size of the others", where=name, **numbers)
            )
        elif shares[member].all() and turned.any():
            reading.findings.append(
                finding(
                    "XM04",
                    f"{name}: the sign of the gradient is wrong in {int(turned.sum())} of {len(turned)} components",
                    where=name,
                    **numbers,
                )
            )
        elif not shares[member].all() and not damped:
            reading.findings.append(
                finding(
                    "XM11",
                    f"{name} does not pass through the optimiser as the others do: they move by {size:.3g} at the first step, it by "
                    f"{mine[np.argmax(np.abs(np.log((mine + 1e-300) / size)))]:.3g}",
                    where=name,
                    **numbers,
                )
            )
    return reading


def _still(view: RowView, clear: NDArray[np.bool_], sizes: Rows) -> list[str]:
    """Return the groups that no row moves, of those whose gradient says that they should."""
    most = sizes.max(initial=0.0)
    members = {name: clear & (view.labels == name)[None, :] for name in dict.fromkeys(view.labels.tolist())}
    return [name for name, mine in members.items() if mine.any() and (sizes[mine] <= 1e-12 + 1e-6 * most).all()]


def _decayed(view: RowView, clear: NDArray[np.bool_], size: float) -> Rows:
    """Return what a decoupled weight decay, AdamW's, has in the updates ``(n, K)``: zeros where there is none."""
    u, held = view.u[:, view.probed], np.broadcast_to(view.before[view.probed], view.j.shape)
    near = clear & (np.abs(np.abs(u) - size) <= 0.2 * size)
    rest = u[near] - size * np.sign(u[near])  # (m,)
    square = float((held[near] ** 2).sum())
    if near.sum() < 6 or square == 0.0:
        return np.zeros_like(u)
    # The size itself was read from decayed updates: fit both, and believe in a decay that leaves next to nothing.
    (more, decay), *_ = np.linalg.lstsq(np.stack([np.sign(u[near]), held[near]], axis=1), rest, rcond=None)
    left = rest - more * np.sign(u[near]) - decay * held[near]
    explained = np.median(np.abs(left)) < 0.2 * np.median(np.abs(rest)) and np.abs(rest).max() > 1e-3 * size
    return decay * held if explained and decay > 0 else np.zeros_like(u)


def _damped_by_epsilon(j: Rows, sizes: Rows, clear: NDArray[np.bool_], size: float, rounding: Rows) -> bool:
    """Whether small gradients move less as epsilon in the denominator makes them: |g| / (|g| + e), or under the root."""
    for root in (False, True):
        fits = True
        for row in range(len(j)):
            g, s = np.abs(j[row][clear[row]]), sizes[row][clear[row]] / size
            if (s <= 0.02).all():
                continue  # a saturated row, of which epsilon leaves nothing
            less = (s < 0.98) & (s > 0)
            if not less.any():
                fits &= bool((np.abs(s - 1) <= 0.02).all())
                continue
            with np.errstate(invalid="ignore"):
                epsilon = np.median(g[less] * (np.sqrt(1 / s[less] ** 2 - 1) if root else 1 / s[less] - 1))
            expected = g / np.sqrt(g**2 + epsilon**2) if root else g / (g + epsilon)
            # The commonest size may itself be a little damped.
            fits &= bool((np.abs(s - expected) <= 0.03 + 4 * rounding[row][clear[row]] / size).all())
        if fits:
            return True
    return False


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
    if len(found) < 2 or spread < 0.4 or _as_the_parameters(view, found):
        return None
    where = ", ".join(found)
    message = (
        f"every group moves by a size of its own at the first step ({', '.join(f'{s:.3g}' for s in found.values())})"
    )
    return SignReading(max(found.values()), [finding("XM11", message, where=where, point=view.name, sizes=found)])


def _as_the_parameters(view: RowView, sizes: dict[str, float]) -> bool:
    """Whether each group moves by a share of its own root mean square, as Adafactor does."""
    held = view.before[view.probed]  # (K,)
    shares = [size / max(float(np.sqrt(np.mean(held[view.labels == name] ** 2))), 1e-3) for name, size in sizes.items()]
    return max(shares) <= 1.05 * min(shares)


def _commonest(values: Rows) -> float:
    ordered = np.sort(values)
    window = max(2, len(ordered) // 2)
    widths = ordered[window - 1 :] / ordered[: len(ordered) - window + 1]
    best = int(np.argmin(widths))
    return float(np.median(ordered[best : best + window]))
