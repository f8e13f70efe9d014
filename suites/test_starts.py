"""Starts: initial weights that let it learn."""

from __future__ import annotations

import numpy as np

from xorbench.model import Capability, Model
from xorbench.records import Severity
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, global_random_state, quiet
from xorbench.verify.training import trials


def _hidden(subject: Subject, model: Model) -> np.ndarray | None:
    """Return the first hidden layer's activations on the table ``(n, width)``: shown, or from the reference."""
    rows = subject.table[0]
    if model.can(Capability.HIDDEN):
        layers = model.hidden(rows)
        return layers[0] if layers else None
    if model.can(Capability.PARAMETERS):
        from xorbench.verify.gradients.lab import Lab

        reference = subject.once("lab", lambda: Lab(subject)).reference
        if reference is not None and len(reference.layers) > 1:
            return reference.trace(reference.flat(model.get_parameters()), rows).a[0]
    return None


def test_hidden_units_differ(subject: Subject) -> None:
    """Hidden units are not copies of one another, and if they start so they do not stay so."""
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    rows, labels = subject.table
    seeds_alike = []
    width = 0
    for seed in (subject.seed, subject.seed + 1, subject.seed + 2):
        with quiet(), global_random_state(1):
            model = subject.build(seed)
            if not model.can(Capability.STEP) or "step" in subject.hung:
                raise NotChecked("no step(): the units cannot be watched while they train")
            for _ in range(12):
                for part in subject.chunks(rows, labels):
                    model.step(*part)
            hidden = _hidden(subject, model)
        if hidden is None:
            _by_outputs(subject)
            return
        width = hidden.shape[1]
        if width < 2:
            raise NotChecked("one hidden unit has nothing to be a copy of")
        spread = np.abs(hidden - hidden[:, :1]).max()
        # Units that are constant on every row because they are cut off are dead, which is another rule's.
        cut_off = np.ptp(hidden, axis=0).max() <= 1e-12 and _weights_differ(model)
        seeds_alike.append(bool(spread <= 1e-9 * (1 + np.abs(hidden).max())) and not cut_off)
    if all(seeds_alike):
        message = f"all {width} hidden units are copies of one another at the start and after 12 epochs: symmetry is never broken"
        raise Failed(finding("XI01", message, where="hidden layer 1", units=width))


def _weights_differ(model: Model) -> bool:
    """Whether any array of parameters has two different numbers in it."""
    if not model.can(Capability.PARAMETERS):
        return False
    return any(array.ndim > 1 and np.ptp(array) > 0 for array in model.get_parameters().values() if array.size)


def _by_outputs(subject: Subject) -> None:
    """Black box: equal answers to every row, at the start and after training, from every seed."""
    rows, labels = subject.table
    if len(np.unique(labels)) < 2:
        raise NotChecked("no hidden() and no parameters that could be read as layers")
    with quiet(), global_random_state(1):
        model = subject.build()
        before = model.predict(rows)
        for _ in range(12):
            for part in subject.chunks(rows, labels):
                model.step(*part)
        after = model.predict(rows)
    # Zero weights answer every row alike, and copies of one hidden unit cannot bend the plane.
    if (
        np.ptp(before) == 0
        and np.ptp(after) <= 1e-9
        and trials(subject).solved == 0
        and not _output_constant(before, after)
    ):
        message = "every row gets one and the same answer, at the start and after 12 epochs, from every seed"
        raise Failed(finding("XI01", message, where="start", before=before, after=after))
    raise NotChecked("no hidden() and no parameters that could be read as layers")


def _output_constant(before: np.ndarray, after: np.ndarray) -> bool:
    return bool(np.array_equal(before, after))


