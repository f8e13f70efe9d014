"""Numbers as people read them: as many digits as the interval supports, thousands apart, units left to the header."""

from __future__ import annotations

import math

#: What stands where there is no figure. Why there is none is said beside it.
NONE = "—"


def number(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return `value` rounded to what the interval `low` to `high` supports.

    Digits follow the rule of the Particle Data Group (Review of Particle Physics, Introduction, section 5.3): two
    digits of the half-width where it begins with 10 to 35, one from 36 to 94. 4704 in [3800, 5600] is 4,700. Without an
    interval, whole numbers are shown whole and others to three significant digits. None and NaN are a dash.
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if low is None and 0 < abs(value) < 1e-4:
        digits, exponent = f"{value:.2e}".split("e")
        return f"{digits}e{int(exponent)}".replace("-", "−")
    return _at(value, places(value, low, high))


def places(value: float, low: float | None, high: float | None) -> int:
    """Return the decimal places that an interval supports; negative ones round to tens, hundreds and so on."""
    width = high - low if low is not None and high is not None else 0.0
    if width > 0 and math.isfinite(width):
        half = width / 2
        leading = math.floor(math.log10(half))
        digits = round(half / 10 ** (leading - 2))  # 100 to 1000
        shown = (1 if digits <= 354 else 0) - leading if digits < 950 else -leading
        # A count whose bounds are counts has no fractions.
        return min(shown, 0) if all(float(bound).is_integer() for bound in (value, low, high)) else shown  # type: ignore[arg-type]
    if value == 0 or float(value).is_integer():
        return 0
    return 2 - math.floor(math.log10(abs(value)))


def interval(low: float | None, high: float | None, value: float | None = None) -> str:
    """Return ``[low, high]`` to the same digit as :func:`number` shows `value`; empty where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    shown = places(low if value is None else value, low, high)
    ends = (("−∞" if end < 0 else "∞") if math.isinf(end) else _at(end, shown) for end in (low, high))
    return "[{}, {}]".format(*ends)


def percent(share: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a share as per cent without the sign: 0.974 in [0.94, 0.99] is ``97``."""
    if share is None:
        return NONE
    if share in (0.0, 1.0):  # exactly none or all, whatever the interval
        return f"{share * 100:.0f}"
    return _at(share * 100, max(0, min(3, places(share * 100, _times(low, 100), _times(high, 100)))))


def percent_interval(low: float | None, high: float | None) -> str:
    """Return an interval of shares as per cent without the sign."""
    if low is None or high is None:
        return ""
    shown = max(0, min(3, places(0.0, low * 100, high * 100)))
    return f"[{_at(low * 100, shown)}, {_at(high * 100, shown)}]"


def whole(value: float | None) -> str:
    """Return a count with its thousands apart."""
    return NONE if value is None else f"{value:,.0f}"


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _at(value: float, shown: int) -> str:
    if shown <= 0:
        value = round(value, shown)
        shown = 0
    text = f"{value:,.{min(shown, 12)}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) != 0 else text.lstrip("-")
