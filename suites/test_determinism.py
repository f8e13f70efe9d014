"""Determinism: the seed controls the run, and nothing else does."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np

from xorbench.model import Capability, Model
from xorbench.verify.global_state import TORCH_DEFAULTS, changed, random_states, settings
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, global_random_state, quiet

#: Some right engines are reproducible to the last bit only.
NOISE = 1e-9


def _train(subject: Subject, seed: int, model: Model | None = None, steps: int = 5) -> np.ndarray:
    """Return what a model of this seed shows after a few steps: outputs, and parameters where they are shown."""
    rows, labels = subject.table
    model = model or subject.build(seed)
    if model.can(Capability.STEP) and "step" not in subject.hung:
        for _ in range(steps):
            for part in subject.chunks(rows, labels):
                model.step(*part)
    elif model.can(Capability.FIT) and "fit" not in subject.hung:
        model.fit(rows, labels, 20)
    shown = [model.predict(rows)]
    if model.can(Capability.PARAMETERS):
        shown += [np.asarray(array, dtype=np.float64).ravel() for array in model.get_parameters().values()]
    return np.concatenate(shown)


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    if one.shape != other.shape:
        return float("inf")
    both = np.isfinite(one) & np.isfinite(other)
    if not np.array_equal(np.isfinite(one), np.isfinite(other)):
        return float("inf")
    return float(np.abs(one[both] - other[both]).max(initial=0.0))


def test_same_seed_same_run(subject: Subject) -> None:
    """Two models of one seed are the same, whatever ran before: seed 0 too."""
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    has_seed = subject.implementation.accepts("seed")
    for seed in (subject.seed + 1, 0):
        with quiet(), global_random_state(1):
            first = _train(subject, seed)
            random.random()
            np.random.random(3)  # noqa: NPY002
            torch: Any = sys.modules.get("torch")
            if torch:
                torch.rand(3)
            second = _train(subject, seed)
        apart = _apart(first, second)
        if apart <= NOISE:
            if apart > 0:
                note = finding(
                    "XI04",
                    f"two runs of seed {seed} differ in the last bits, by {apart:.1g}",
                    severity="note",
                    difference=apart,
                )
                subject.note(note)
            continue
        with quiet(), global_random_state(1):
            third = _train(subject, seed)
        with quiet(), global_random_state(1):
            fourth = _train(subject, seed)
        by_global = _apart(third, fourth) <= NOISE
        if not has_seed:
            said = "the global random state" if by_global else "nothing that a caller can set"
            subject.note(
                finding(
                    "XI04", f"the factory takes no seed; its result depends on {said}", where="factory", severity="note"
                )
            )
            return
        if by_global:
            message = f"the result of seed {seed} depends on the global random state: on what ran before"
            raise Failed(finding("XI05", message, where="seed", difference=apart))
        other = _repeatable(subject, seed + 7)
        what = f"seed {seed} is treated as no seed" if seed == 0 and other else f"two runs of seed {seed} differ"
        raise Failed(finding("XI04", f"{what}, by {apart:.3g}", where="seed", difference=apart))


def _repeatable(subject: Subject, seed: int) -> bool:
    with quiet(), global_random_state(1):
        return _apart(_train(subject, seed), _train(subject, seed)) <= NOISE


def test_seeds_differ(subject: Subject) -> None:
    """Another seed is another start."""
    if not subject.implementation.accepts("seed"):
        raise NotChecked("the factory takes no seed")
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    with quiet(), global_random_state(1):
        seen = [_train(subject, seed) for seed in (0, 1, 2, 3)]
    if not all(np.isfinite(one).all() for one in seen):
        raise NotChecked("what the runs show is not finite")
    if all(_apart(seen[0], other) == 0 for other in seen[1:]):
        if not _start_varies(subject):
            raise NotChecked("every seed starts from the same constant, and nothing else in the run is random")
        if not subject.first.can(Capability.PARAMETERS) and _trained_alike(subject, seen):
            raise NotChecked(
                "all seeds end in the same answers, and no parameters are shown; get_parameters() would tell"
            )
        message = "seeds 0, 1, 2 and 3 give one and the same run: the seed is accepted and not used"
        raise Failed(finding("XI04", message, where="seed"))
    for seed in (1, 2, 3):
        if _apart(seen[0], seen[seed]) == 0:
            if not subject.first.can(Capability.PARAMETERS) and _trained_alike(subject, seen):
                continue  # two searches may find one answer
            raise Failed(finding("XI04", f"seeds 0 and {seed} give the same run", where="seed"))


def _start_varies(subject: Subject) -> bool:
    """Whether a fresh model has numbers in it that look drawn: not all parameters constant, not one answer to every row."""
    with quiet():
        model = subject.build()
        try:
            if model.can(Capability.PARAMETERS):
                return any(np.ptp(array) > 0 for array in model.get_parameters().values() if array.size)
            return bool(np.ptp(model.predict(subject.table[0])) > 0)
        except Exception:  # nothing is there before the first step or fit
            return False


def _trained_alike(subject: Subject, seen: list[np.ndarray]) -> bool:
    """Whether the runs end where any run must: on the targets themselves, as exact solvers and tables do."""
    labels = subject.table[1]
    outputs = seen[0][: len(labels)]
    return bool(np.array_equal(subject.first.decide(outputs), labels)) or subject.first.declaration.output == "label"


def test_instances_share_nothing(subject: Subject) -> None:
    """Training one model leaves another of the same kind as it is."""
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    with quiet(), global_random_state(1):
        plain = _train(subject, subject.seed)
    with quiet(), global_random_state(1):
        one = subject.build()
        rows = subject.table[0]
        try:
            before = one.predict(rows)
        except Exception:
            before = None  # not before fit
        other = subject.build(subject.seed + 5)
        _train(subject, subject.seed + 5, other)
        if before is not None and _apart(before, one.predict(rows)) > NOISE:
            raise Failed(
                finding(
                    "XI05", "training one instance changes the outputs of another: they share state", where="instances"
                )
            )
    with quiet(), global_random_state(1):
        again = _train(subject, subject.seed)
    if _apart(plain, again) > NOISE and subject.implementation.accepts("seed"):
        message = "a run of the same seed differs after another instance was trained: they share state"
        raise Failed(finding("XI05", message, where="instances", difference=_apart(plain, again)))


def test_global_state_is_left_alone(subject: Subject) -> None:
    """Random states, thread counts, default dtype, environment and error handling are what they were."""
    rows = subject.table[0]
    with quiet(), global_random_state(1):
        before = random_states()
        model = subject.build()
        by_constructor = changed(before, random_states())
        if subject.trainable:
            _train(subject, subject.seed, model)
        model.predict(rows)
        by_training = [name for name in changed(before, random_states()) if name not in by_constructor]
    # Settings stay changed once they are: they are held against what they were before the target was imported.
    lasting = changed({**TORCH_DEFAULTS, **subject.settings_before}, settings())
    if not by_constructor and not by_training and not lasting:
        return
    said = []
    if by_constructor:
        said.append(f"the constructor changes {', '.join(by_constructor)}")
    if by_training:
        said.append(f"training changes {', '.join(by_training)}")
    if lasting:
        said.append(f"{', '.join(lasting)} is no longer what it was before the import")
    names = [*by_constructor, *by_training, *lasting]
    # What draws from the global generator was found by test_same_seed_same_run; reseeding it is rude, not wrong.
    subject.note(finding("XI05", "; ".join(said), where="global state", severity="warning", changed=names))
