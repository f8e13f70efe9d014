"""Sequences: each is read from the same start, at its own length, by its own label."""

from __future__ import annotations

import numpy as np

from xorbench.model import Capability
from xorbench.tasks import all_bits, encode
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, global_random_state, quiet


def _sequences(subject: Subject) -> None:
    if subject.first.declaration.reads != "sequence":
        raise NotChecked("it reads vectors: reads = 'sequence' would say otherwise")


def test_any_length_is_read(subject: Subject) -> None:
    """predict takes sequences of any length, and answers of one length do not depend on what was read before."""
    _sequences(subject)
    with quiet(), global_random_state(1):
        model = subject.build()
        short = encode(all_bits(2), "01")
        first = model.predict(short)
        for length in (1, 3, 5):
            outputs = model.predict(encode(all_bits(length), "01"))
            if not np.isfinite(outputs).all():
                raise Failed(
                    finding("XA06", f"sequences of length {length} give {outputs.tolist()[:4]}", where="predict")
                )
        again = model.predict(short)
    if np.abs(first - again).max() > 1e-9:
        message = "the same sequences give other answers after longer ones were read: state is kept between calls"
        raise Failed(finding("XD05", message, where="predict", first=first, again=again))


def test_order_of_time_matters(subject: Subject) -> None:
    """A step more in time changes the answer, and rows are not taken for time steps."""
    _sequences(subject)
    rows = encode(all_bits(3), "01")  # (8, 3)
    with quiet(), global_random_state(1):
        model = subject.build()
        if model.can(Capability.PARAMETERS):
            from xorbench.verify.gradients.lab import Lab

            model.set_parameters(subject.once("lab", lambda: Lab(subject)).points["random"])
        alone = np.array([model.predict(row[None, :])[0] for row in rows])
        together = model.predict(rows)
    if np.abs(alone - together).max() > 1e-5:
        message = (
            "a batch of sequences is not read one by one: rows and time steps are mixed up, or state is carried over"
        )
        raise Failed(finding("XD05", message, where="predict", alone=alone, together=together))
    if np.ptp(alone) == 0:
        raise NotChecked("all sequences get one answer")


def test_every_step_of_time_counts(subject: Subject) -> None:
    """Flipping any one bit of a sequence can change its answer, the last and those beyond the second too."""
    _sequences(subject)
    for length, warmed in ((3, 3), (5, 5), (5, 2), (2, 5)):
        rows = encode(all_bits(length), "01")  # (2^length, length)
        reached = np.zeros(length, dtype=bool)
        with quiet(), global_random_state(1):
            for seed in range(2):
                model = subject.build(subject.seed + seed)
                if model.can(Capability.STEP) and "step" not in subject.hung:
                    for _ in range(5):
                        model.step(*_some(subject, warmed))
                outputs = model.predict(rows)
                for step in range(length):
                    flipped = rows.copy()
                    flipped[:, step] = 1 - flipped[:, step]
                    reached[step] |= bool(np.abs(outputs - model.predict(flipped)).max() > 1e-12)
        deaf = (np.flatnonzero(~reached) + 1).tolist()
        if len(deaf) == length:
            raise NotChecked("the answer does not depend on the sequence at all yet")
        if deaf:
            after = "" if warmed == length else f" after a batch of length {warmed}"
            message = f"of {length} time steps, number {', '.join(map(str, deaf))} cannot change the answer{after}"
            raise Failed(finding("XD05", message, where="predict", length=length, deaf=deaf))


def _some(subject: Subject, length: int) -> tuple[np.ndarray, np.ndarray]:
    bits = all_bits(length)[: subject.batch_rows(8)]
    return encode(bits, "01"), bits.sum(axis=1) % 2 == 1


def test_training_on_a_batch_is_training_on_its_rows(subject: Subject) -> None:
    """A label counts for its own sequence: swapping two rows with their labels changes nothing."""
    _sequences(subject)
    subject.need(Capability.STEP)
    if subject.batch_rows(4) < 4:
        raise NotChecked("the model takes one sequence at a time")
    rows = encode(all_bits(2), "01")
    labels = all_bits(2).sum(axis=1) % 2 == 1
    seen = []
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        with quiet(), global_random_state(1):
            model = subject.build()
            for _ in range(3):
                model.step(rows[order], labels[order])
            seen.append(model.predict(rows))
    apart = float(np.abs(seen[0] - seen[1]).max())
    if apart > 1e-5 and not _row_by_row(subject):
        message = f"three steps on the same sequences in another order end {apart:.2g} apart: labels, lengths or states get mixed"
        raise Failed(finding("XD05", message, where="step", difference=apart))


def _row_by_row(subject: Subject) -> bool:
    fine, study = subject.memo.get("update study", (False, None))
    return bool(fine and study and "row by row" in study.optimiser)
