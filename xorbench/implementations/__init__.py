"""The built-in implementations. Their entries are data: nothing is imported until it is named."""

from __future__ import annotations

from xorbench.registry import Entry

BUILT_IN: tuple[Entry, ...] = ()
