"""Do all parameter groups agree on one multiple of the derivative?

For one row every right gradient, whatever the loss, is a multiple of the output's derivative: u = k J, with the same k in
every component. Groups whose k differs, or that are no multiple at all, are the wrong ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

#: A right program's residual is 2e-10 to 5e-8 relative, the smallest defect met 2e-6.
RELATIVE = 1e-6

#: Errors below this share of the row's largest component are nobody's defect.
ABSOLUTE = 1e-8


@dataclass(frozen=True)
class GroupFit:
    """How a group's update u relates to the derivative J, per row."""

    name: str
    components: int
    k: Rows  # (n,) least-squares multiple; NaN where the row says nothing
    doubt: Rows  # (n,) uncertainty of k
    straight: NDArray[np.bool_]  # (n,) whether u is that multiple of J in every component
    cosine: Rows  # (n,)
    informative: NDArray[np.bool_]  # (n,) whether J differs from zero
    still: NDArray[np.bool_]  # (n,) whether u is zero
    size: Rows  # (n,) largest |u|
    room: Rows  # (n,) the most that |J| can be
    slack: Rows  # (n,) rounding of u


@dataclass(frozen=True)
class Consensus:
    """The multiple that the right groups share, and who dissents."""

    groups: dict[str, GroupFit]
    k: Rows  # (n,) of the agreeing groups
    doubt: Rows  # (n,)
    agreeing: tuple[str, ...]
    dissenting: tuple[str, ...]

    @property
    def unanimous(self) -> bool:
        """Whether every group that says anything agrees."""
        return not self.dissenting and bool(self.agreeing)


def fit_groups(
    u: Rows, du: Rows, j: Rows, dj: Rows, labels: NDArray[np.str_], *, relative: float = RELATIVE
) -> dict[str, GroupFit]:
    """Fit u = k J per row and group; `du` and `dj` are the errors of u and J, all ``(n, K)``."""
    found: dict[str, GroupFit] = {}
    # A gradient that is itself a difference quotient is good to 1e-9 of the largest component, not of each group's own.
    finite = np.where(np.isfinite(u), np.abs(u), 0.0)
    du = du + ABSOLUTE * finite.max(axis=1, keepdims=True)
    for name in dict.fromkeys(labels.tolist()):
        member = labels == name
        found[name] = _fit(name, u[:, member], du[:, member], j[:, member], dj[:, member], relative)
    return found


def _fit(name: str, u: Rows, du: Rows, j: Rows, dj: Rows, relative: float) -> GroupFit:
    usable = np.isfinite(u) & np.isfinite(j) & np.isfinite(dj) & ~_kinky(j, dj)
    u0, j0 = np.where(usable, u, 0.0), np.where(usable, j, 0.0)
    du0, dj0 = np.where(usable, du, 0.0), np.where(usable, dj, 0.0)
    square = (j0**2).sum(axis=1)  # (n,)
    largest = np.abs(j0).max(axis=1)  # (n,)
    informative = largest > 100 * dj0.max(axis=1) + 1e-12
    still = np.abs(u0).max(axis=1) <= 3 * du0.max(axis=1) + 1e-300
    with np.errstate(divide="ignore", invalid="ignore"):
        k = np.where(informative, (u0 * j0).sum(axis=1) / square, np.nan)  # (n,)
        cosine = (u0 * j0).sum(axis=1) / np.sqrt(square * (u0**2).sum(axis=1))  # (n,)
    size = np.abs(np.nan_to_num(k))
    doubt = (size * dj0.max(axis=1) + du0.max(axis=1)) / np.where(informative, largest, 1.0) * 4 + relative * size
    residual = np.abs(u0 - np.nan_to_num(k)[:, None] * j0)  # (n, K)
    allowed = relative * np.maximum(np.abs(u0).max(axis=1), size * largest)[:, None]
    allowed = allowed + 4 * (size[:, None] * dj0 + du0)
    straight = informative & (residual <= allowed).all(axis=1)
    return GroupFit(
        name=name,
        components=u.shape[1],
        k=k,
        doubt=doubt,
        straight=straight,
        cosine=cosine,
        informative=informative,
        still=still,
        size=np.abs(u0).max(axis=1),
        room=(np.abs(j0) + 4 * dj0).max(axis=1),
        slack=4 * du0.max(axis=1) + 1e-300,
    )