def test_start_is_not_tiny(subject: Subject) -> None:
    """The first outputs differ from row to row, or training leaves the plateau all the same."""
    firsts = _first_outputs(subject)
    spread = float(np.median([np.ptp(outputs) for outputs in firsts]))
    if spread >= 1e-3:
        return
    if subject.first.declaration.output == "label":
        raise NotChecked("labels do not show the size of the weights")
    weights = _weight_size(subject)
    if weights is None or not 0 < weights < 0.2:
        return
    learned = _mostly(subject)
    message = f"a plateau from tiny weights: the first outputs differ by {spread:.2g} from row to row (weights about {weights:.2g})"
    severity: Severity = "warning" if learned else "error"
    one = finding(
        "XI02", message, where="start", severity=severity, spread=spread, weights=weights, seeds_that_learn=learned
    )
    if learned:
        subject.note(one)
        return
    from xorbench.verify.training import longer

    if longer(subject).solved_at is not None:
        subject.note(finding("XI02", message, where="start", severity="warning", spread=spread, weights=weights))
        return
    raise Failed(one)


def _first_outputs(subject: Subject) -> list[np.ndarray]:
    if not subject.implementation.entry.can_learn(subject.task.name):
        raise NotChecked(f"it does not claim {subject.task.name}")
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    seen = []
    with quiet(), global_random_state(1):
        for seed in range(3):
            try:
                seen.append(subject.build(subject.seed + seed).predict(subject.table[0]))
            except Exception:
                raise NotChecked("predict raises before fit") from None
    return seen


def _weight_size(subject: Subject) -> float | None:
    """Return the largest deviation of any array of weights at the start; None where no parameters are shown."""
    if not subject.first.can(Capability.PARAMETERS):
        return 0.01  # not shown: only the plateau is seen
    with quiet(), global_random_state(1):
        arrays = [np.asarray(value, dtype=np.float64) for value in subject.build().get_parameters().values()]
    sizes = [float(np.sqrt(np.mean(array**2))) for array in arrays if array.size]
    return max(sizes) if sizes else None


def test_start_is_not_saturated(subject: Subject) -> None:
    """Hidden units are not saturated on every row at the start, or training works all the same."""
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    shares, outputs = [], []
    with quiet(), global_random_state(1):
        for seed in range(3):
            model = subject.build(subject.seed + seed)
            try:
                outputs.append(model.predict(subject.table[0]))
            except Exception:
                raise NotChecked("predict raises before fit") from None
            hidden = _hidden(subject, model)
            if hidden is not None:
                shares.append(_saturated(hidden))
    edge = [bool((np.minimum(np.abs(o), np.abs(1 - o)) < 1e-4).all()) for o in outputs]
    probability = subject.first.declaration.output == "probability"
    share = float(np.mean(shares)) if shares else 0.0
    if share < 0.9 and not (probability and all(edge) and not shares and np.ptp(np.concatenate(outputs)) > 0):
        if not shares:
            raise NotChecked("no hidden() and no parameters that could be read as layers")
        return
    learned = _mostly(subject)
    message = f"units are saturated at the start ({100 * share:.0f} % of hidden activations): their gradients vanish"
    if learned:
        subject.note(
            finding("XI03", message, where="start", severity="warning", saturated=share, seeds_that_learn=learned)
        )
        return
    raise Failed(finding("XI03", message, where="start", saturated=share, seeds_that_learn=0))


def _mostly(subject: Subject) -> int:
    """Return how many seeds learn the task, or 0 where fewer than half do: then the start is to blame."""
    runs = trials(subject)
    return runs.solved if runs.solved * 2 >= len(runs.runs) else 0


def _saturated(hidden: np.ndarray) -> float:
    """Return the share of activations at the edge of a bounded range; 0 for unbounded activations and for dead units."""
    high, low = float(hidden.max()), float(hidden.min())
    if high <= 1 + 1e-9 and low >= -1e-9:
        return float((np.minimum(hidden, 1 - hidden) < 2e-3).mean()) if high > 0.5 else 0.0
    if high <= 1 + 1e-9 and low >= -1 - 1e-9:
        return float((1 - np.abs(hidden) < 2e-3).mean())
    return 0.0
