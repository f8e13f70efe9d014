"""Invariances: what must not matter does not."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xorbench.model import Capability, Model
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, global_random_state, quiet

from .test_contract import examples


def _warm(subject: Subject) -> Model:
    """Return a model that has been trained a little, so that it has something to answer."""
    rows, labels = subject.table
    model = subject.build()
    if model.can(Capability.STEP) and "step" not in subject.hung:
        for part in subject.chunks(rows, labels):
            model.step(*part)
    elif model.can(Capability.FIT) and "fit" not in subject.hung:
        model.fit(rows, labels, 5)
    return model


def _tolerance(outputs: np.ndarray) -> float:
    # Batched and single products may round differently in float32.
    return 1e-5 * (1 + float(np.abs(outputs).max(initial=0.0)))


def test_rows_are_independent(subject: Subject) -> None:
    """A batch gives each row what it gets alone, in any order."""
    rows = subject.table[0]
    with quiet(), global_random_state(1):
        model = _warm(subject)
        alone = np.array([model.predict(row[None, :])[0] for row in rows])

        @examples(subject)
        @given(chosen=st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=8))
        def property_(chosen: list[int]) -> None:
            together = model.predict(rows[chosen])
            if not np.isfinite(together).all():
                message = f"predict returned {together.tolist()} for rows {chosen}"
                raise Failed(finding("XA06", message, where="predict", rows=chosen))
            worst = float(np.abs(together - alone[chosen]).max())
            if not worst <= _tolerance(alone):
                rule = "XD05" if model.declaration.reads == "sequence" else "XA04"
                message = f"rows {chosen} answered together differ by {worst:.3g} from the same rows one by one"
                raise Failed(
                    finding(rule, message, where="predict", rows=chosen, together=together, alone=alone[chosen])
                )

        property_()


def test_predict_changes_nothing(subject: Subject) -> None:
    """predict can be asked twice: same answer, same parameters, and the next step is the same."""
    rows = subject.table[0]
    with quiet(), global_random_state(1):
        model = _warm(subject)
        before = model.get_parameters() if model.can(Capability.PARAMETERS) else {}
        first = model.predict(rows)
        second = model.predict(rows)
        if not np.array_equal(first, second, equal_nan=True):
            rule = "XD05" if model.declaration.reads == "sequence" else "XA03"
            worst = float(np.nanmax(np.abs(first - second)))
            if worst > 1e-9:
                message = f"the same rows asked twice give answers {worst:.3g} apart"
                raise Failed(finding(rule, message, where="predict", first=first, second=second))
        after = model.get_parameters() if before else {}
        for name, array in before.items():
            if not np.array_equal(array, after[name], equal_nan=True):
                raise Failed(finding("XA03", f"predict changes the parameter {name}", where="predict", parameter=name))
    _same_step(subject)


def _same_step(subject: Subject) -> None:
    if not subject.first.can(Capability.STEP) or "step" in subject.hung:
        return
    rows, labels = subject.table
    seen = []
    for asks in (0, 0, 3):
        with quiet(), global_random_state(1):
            model = _warm(subject)
            for _ in range(asks):
                model.predict(rows[::-1])
            for part in subject.chunks(rows, labels):
                model.step(*part)
            seen.append(model.predict(rows))
    if np.abs(seen[0] - seen[1]).max() > 1e-9:
        return  # two runs differ anyway: the determinism suite says why
    if np.abs(seen[0] - seen[2]).max() > 1e-9:
        message = f"a step after three predictions differs by {np.abs(seen[0] - seen[2]).max():.3g} from one without"
        raise Failed(finding("XA03", message, where="predict"))


def test_arguments_are_untouched(subject: Subject) -> None:
    """No member changes the arrays that it is given."""
    rows, labels = subject.table
    count = subject.batch_rows(len(rows))
    with quiet(), global_random_state(1):
        model = subject.build()
        calls: list[str] = []
        if model.can(Capability.FIT) and "fit" not in subject.hung:
            fresh = subject.build()
            _untouched(fresh, "fit", rows.copy(), fresh.encode(labels), 3)
            if not model.can(Capability.STEP):
                model = fresh
        if model.can(Capability.STEP) and "step" not in subject.hung:
            calls.append("step")
        calls += [name for name in ("loss", "gradients") if model.can(Capability(name))]
        for name in calls:
            _untouched(model, name, rows[:count].copy(), model.encode(labels[:count]))
        for name in ("predict", "hidden"):
            if model.can(Capability(name)):
                _untouched(model, name, rows.copy())


def _untouched(model: Model, name: str, *arguments: Any) -> None:
    arrays = [argument for argument in arguments if isinstance(argument, np.ndarray)]
    copies = [array.copy() for array in arrays]
    model.call(name, *arguments)
    for array, copy in zip(arrays, copies, strict=True):
        if array.shape != copy.shape or not np.array_equal(array, copy):
            which = "inputs" if array is arrays[0] else "targets"
            raise Failed(finding("XA02", f"{name} changes the {which} that it is given", where=name))


def test_outputs_stay_in_their_range(subject: Subject) -> None:
    """Outputs declared a probability lie in 0 to 1, labels are the codes, at the start and after training."""
    model = subject.first
    rows, labels = subject.table
    with quiet(), global_random_state(1):
        trained = _warm(subject)
        for _ in range(20):
            if trained.can(Capability.STEP) and "step" not in subject.hung:
                for part in subject.chunks(rows, labels):
                    trained.step(*part)
        outputs = trained.predict(rows)
    declaration = model.declaration
    if declaration.output == "probability" and (outputs.min() < -1e-9 or outputs.max() > 1 + 1e-9):
        if declaration.loss_kind in ("mse", "sse", "half_sse") and declaration.targets == (0.0, 1.0):
            # A linear output trained on squared error against 0 and 1: its threshold of 0.5 is right all the same.
            message = f"outputs reach {outputs.min():.3g} to {outputs.max():.3g}: declare output = 'score'"
            subject.note(finding("XD03", message, where="output", severity="note", outputs=outputs))
            return
        message = (
            f"outputs reach {outputs.min():.3g} to {outputs.max():.3g}, but output is declared a probability (the default): "
            "a threshold of 0.5 does not fit"
        )
        learned = _threshold_matters(subject)
        raise Failed(finding("XD03", message, where="output", outputs=outputs, **learned))
    if declaration.output == "label":
        codes = set(declaration.targets)
        strange = sorted(set(np.unique(outputs)) - codes)
        if strange and not set(np.unique(outputs)) <= {0.0, 1.0}:
            message = f"predict returned {strange[:3]}, but labels are declared as {sorted(codes)}"
            raise Failed(finding("XD03", message, where="output", outputs=outputs))
    if declaration.output == "score" or declaration.output == "logit":
        return
    if not np.isfinite(outputs).all():
        raise NotChecked("the outputs are not finite")


def _threshold_matters(subject: Subject) -> dict[str, Any]:
    """Return the shares of rows right after training with thresholds 0.5 and 0."""
    from xorbench.verify.training import trials

    try:
        runs = trials(subject).runs
    except NotChecked:
        return {}
    labels = subject.table[1]
    return {
        f"right at threshold {threshold:g}": float(
            np.mean([((run.outputs > threshold) == labels).mean() for run in runs])
        )
        for threshold in (0.5, 0.0)
    }