def _kinky(j: Rows, dj: Rows) -> NDArray[np.bool_]:
    """Components whose difference quotients disagree: on a kink, or too curved."""
    kinky: NDArray[np.bool_] = dj > 0.02 * np.abs(j).max(axis=1, keepdims=True) + 1e-9
    return kinky


def agree(groups: dict[str, GroupFit], prefer: Rows | None = None, toward: Rows | None = None) -> Consensus:
    """Find the largest set of groups that share one k in every row; ties go to the one nearer to the output.

    `prefer` is an expected k ``(n,)``, where loss and rate are declared: a group that has it wins. `toward` ``(n,)`` is
    the sign of a k that brings each output nearer to its target, which decides where no loss is declared.
    """
    telling = {name: fit for name, fit in groups.items() if fit.informative.any()}
    candidates = [name for name, fit in telling.items() if fit.straight[fit.informative].all() and not fit.still.all()]
    order = list(groups)
    best: tuple[tuple[int, int, int, int], tuple[str, ...]] | None = None
    for name in candidates:
        mine = telling[name]
        friends = tuple(other for other in candidates if same_k(mine, telling[other]))
        expected = int(_has(mine, prefer) if prefer is not None else _heads(mine, toward))
        # A group of one component is a multiple of anything: alone it is no evidence.
        evidence = int(sum(telling[friend].components for friend in friends) > 1)
        score = (evidence, expected, len(friends), max(order.index(friend) for friend in friends))
        if best is None or score > best[0]:
            best = (score, friends)
    agreeing = best[1] if best else ()
    rows = len(next(iter(groups.values())).k)
    k, doubt = np.full(rows, np.nan), np.full(rows, np.inf)
    for name in agreeing:
        fit = telling[name]
        better = fit.informative & (fit.doubt < doubt)
        k = np.where(better, fit.k, k)
        doubt = np.where(better, fit.doubt, doubt)
    largest = np.max([fit.size for fit in groups.values()], axis=0)  # (n,)
    dissenting = tuple(
        name
        for name, fit in groups.items()
        if (name not in agreeing and fit.informative.any()) or _moves_anyway(fit, k, largest)
    )
    return Consensus(groups=groups, k=k, doubt=doubt, agreeing=agreeing, dissenting=dissenting)


def _moves_anyway(fit: GroupFit, k: Rows, largest: Rows) -> bool:
    """Whether a group moves in a row where its derivative is zero and the row's multiple is known."""
    known = ~fit.informative & np.isfinite(k)
    allowed = 2 * np.abs(np.nan_to_num(k)) * fit.room + fit.slack + 1e-4 * largest
    return bool((known & (fit.size > allowed)).any())


def same_k(one: GroupFit, other: GroupFit) -> bool:
    """Whether two groups share k wherever both say something."""
    both = one.informative & other.informative
    if not both.any():
        return True
    return bool(np.all(np.abs(one.k - other.k)[both] <= (one.doubt + other.doubt)[both]))


def _heads(fit: GroupFit, toward: Rows | None) -> bool:
    if toward is None:
        return False
    telling = fit.informative & (np.abs(np.nan_to_num(fit.k)) > fit.doubt)
    return bool(telling.any() and (np.sign(fit.k[telling]) == toward[telling]).all())


def _has(fit: GroupFit, expected: Rows) -> bool:
    telling = fit.informative & np.isfinite(expected)
    return bool(
        telling.any() and np.all(np.abs(fit.k - expected)[telling] <= (fit.doubt + 1e-5 * np.abs(expected))[telling])
    )


def constant(ratio: Rows, doubt: Rows) -> float | None:
    """Return the one value that all finite entries share within their doubt, or None."""
    telling = np.isfinite(ratio) & np.isfinite(doubt)
    if not telling.any():
        return None
    values, widths = ratio[telling], doubt[telling]
    best = float(values[np.argmin(widths)])
    return best if np.all(np.abs(values - best) <= widths + widths.min() + 1e-12) else None
