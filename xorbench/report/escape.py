"""Text that others wrote, made harmless for the format it goes into. HTML is escaped by Jinja2 and :mod:`.svg`."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]+")
# A bracket alone is a bracket; before another or a parenthesis it would make a link.
_MARKDOWN = re.compile(r"([\\`*_<|~$&]|\](?=[(\[]))")
_PLAIN = re.compile(r"[^`\\|]*")


def one_line(text: str, most: int = 300) -> str:
    """Return `text` on one line without control and direction-changing characters, cut at `most` characters."""
    text = " ".join(_CONTROL.sub(" ", text).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def markdown(text: str) -> str:
    """Return `text` so that Markdown shows it as it is, in a table cell too."""
    return _MARKDOWN.sub(r"\\\1", one_line(text)).replace("://", ":\u200b//").replace("www.", "www\u200b.")


def markdown_code(text: str) -> str:
    """Return a name as a code span, or, where it holds what a span in a table cannot, as escaped text."""
    text = one_line(text)
    return f"`{text}`" if text and _PLAIN.fullmatch(text) else markdown(text)


def csv_cell(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    text = one_line(text, 2000)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text
