"""Colours, once: the page takes them as CSS variables, files for slides as plain values.

Series colours reach a contrast of 4.5 on the panel of their theme and are told apart by dashes too.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Names of the themes and their colours. "true" and "false" are the two labels of a task.
THEMES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "page": "#faf9f6",
        "panel": "#ffffff",
        "ink": "#1b1c22",
        "soft": "#5d626e",
        "line": "#e3e1d9",
        "grid": "#ecebe4",
        "accent": "#2f6ab4",
        "true": "#c93a4e",
        "false": "#2f6ab4",
        "deep": "#5a3a9a",
        "good": "#1b7a4b",
        "bad": "#b32738",
        "warn": "#8a5a00",
    },
    "dark": {
        "page": "#131418",
        "panel": "#1c1e24",
        "ink": "#f0efe9",
        "soft": "#a3a8b4",
        "line": "#31343d",
        "grid": "#2a2d35",
        "accent": "#7fb0f5",
        "true": "#ff8592",
        "false": "#7fb0f5",
        "deep": "#c0a2ff",
        "good": "#5fd39a",
        "bad": "#ff8592",
        "warn": "#e8b84a",
    },
}

SERIES: Mapping[str, tuple[str, ...]] = {
    "light": ("#2f6ab4", "#c93a4e", "#1b7a4b", "#8f5f00", "#7446b0", "#0e7490", "#a8327f", "#55606e"),
    "dark": ("#7fb0f5", "#ff8592", "#5fd39a", "#e8b84a", "#c0a2ff", "#5ccbe0", "#f08cc8", "#b4bcc8"),
}
DASHES = ("", "7 4", "2 3", "10 3 2 3")

#: Bands of a decision region, from surely false to surely true, and of a loss surface, from low to high.
REGION_BANDS, LOSS_BANDS = 16, 10


def mix(colour: str, other: str, share: float) -> str:
    """Return `share` of `colour` over the rest of `other`, as ``#rrggbb``."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


def variables(theme: str) -> dict[str, str]:
    """Return every colour of a theme under its CSS variable's name, without the dashes."""
    base = THEMES[theme]
    found = dict(base)
    found |= {f"s{place}": colour for place, colour in enumerate(SERIES[theme])}
    for place in range(REGION_BANDS):
        sure = (place + 0.5) / REGION_BANDS * 2 - 1  # -1 false, 1 true
        found[f"r{place}"] = mix(base["true" if sure > 0 else "false"], base["panel"], 0.72 * abs(sure) ** 0.8)
    for place in range(LOSS_BANDS):
        found[f"l{place}"] = mix(base["deep"], base["panel"], 0.66 * (1 - place / (LOSS_BANDS - 1)))
    # Shares of a heat map: text stands on them, so they stay pale enough for it.
    for place in range(11):
        found[f"h{place}"] = mix(base["accent"], base["panel"], 0.04 + 0.46 * place / 10)
    return found


def css() -> str:
    """Return the variables of both themes as CSS: by the reader's setting, and by a switch on the root element."""
    light, dark = (";".join(f"--{name}:{value}" for name, value in variables(theme).items()) for theme in THEMES)
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
        f"@media print{{:root:root:root{{color-scheme:light;{light}}}}}\n"
    )


def classes() -> str:
    """Return the rules that give figures their colours: ``sN`` a series, ``rN`` a region's band, ``lN`` a loss band."""
    rules = []
    for place in range(len(SERIES["light"])):
        rules.append(f".s{place}{{--c:var(--s{place})}}")
    rules += [f".r{place}{{fill:var(--r{place})}}" for place in range(REGION_BANDS)]
    rules += [f".t{place}{{fill:var(--r{band})}}" for place, band in enumerate((0, 3, 6, 9, 12, 15))]
    rules += [f".e{place}{{fill:color-mix(in srgb,var(--r{2 * place}),var(--r{2 * place + 1}))}}" for place in range(8)]
    rules += [f".l{place}{{fill:var(--l{place})}}" for place in range(LOSS_BANDS)]
    rules += [f".h{place}{{background:var(--h{place})}}" for place in range(11)]
    rules += [f".d{place}{{stroke-dasharray:{dash or 'none'}}}" for place, dash in enumerate(DASHES)]
    return "".join(rules) + "\n"


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
