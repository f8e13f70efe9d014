"""Runtime side by side: each step time over that of a reference, with the interval of the ratio.

The interval combines those of the two medians at a level that makes the whole hold at 95 % for all rows together
(Bonferroni); it is wider than one of interleaved blocks, which `xorbench compare` measures. A ratio whose interval
holds 1 is not resolved, and drawn as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xorbench.measure.statistics import Estimate, quantile
from xorbench.records import Timing
from xorbench.report.scale import Scale
from xorbench.report.summary import Row


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One row of the figure; places are per cent of its width."""

    row: Row
    value: float
    low: float | None
    high: float | None
    n: int
    verdict: str  # "reference", "faster", "slower", "not resolved"
    at: float
    left: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Ratios:
    """The figure: its rows and its ticks, both in per cent of the width."""

    action: str
    reference: Row
    rows: tuple[Ratio, ...]
    ticks: tuple[tuple[float, str], ...]
    one: float


def ratios(rows: Sequence[Row], action: str = "step") -> Ratios | None:
    """Return the ratios of all rows to the fastest, or None where fewer than two were timed."""
    timed = [(row, timing) for row in rows if row.runtime and (timing := row.runtime.of(action))]
    if len(timed) < 2:
        return None
    confidence = 1 - 0.05 / (2 * (len(timed) - 1))  # two medians in each of the comparisons
    medians = [(row, _median(timing, confidence)) for row, timing in timed]
    medians = [(row, found) for row, found in medians if found.value]
    if len(medians) < 2:
        return None
    medians.sort(key=lambda item: (item[1].value or 0.0, item[0].target, item[0].device, item[0].run))
    reference, base = medians[0]
    assert base.value
    found: list[tuple[Row, float, float | None, float | None, int, str]] = []
    for row, median in medians:
        assert median.value is not None
        value = median.value / base.value
        if row is reference:
            found.append((row, 1.0, 1.0, 1.0, median.n, "reference"))
            continue
        low = median.low / base.high if median.low is not None and base.high else None
        high = median.high / base.low if median.high is not None and base.low else None
        resolved = low is not None and high is not None and not low <= 1 <= high
        found.append(
            (row, value, low, high, median.n, ("slower" if value > 1 else "faster") if resolved else "not resolved")
        )
    ends = [end for _, value, low, high, _, _ in found for end in (value, low or value, high or value)]
    scale = Scale(low=min(ends) / 1.12, high=max(ends) * 1.12, log=True)
    return Ratios(
        action=action,
        reference=reference,
        rows=tuple(
            Ratio(
                row=row,
                value=value,
                low=low,
                high=high,
                n=n,
                verdict=verdict,
                at=100 * scale(value),
                left=100 * scale(low if low is not None else scale.low),
                right=100 * scale(high if high is not None else scale.high),
            )
            for row, value, low, high, n, verdict in found
        ),
        ticks=tuple((100 * scale(value), f"{label}×") for value, label in scale.ticks(6)),
        one=100 * scale(1.0),
    )


def _median(timing: Timing, confidence: float) -> Estimate:
    return quantile([(sample, sample) for sample in timing.samples_s], confidence=confidence)
