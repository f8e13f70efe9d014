"""A reproduction as text for a terminal and as Markdown for the documentation."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Literal

from xorbench.reproductions.result import Figure, Reproduction, Tag

_INTRODUCTION = """# Results of the literature, run again

Each section states a result, the protocol by which it was run again here, and what came out. *Published* is only what
was read at the source that is named; what somebody else quotes is *quoted second-hand*; what is known from memory of
the literature and was not opened is *unverified*; *from here* marks figures that nobody published and this project
measured before. The verdict follows a rule, not an opinion: an exact figure must be equal, a measured one reproduces
where its 95 % interval meets the stated figure, give or take what is said beside it. Only what was read or quoted can
be reproduced; with an unverified figure, or one from here, a measurement agrees or not. What does not reproduce is
shown as such.

This page is written by `xorbench reproduce --all --output docs/reproductions.md`; one result by
`xorbench reproduce NAME`, a smaller version of it with `--quick`.
"""

_HEADERS = ("figure", "stated", "known as", "measured", "95 % interval", "runs", "verdict")


def as_text(
    reproduction: Reproduction, figures: Sequence[Figure], *, size: Literal["quick", "full"], seed: int, wall_s: float
) -> str:
    """Return the title, the table, the notes, the protocol and the sources, for a terminal."""
    return "\n".join(_parts(reproduction, figures, size=size, seed=seed, wall_s=wall_s, markdown=False))


def as_markdown(
    reproduction: Reproduction, figures: Sequence[Figure], *, size: Literal["quick", "full"], seed: int
) -> str:
    """Return the same as a section of a Markdown page; the time is left out, for it differs in every run."""
    return "\n".join(_parts(reproduction, figures, size=size, seed=seed, wall_s=None, markdown=True))


def as_page(sections: Sequence[str]) -> str:
    """Return a whole Markdown page of sections."""
    return "\n".join([_INTRODUCTION, *sections]).rstrip() + "\n"


def _parts(
    reproduction: Reproduction,
    figures: Sequence[Figure],
    *,
    size: Literal["quick", "full"],
    seed: int,
    wall_s: float | None,
    markdown: bool,
) -> list[str]:
    from tabulate import tabulate

    rows = [_row(figure) for figure in figures]
    if markdown:
        table = tabulate(
            [[cell.replace("|", "\\|") for cell in row] for row in rows],
            headers=_HEADERS,
            tablefmt="github",
            disable_numparse=True,
        )
        title = f"## {reproduction.title} (`{reproduction.name}`)"
    else:
        wrapped = [("\n".join(textwrap.wrap(what, 44)), *cells) for what, *cells in rows]
        table = tabulate(wrapped, headers=_HEADERS, disable_numparse=True)
        title = f"{reproduction.title}\n{'=' * len(reproduction.title)}"
    mark = "- " if markdown else "  "
    lines = [title, "", table, ""]
    notes: dict[str, list[str]] = {}
    for figure in figures:
        if figure.note:
            notes.setdefault(figure.note, []).append(figure.what)
    lines += [f"{mark}{whats[0] if len(whats) == 1 else 'several'}: {note}" for note, whats in notes.items()]
    lines += ["", f"{_bold('Protocol', markdown)} {reproduction.protocol}"]
    if reproduction.caution:
        lines.append(f"\n{_bold('Caution', markdown)} {reproduction.caution}")
    lines.append(f"\n{_bold('Sources', markdown)}")
    sources: dict[str, Tag] = {figure.source: figure.tag for figure in figures}
    lines += [f"{mark}{source} ({tag.value})" for source, tag in sources.items()]
    ran = f"seed {seed}" + (f", {wall_s:.1f} s" if wall_s is not None else "")
    if size == "quick":
        ran += f"; the quick version: {reproduction.quick}"
    return [*lines, f"\n{_bold('Run', markdown)} {ran}.", ""]


def _row(figure: Figure) -> tuple[str, ...]:
    interval = ""
    if figure.low is not None or figure.high is not None:
        low = "" if figure.low is None else _number(figure.low)
        high = "" if figure.high is None else _number(figure.high)
        interval = f"{low or 'open'} to {high or 'open'}"
    elif isinstance(figure.measured, (int, float)) and figure.n is None:
        interval = "exact"
    return (
        figure.what,
        _number(figure.stated) if figure.stated is not None else "nothing",
        figure.tag.value if figure.stated is not None else "",
        _number(figure.measured) if figure.measured is not None else "not estimable",
        interval,
        "" if figure.n is None else f"{figure.n:,}",
        figure.verdict.value,
    )


def _number(value: float | str) -> str:
    if isinstance(value, str):
        return value
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _bold(word: str, markdown: bool) -> str:
    return f"**{word}.**" if markdown else f"{word}:"
