"""The global random generators that scripts draw from: random's, NumPy's, and torch's once it is imported."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

#: What puts a generator's state, and the state.
State = tuple[tuple[Callable[[Any], Any], Any], ...]


def random_state() -> State:
    """Return the state of every global generator that is there, torch's on CUDA only where CUDA is in use."""
    import numpy as np

    states: list[tuple[Callable[[Any], Any], Any]] = [
        (random.setstate, random.getstate()),
        (np.random.set_state, np.random.get_state()),  # noqa: NPY002 - what scripts use
    ]
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        states.append((torch.set_rng_state, torch.get_rng_state()))
        if torch.cuda.is_initialized():
            states.append((torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
    return tuple(states)


def seed_all(seed: int) -> None:
    """Seed every global generator that is there."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


@contextlib.contextmanager
def lent(state: State | None) -> Iterator[None]:
    """Lend the global generators this state, or leave them theirs, and give them back as they were."""
    before = random_state()
    try:
        _put(state or ())
        yield
    finally:
        _put(before)


def _put(state: State) -> None:
    for put, value in state:
        put(value)
