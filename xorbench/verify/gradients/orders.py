"""Orders in which rows may be presented."""

from __future__ import annotations

import itertools


def orders_of(count: int, most: int = 24) -> list[tuple[int, ...]]:
    """Return orders of `count` rows, natural and reversed first, at most `most`."""
    natural = tuple(range(count))
    rest = (order for order in itertools.permutations(natural) if order not in (natural, natural[::-1]))
    return [natural, natural[::-1], *itertools.islice(rest, most - 2)] if count > 1 else [natural]
