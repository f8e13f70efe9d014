"""One picture of a portrait for a slide: SVG with plain colours and no script, and PNG made from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from xorbench.errors import MissingDependencyError, UsageError
from xorbench.records import Portrait
from xorbench.report.closeup import closeup
from xorbench.report.escape import one_line
from xorbench.report.numbers import number, percent, whole
from xorbench.report.palette import DASHES, SERIES, THEMES, mix, variables
from xorbench.report.svg import element, join, short, text

WIDTH, HEIGHT, MARGIN = 1280.0, 760.0, 56.0
SQUARE, GAP = 352.0, 56.0
CHART = 130.0


def slide(portrait: Portrait, *, target: str, task: str, theme: str = "light") -> str:
    """Return the picture as an SVG document.

    Raises UsageError for a portrait without a frame and for an unknown theme.
    """
    if theme not in THEMES:
        raise UsageError(f"theme {theme!r}: {' or '.join(THEMES)}")
    shown = closeup(portrait, task, size=(SQUARE - 50, CHART))
    if shown is None:
        raise UsageError(f"{target}: the portrait has no frame, so there is nothing to draw")
    last = shown.last
    right = percent(last.accuracy, 0.0, 0.01)
    said = f"{task} · seed {portrait.seed} · iteration {whole(last.iteration)} · {right}% right"
    if last.loss is not None:
        said += f" · loss {number(last.loss)}"
    squares = [
        ("input square", shown.region),
        ("hidden space", shown.hidden),
        ("loss surface and descent", shown.surface),
    ]
    charts = [
        ("parameters", shown.parameters),
        ("loss, log scale" if shown.loss_log else "loss", shown.loss),
        ("accuracy", shown.accuracy),
    ]
    parts = [
        element("rect", width=WIDTH, height=HEIGHT, class_="page"),
        text(one_line(target, 70), x=MARGIN, y=62.0, class_="title"),
        text(said, x=MARGIN, y=92.0, class_="soft"),
    ]
    for place, (name, figure) in enumerate(squares):
        parts += _placed(figure, name, MARGIN + place * (SQUARE + GAP), 120.0, SQUARE, SQUARE, missing=shown.missing)
    for place, (name, figure) in enumerate(charts):
        left = MARGIN + place * (SQUARE + GAP)
        parts.append(text(name, x=left, y=548.0, class_="soft"))
        if figure is not None:
            parts.append(element("g", figure, transform=f"translate({short(left + 44)} 566)"))
    body = join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{HEIGHT:g}" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(one_line(f"{target} on {said}"))}">'
        f"<style>{_style(theme)}</style>{body}</svg>\n"
    )


def png(svg: str) -> bytes:
    """Return the picture as PNG, twice as fine as its size in pixels.

    Raises MissingDependencyError where the renderer is not installed: resvg, one wheel without system libraries.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise MissingDependencyError(
            "PNG files are made by resvg-py, which is not installed; run: pip install 'xorbench[png]'. "
            "--svg needs nothing, and browsers and slides take it"
        ) from None
    render: Callable[..., Any] = svg_to_bytes
    return bytes(render(svg_string=svg, zoom=2, font_family="DejaVu Sans", sans_serif_family="DejaVu Sans"))


def _placed(
    figure: Markup | None, name: str, left: float, top: float, width: float, height: float, *, missing: tuple[str, ...]
) -> list[Markup]:
    frame = element("rect", x=left, y=top, width=width, height=height, rx=14.0, class_="frame")
    caption = text(name, x=left + width / 2, y=top + height + 24, text_anchor="middle", class_="soft")
    if figure is not None:
        # A nested picture is sized by attributes: files have no layout.
        sized = Markup(
            re.sub(
                r"^<svg",
                f'<svg x="{short(left)}" y="{short(top)}" width="{short(width)}" height="{short(height)}"',
                figure,
            )
        )
        return [frame, sized, caption]
    why = next((one_line(reason, 60) for reason in missing if name.split()[0] in reason), "not shown by the model")
    return [frame, text(why, x=left + width / 2, y=top + height / 2, text_anchor="middle", class_="tick"), caption]


def _style(theme: str) -> str:
    """Return the classes of the figures with plain colours: not every program that shows SVG knows variables."""
    colours = variables(theme)
    rules = [
        "text{font-family:system-ui,'Segoe UI',Helvetica,'DejaVu Sans',sans-serif;font-size:15px}",
        f".page{{fill:{colours['page']}}}.frame{{fill:{colours['panel']};stroke:{colours['line']}}}",
        f".title{{font-size:30px;font-weight:600;fill:{colours['ink']}}}.soft,.tick{{fill:{colours['soft']}}}",
        f".tick{{font-size:12px}}.grid{{stroke:{colours['grid']};stroke-width:1}}",
        ".curve,.trail,.edge,.descent{fill:none}.curve{stroke-width:1.8}",
        f".m{{stroke:{colours['panel']};stroke-width:2}}.m.true{{fill:{colours['true']}}}.m.false{{fill:{colours['false']}}}",
        f".trail{{stroke-width:1;opacity:.55}}.trail.true{{stroke:{colours['true']}}}.trail.false{{stroke:{colours['false']}}}",
        f".edge,.descent{{stroke:{colours['ink']};stroke-width:1}}",
        f".start{{fill:{colours['panel']};stroke:{colours['ink']}}}.here{{fill:{colours['ink']};stroke:{colours['panel']}}}",
        *(f".s{place}{{stroke:{colour}}}" for place, colour in enumerate(SERIES[theme])),
        *(f".d{place}{{stroke-dasharray:{dash}}}" for place, dash in enumerate(DASHES) if dash),
        *(f".l{place}{{fill:{colours[f'l{place}']}}}" for place in range(10)),
        *(
            f".e{place}{{fill:{mix(colours[f'r{2 * place}'], colours[f'r{2 * place + 1}'], 0.5)}}}"
            for place in range(8)
        ),
    ]
    return "".join(rules)
