"""One randomised schedule for all contenders: what is compared is timed side by side, never one after the other.

A block begins with fresh contenders, so that the luck of one process, its memory layout for one, is a part of the
noise and not of the result. In it each row is sampled in several rounds, every round in a new random order.
"""

from __future__ import annotations

import contextlib
import random
import statistics
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: ``sampler(row)`` returns the seconds per call of one sample of that row.
Sampler = Callable[[int], float]
#: Makes a fresh contender for a block.
Contender = Callable[[], AbstractContextManager[Sampler]]

BLOCKS = 30
ROUNDS = 5


def interleave(
    contenders: Sequence[Contender],
    rows: int,
    *,
    blocks: int = BLOCKS,
    rounds: int = ROUNDS,
    seed: int = 0,
    on_block: Callable[[int], None] | None = None,
) -> NDArray[np.float64]:
    """Run the schedule and return the median seconds per call, ``(rows, contenders, blocks)``.

    Contenders start in random order too. The first round of a row in a block warms it up and is thrown away.
    """
    import numpy as np

    order = random.Random(seed)
    found = np.empty((rows, len(contenders), blocks))
    for block in range(blocks):
        with contextlib.ExitStack() as stack:
            samplers: list[Sampler | None] = [None] * len(contenders)
            for place in _shuffled(len(contenders), order):
                samplers[place] = stack.enter_context(contenders[place]())
            for row in _shuffled(rows, order):
                samples: list[list[float]] = [[] for _ in contenders]
                for turn in range(rounds + 1):
                    for place in _shuffled(len(contenders), order):
                        sampler = samplers[place]
                        assert sampler is not None
                        seconds = sampler(row)
                        if turn:
                            samples[place].append(seconds)
                found[row, :, block] = [statistics.median(one) for one in samples]
        if on_block is not None:
            on_block(block + 1)
    return found


def _shuffled(count: int, order: random.Random) -> list[int]:
    return order.sample(range(count), count)
