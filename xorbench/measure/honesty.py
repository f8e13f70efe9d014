"""Whether what was timed is what was claimed: the work was done when the call returned, and it was the right work."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from xorbench.measure.clock import Clock
from xorbench.measure.sampling import Action
from xorbench.model import Capability, Model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    State = dict[str, NDArray[Any]]

#: A model is asynchronous where reading it waits longer than this share of the steps' own time, in every round.
WAIT_SHARE = 0.1
ROUNDS = 5
#: What a model does by itself it does within this time, seconds.
SETTLE_S = 0.05
#: Two runs of the same steps agree within this, relative: far above the last bit, far below a step.
TOLERANCE = 1e-6


def state(model: Model, rows: Rows) -> State:
    """Return what a model is now: its parameters where it shows them, else its outputs on `rows`."""
    if model.can(Capability.PARAMETERS):
        return dict(model.get_parameters())
    return {"outputs": model.predict(rows)}


def same(one: State, other: State) -> bool:
    """Whether two states agree to within the rounding of their own type; NaN equals NaN."""
    import numpy as np

    if list(one) != list(other):
        return False
    return all(
        one[name].shape == other[name].shape
        and np.allclose(one[name], other[name], rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        for name in one
    )


def leaves_work_undone(
    clock: Clock, model: Model, step: Action, loops: int, rows: Rows
) -> tuple[Action | None, list[str]]:
    """Find out whether `step` returns before its work is done.

    Returns the action that waits for the work, to be timed with the steps, or None where there is nothing to wait for;
    and what to say about it. Two signs: reading the model right after steps takes longer than reading it again, and
    the model changes while nobody calls it.
    """
    read = functools.partial(state, model, rows)
    waits: list[float] = []
    for _ in range(ROUNDS):
        stepping = clock.time(step, loops)
        first, second = clock.time(read), clock.time(read)
        waits.append((first - second) / stepping if stepping > 0 else 0.0)
        if waits[-1] <= WAIT_SHARE:  # one prompt round clears it; a busy machine can delay any single reading
            break
    before = read()
    time.sleep(SETTLE_S)
    after = read()
    # Settled by now: a model that still gives two answers in a row is random, not late.
    if not same(before, after) and same(after, read()):
        return read, ["step: asynchronous, the model went on changing after step() and a read of it had returned"]
    if min(waits) > WAIT_SHARE:
        return read, [
            f"step: asynchronous, step() returns before its work is done; the wait for it, {min(waits):.0%} of the "
            "call's own time, is included"
        ]
    return None, []


def compare_with_untimed(
    model: Model, make: Callable[[], Model], pieces: Sequence[tuple[Rows, NDArray[np.bool_]]], count: int, rows: Rows
) -> tuple[bool, list[str]]:
    """Return whether a timed model equals a fresh one after `count` untimed steps, and what to say where not."""

    def untimed() -> State:
        twin = make()
        for turn in range(count):
            twin.step(*pieces[turn % len(pieces)])
            if turn == 0:
                state(twin, rows)  # waits for work left undone
        return state(twin, rows)

    timed = state(model, rows)
    expected = untimed()
    if same(timed, expected):
        return True, []
    if not same(expected, untimed()):
        return False, [f"step: not checked, two untimed runs of {count:,} steps from one seed differ from each other"]
    return False, [f"step: wrong, after {count:,} timed steps the model is not what the same steps make it untimed"]


def same_outputs(timed: NDArray[Any], twin: Model, rows: Rows) -> list[str]:
    """Return what to say where outputs of a timed call differ from those of a fresh model's untimed one."""
    import numpy as np

    expected = twin.predict(rows)  # (n,)
    if timed.size == expected.size and np.allclose(
        timed.reshape(-1).astype(np.float64), expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True
    ):
        return []
    return [f"predict of {len(rows):,} rows: wrong, the outputs are not those of a fresh model with the same steps"]
