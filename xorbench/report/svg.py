"""SVG as markup: every attribute and text is escaped, numbers are short and the same on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Point = tuple[float, float]


def element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """Return one element. ``_`` in attribute names is ``-``; a trailing one is dropped, as in ``class_``."""
    parts = [
        f' {key.rstrip("_").replace("_", "-") if key not in _CAMEL else _CAMEL[key]}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    inside = Markup("").join(children)
    return Markup(f"<{name}{''.join(parts)}>{inside}</{name}>" if inside else f"<{name}{''.join(parts)}/>")


def text(content: str, **attributes: str | float | None) -> Markup:
    """Return a text element."""
    return element("text", escape(content), **attributes)


def join(children: Iterable[str]) -> Markup:
    """Return the children one after the other."""
    return Markup("").join(children)


def picture(
    *children: str, title: str, view: Sequence[float] | None = None, **attributes: str | float | None
) -> Markup:
    """Return an ``svg`` that a screen reader announces as one image with this title."""
    box = None if view is None else " ".join(short(side) for side in view)
    return element("svg", *children, role="img", aria_label=title, viewBox=box, **attributes)


def path(points: Sequence[Point], *, close: bool = False) -> str:
    """Return the ``d`` of a line through the points."""
    steps = [f"{short(x)} {short(y)}" for x, y in points]
    return "M" + "L".join(steps) + ("Z" if close else "") if steps else ""


def short(number: float) -> str:
    """Return a coordinate with one decimal where it has any."""
    rounded = round(float(number), 1)
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)


_CAMEL = {
    "viewBox": "viewBox",
    "preserveAspectRatio": "preserveAspectRatio",
    "text_anchor": "text-anchor",
}


def _value(value: str | float) -> Markup:
    return escape(value if isinstance(value, str) else short(value))
