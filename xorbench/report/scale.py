"""Scales of figures: from values to places between 0 and 1, and the ticks that people expect."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xorbench.report.numbers import number


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From `low` to `high`, linear or logarithmic; a logarithmic one begins above zero and clips what lies below."""

    low: float
    high: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return where `value` lies: 0 at `low`, 1 at `high`."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return (math.log(max(value, self.low)) - low) / (high - low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """Return at most about `most` round values in range, with their labels."""
        values = self._powers(most) if self.log else []
        if len(values) < 2:  # less than a decade: even steps, unevenly far apart
            values = self._steps(most)
        return [(value, _label(value)) for value in values]

    def _steps(self, most: int) -> list[float]:
        rough = (self.high - self.low) / max(most - 1, 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(place * step, 12) for place in range(first, last + 1)]

    def _powers(self, most: int) -> list[float]:
        for factors in ((1, 2, 5), (1, 3), (1,)):
            values = [
                factor * 10.0**power
                for power in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
                for factor in factors
                if self.low * 0.999 <= factor * 10.0**power <= self.high * 1.001
            ]
            if len(values) <= most:
                break
        every = max(1, -(-len(values) // most))
        return [float(f"{value:.6g}") for value in values[::every]]


def _label(value: float) -> str:
    if value % 1 == 0:
        return f"{value:,.0f}".replace("-", "−")
    if abs(value) < 0.001:
        digits, exponent = f"{value:e}".split("e")
        return f"{float(digits):g}e{int(exponent)}".replace("-", "−")
    return number(value).rstrip("0").rstrip(".")


def around(values: list[float], *, room: float = 0.06) -> Scale:
    """Return a linear scale that holds the values with some room at both ends."""
    low, high = min(values), max(values)
    spare = (high - low) * room or abs(high) * 0.1 or 1.0
    return Scale(low=low - spare, high=high + spare)
