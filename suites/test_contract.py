"""The contract: every member does what DESIGN asks of it, for every legal batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from xorbench.errors import ContractError
from xorbench.model import NEAR_MISSES, Capability
from xorbench.verify.gradients.groups import is_bias
from xorbench.verify.losses import FAMILIES, crossed, value
from xorbench.verify.misreading import misreadings
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, global_random_state, quiet

Answer = TypeVar("Answer")


def examples(subject: Subject) -> settings:
    """Return Hypothesis settings for a check: derandomised, so that a seed and a number of examples say which ones ran."""
    return settings(
        max_examples=subject.examples,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def test_predict_answers_every_batch(subject: Subject) -> None:
    """predict returns one number per row for any number of rows, and the same for a row whatever the batch's length."""
    rows, labels = subject.table
    with quiet(), global_random_state(1):
        model = subject.build()
        if not model.can(Capability.STEP) and model.can(Capability.FIT) and "fit" not in subject.hung:
            model.fit(rows, labels, 5)

        @examples(subject)
        @given(count=st.integers(1, 9), start=st.integers(0, 15))
        def property_(count: int, start: int) -> None:
            batch = rows[(np.arange(count) + start) % len(rows)]
            outputs = _for_size(lambda: model.predict(batch), "predict", count)
            if not np.isfinite(outputs).all():
                raise Failed(
                    finding("XA06", f"predict returned {outputs.tolist()} for {batch.tolist()}", where="predict")
                )

        model.predict(rows)  # what raises here raises always
        property_()


def _for_size(call: Callable[[], Answer], member: str, count: int) -> Answer:
    """Make a call that worked for the table; an exception now is about the number of rows."""
    try:
        return call()
    except (Failed, NotChecked, ContractError):
        raise
    except Exception as error:
        message = f"{member} works for the table and raises {type(error).__name__} for {count} row{'s' if count > 1 else ''}: {error}"
        raise Failed(finding("XA01", message[:400], where=member, rows=count)) from error


def test_step_takes_every_batch(subject: Subject) -> None:
    """step takes any number of rows up to max_rows, keeps the parameters finite and returns one number or None."""
    subject.need(Capability.STEP)
    rows, labels = subject.table
    usual = subject.batch_rows(4)
    for count in dict.fromkeys(subject.batch_rows(n) for n in (4, 1, 2, 3, 7)):
        with quiet(), global_random_state(1):
            model = subject.build()
            chosen = np.arange(count) % len(rows)
            if count == usual:
                loss = model.step(rows[chosen], labels[chosen])
            else:
                loss = _for_size(functools.partial(model.step, rows[chosen], labels[chosen]), "step", count)
            if loss is not None and not np.isfinite(loss):
                message = f"step on {count} rows returned a loss of {loss}"
                raise Failed(finding("XA06", message, where="step", rows=count, loss=loss))
            if model.can(Capability.PARAMETERS):
                for name, array in model.get_parameters().items():
                    if not np.isfinite(array).all():
                        message = f"{name} is not finite after one step on {count} rows"
                        raise Failed(finding("XA06", message, where=name, rows=count))


def test_parameters_round_trip(subject: Subject) -> None:
    """set_parameters takes: what get_parameters then returns is it, the names stay, and predict follows."""
    subject.need(Capability.PARAMETERS)
    from xorbench.verify.gradients.lab import Lab

    lab = subject.once("lab", lambda: Lab(subject))
    with quiet(), global_random_state(1):
        model = lab.fresh()
        before = model.get_parameters()
        moved = {name: np.asarray(array, dtype=np.float64) + 0.25 for name, array in before.items()}
        model.set_parameters(moved)
        after = model.get_parameters()
        if list(after) != list(before):
            message = f"the parameters' names changed between calls: {list(before)} became {list(after)}"
            raise Failed(finding("XA01", message, where="get_parameters"))
        for name, array in after.items():
            if array.shape != before[name].shape:
                message = f"set_parameters changed the shape of {name} from {before[name].shape} to {array.shape}"
                raise Failed(finding("XA01", message, where="set_parameters"))
            digits = 2e-3 if array.dtype.itemsize == 2 else 1e-5
            if np.abs(array - moved[name]).max(initial=0.0) > digits * (1 + np.abs(moved[name]).max(initial=0.0)):
                message = f"set_parameters does not take: {name} was set and reads back differently"
                raise Failed(
                    finding("XA01", message, where="set_parameters", set=moved[name].ravel()[:3], got=array.ravel()[:3])
                )


