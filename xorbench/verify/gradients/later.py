"""What stops later: after some steps a group stands still that a fresh model at the same parameters still moves."""

from __future__ import annotations

import numpy as np

from xorbench.records import Finding
from xorbench.verify.gradients.lab import Lab, unflatten
from xorbench.verify.outcomes import finding

#: Steps before the look: a schedule of a few steps is over by then.
STEPS = 60
#: Steps that are looked at: RPROP skips one after a sign change.
LOOKS = 6
#: A group whose steps have shrunk below this share of a fresh model's is on its way to stand still too.
DIED_OUT = 1e-6


def stands_still_later(lab: Lab, rate: float | None) -> Finding | None:
    """XM06 where some groups, not all, do not move any more after STEPS steps and would in a fresh model."""
    subject = lab.subject
    most = subject.batch_rows(4)
    rows, labels = subject.table
    batch = (rows[:most], labels[:most])
    late = lab.updates(lab.start, [batch] * (STEPS + LOOKS), rate=rate)[-LOOKS:]
    before = late[0].before
    if not np.isfinite(before).all():
        return None
    fresh = lab.updates(unflatten(lab, before), [batch], rate=rate)[0]
    still: list[str] = []
    moving: list[str] = []
    for name in dict.fromkeys(lab.labels_of_components.tolist()):
        member = lab.labels_of_components == name
        now = max(np.abs(update.moved[member]).max(initial=0.0) for update in late)
        then = np.abs(fresh.moved[member]).max(initial=0.0)
        if then <= 1e3 * lab.precision * (1 + np.abs(before[member]).max(initial=0.0)):
            continue  # nothing to move by
        if now == 0.0:
            still.append(name)
        elif now > DIED_OUT * then:
            moving.append(name)
    if not still or not moving:  # where all have died out it is the rate's doing
        return None
    where = ", ".join(still)
    message = f"{where} stands still after {STEPS} steps, where a fresh model at the same parameters moves it"
    return finding("XM06", message, where=where, steps=STEPS)