def test_outputs_follow_parameters(subject: Subject) -> None:
    """Other parameters give other outputs: what get_parameters shows is what predict uses."""
    subject.need(Capability.PARAMETERS)
    from xorbench.verify.gradients.lab import Lab

    lab = subject.once("lab", lambda: Lab(subject))
    rows = subject.table[0]
    with quiet(), global_random_state(1):
        model = lab.fresh()
        seen = []
        for point in lab.points.values():
            model.set_parameters(point)
            seen.append(model.predict(rows))
    if all(np.array_equal(seen[0], other) for other in seen[1:]):
        flat = np.ptp(seen[0]) == 0
        if flat:
            message = f"the output is {seen[0][0]:g} for every row, whatever the parameters"
            raise Failed(finding("XC03", message, where="output", outputs=seen[0]))
        if set(np.unique(seen[0])) <= {-1.0, 0.0, 1.0}:
            raise NotChecked("the outputs are labels, which three points of the parameter space need not change")
        message = "set_parameters does not take: predict gives the same outputs at three different points"
        raise Failed(finding("XA01", message, where="set_parameters", outputs=seen[0]))


def test_reported_loss_is_the_loss(subject: Subject) -> None:
    """step returns the loss of its batch before the update: the declared one, or that of loss()."""
    subject.need(Capability.STEP)
    rows, labels = subject.table
    count = subject.batch_rows(4)
    declaration = subject.first.declaration
    reported: list[float] = []
    own: list[float] = []
    of_kind: dict[str, list[tuple[float, float]]] = {kind: [] for kind in FAMILIES}
    broadcast: dict[str, list[float]] = {}
    misread: dict[str, list[float]] = {}
    weights: list[float] = []
    with quiet(), global_random_state(1):
        model = subject.build()
        for turn in range(8):
            chosen = (np.arange(count) + turn * (count < len(rows))) % len(rows)
            before = _values(model, rows[chosen], labels[chosen])
            outputs = model.predict(rows[chosen])
            for family, of_pairs in crossed(outputs, labels[chosen], declaration).items():
                broadcast.setdefault(family, []).append(of_pairs)
            for taken in misreadings(outputs, labels[chosen], declaration):
                misread.setdefault(taken.said, []).append(taken.value)
            if model.can(Capability.PARAMETERS):
                weights.append(_squares(model.get_parameters()))
            if model.can(Capability.LOSS):
                own.append(model.loss(rows[chosen], labels[chosen]))
            loss = model.step(rows[chosen], labels[chosen])
            if loss is None:
                if not own or declaration.loss_kind not in FAMILIES:
                    raise NotChecked("step returns None, and loss() has no declared kind to be held against")
                reported.append(own[-1])
            else:
                reported.append(loss)
            after = _values(model, rows[chosen], labels[chosen])
            for kind in FAMILIES:
                of_kind[kind].append((before[kind], after[kind]))
            for _ in range((4, 2, 3, 5, 1, 6, 2, 4)[turn]):  # uneven: what happens every so many steps is met
                model.step(rows[chosen], labels[chosen])
    seen = np.array(reported)
    if not np.isfinite(seen).all():
        raise NotChecked("the reported loss is not finite along the way")
    alike = any(
        _same(seen, column) or _proportional(seen, column) is not None
        for pairs in of_kind.values()
        for column in np.array(pairs).T
    )
    pairwise = next((pairs for pairs in broadcast.values() if _proportional(seen, np.array(pairs)) is not None), None)
    if count > 1 and not alike and pairwise is not None:
        message = f"the loss is that of every output against every target: ({count},) against ({count}, 1) became ({count}, {count})"
        raise Failed(finding("XD02", message, where="loss", returned=seen, every_pair=pairwise))
    if declaration.loss_kind == "own" or (own and declaration.loss_kind is None):
        if own and not _same(seen, np.array(own)) and not _same_later(subject, seen):
            raise Failed(
                finding(
                    "XA05",
                    "step does not return what loss() says of the same batch",
                    where="step",
                    returned=seen,
                    loss=own,
                )
            )
        return
    kinds = [declaration.loss_kind] if declaration.loss_kind in FAMILIES else list(FAMILIES)
    for kind in kinds:
        pairs = np.array(of_kind[str(kind)])  # (8, 2)
        for column, lag in ((0, ""), (1, "after the update")):
            if _same(seen, pairs[:, column]):
                if lag:
                    subject.note(
                        finding(
                            "XA05", "the loss is the one after the update, not before it", where="step", severity="note"
                        )
                    )
                return
            factor = _proportional(seen, pairs[:, column])
            if factor is not None and declaration.loss_kind is None:
                return
            if factor is not None:
                _scaled(subject, str(kind), factor, count)
                return
    for said, values in misread.items():
        # A loss that an output allows at some steps only is none that was computed at all of them.
        if len(values) == len(seen) and (_same(seen, np.array(values)) or _proportional(seen, np.array(values))):
            raise Failed(finding("XD03", said, where="output", returned=seen))
    if declaration.loss_kind is None:
        if np.ptp(seen) == 0 and np.ptp(np.array(of_kind["mse"])) > 1e-6:
            raise Failed(
                finding(
                    "XA05",
                    f"the reported loss is {seen[0]:g} at every step while the outputs change",
                    where="step",
                    returned=seen,
                )
            )
        raise NotChecked("the reported loss is none of the known kinds; declare loss_kind, or give loss()")
    if layers := _other_while_training(model.instance):
        raise NotChecked(
            f"it has layers that work otherwise while they train ({layers}): predict cannot tell that loss"
        )
    expected = np.array(of_kind[str(declaration.loss_kind)])[:, 0]
    held = np.array(weights)
    if len(held) == len(seen) and np.ptp(held) > 1e-2 * held.max() and _proportional(seen - expected, held) is not None:
        return  # a penalty on the weights stands beside it
    message = f"the returned loss is not the declared {declaration.loss_kind} of the batch"
    raise Failed(finding("XA05", message, where="step" if not own else "loss", returned=seen, recomputed=expected))


def _squares(parameters: Mapping[str, np.ndarray]) -> float:
    """Return the sum of squares of all parameters but the biases, which a penalty leaves out as a rule."""
    return sum(float(np.sum(array.astype(np.float64) ** 2)) for name, array in parameters.items() if not is_bias(name))


def _other_while_training(instance: object) -> str:
    """Name the layers of PyTorch modules in an object's attributes that depend on train() and eval()."""
    found: dict[str, None] = {}
    for held in [instance, *getattr(instance, "__dict__", {}).values()]:
        modules = getattr(held, "modules", None)
        if callable(modules) and isinstance(getattr(held, "training", None), bool):
            found |= dict.fromkeys(type(module).__name__ for module in modules())
    return ", ".join(name for name in found if "BatchNorm" in name or "Dropout" in name or name == "RReLU")


def _values(model: object, rows: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    outputs = model.predict(rows)  # type: ignore[attr-defined]
    return {kind: value(kind, outputs, labels, model.declaration) for kind in FAMILIES}  # type: ignore[attr-defined]


def _same(seen: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.all(np.abs(seen - expected) <= 2e-4 * np.abs(expected) + 1e-6))


def _same_later(subject: Subject, seen: np.ndarray) -> bool:
    """Whether step returns what loss() says after the update."""
    rows, labels = subject.table
    count = subject.batch_rows(4)
    with quiet(), global_random_state(1):
        model = subject.build()
        for turn in range(len(seen)):
            chosen = (np.arange(count) + turn * (count < len(rows))) % len(rows)
            loss = model.step(rows[chosen], labels[chosen])
            if loss is None or abs(loss - model.loss(rows[chosen], labels[chosen])) > 2e-4 * abs(loss) + 1e-6:
                return False
            for _ in range(4):
                model.step(rows[chosen], labels[chosen])
    subject.note(finding("XA05", "the loss is the one after the update, not before it", where="step", severity="note"))
    return True


def _proportional(seen: np.ndarray, expected: np.ndarray) -> float | None:
    square = float(expected @ expected)
    if square == 0 or np.ptp(expected) <= 1e-6 * np.abs(expected).max():
        return None
    factor = float(seen @ expected) / square
    return factor if np.all(np.abs(seen - factor * expected) <= 2e-4 * np.abs(seen).max()) and factor > 0 else None


def _scaled(subject: Subject, kind: str, factor: float, count: int) -> None:
    usual = (0.5, 2.0, float(count), 1 / count, count / 2, 2 / count)
    message = f"the returned loss is {factor:.4g} times the declared {kind}"
    if any(abs(factor / other - 1) < 1e-3 for other in usual):
        subject.note(finding("XM13", message + ": another kind of the same family", where="loss", ratio=factor))
        return
    raise Failed(finding("XA05", message, where="loss", ratio=factor))


def test_hidden_has_one_row_per_input(subject: Subject) -> None:
    """hidden returns one array of n rows per hidden layer."""
    subject.need(Capability.HIDDEN)
    rows = subject.table[0]
    with quiet(), global_random_state(1):
        layers = subject.build().hidden(rows)
    if not layers:
        raise NotChecked("hidden() returned no layer")
    for number, layer in enumerate(layers, start=1):
        if not np.isfinite(layer).all():
            raise Failed(finding("XA06", f"hidden layer {number} is not finite", where="hidden"))


def test_gradients_have_the_parameters_shapes(subject: Subject) -> None:
    """gradients returns one array per parameter, under its name and in its shape."""
    subject.need(Capability.GRADIENTS)
    from xorbench.verify.gradients.lab import Lab

    lab = subject.once("lab", lambda: Lab(subject))
    rows, labels = subject.table
    lab.gradient_member(lab.points["start"], (rows[: subject.batch_rows(4)], labels[: subject.batch_rows(4)]))


def test_members_are_spelled_right(subject: Subject) -> None:
    """No member is a near miss of one in the contract."""
    instance = subject.first.instance
    if type(instance).__module__.startswith("xorbench.adapters"):
        raise NotChecked("the members are those of an adapter")
    there = set(vars(type(instance)))
    for near, meant in NEAR_MISSES.items():
        if near in there and callable(getattr(instance, near, None)) and not callable(getattr(instance, meant, None)):
            message = f"it has {near}(), which nothing calls; was {meant}() meant?"
            subject.note(finding("XA01", message, where=near, severity="note"))
