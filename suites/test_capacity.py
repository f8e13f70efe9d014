"""Capacity: what the architecture can express at all."""

from __future__ import annotations

import numpy as np

from xorbench.model import Capability, Model
from xorbench.records import Severity
from xorbench.tasks import GATES, NOT_SEPARABLE, get_task
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.spectrum import spectrum
from xorbench.verify.subject import Subject, global_random_state, quiet
from xorbench.verify.training import train, trials

from .test_starts import _hidden, _weights_differ

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def _states(subject: Subject, gate: str | None = None) -> list[tuple[Model, np.ndarray]]:
    """Return models at several states (seeds, trained and not) with their outputs on the table."""
    rows, labels = subject.table
    if gate is not None:
        labels = get_task(gate).table()[1]
    states = []
    with quiet(), global_random_state(1):
        for seed in range(3):
            model = subject.build(subject.seed + seed)
            if model.can(Capability.STEP) and "step" not in subject.hung:
                states.append((model, model.predict(rows)))
                for _ in range(30):
                    for part in subject.chunks(rows, labels):
                        model.step(*part)
            elif model.can(Capability.FIT) and "fit" not in subject.hung:
                model.fit(rows, labels, 100)
            else:
                raise NotChecked("nothing is trained: the answer is built in")
            states.append((model, model.predict(rows)))
        if subject.first.can(Capability.PARAMETERS):
            from xorbench.verify.gradients.lab import Lab

            lab = subject.once("lab", lambda: Lab(subject))
            for point in lab.points.values():
                model = lab.fresh()
                model.set_parameters(point)
                states.append((model, model.predict(rows)))
    return states


def _two_bits(subject: Subject) -> None:
    if subject.table[0].shape != (4, 2):
        raise NotChecked("the task is not a gate of two inputs")


def test_output_can_move(subject: Subject) -> None:
    """The output is not one constant whatever the row, the seed and the training."""
    states = subject.once("states", lambda: _states(subject))
    outputs = np.concatenate([output for _, output in states])
    labels = subject.table[1]
    if np.ptp(outputs) <= 1e-12 and labels.any() and not labels.all() and not _moves_for_and(subject):
        message = f"the output is {outputs[0]:g} for every row, seed and state: it cannot move"
        raise Failed(finding("XC03", message, where="output", output=float(outputs[0]), states=len(states)))
    runs = trials(subject).runs
    stuck = all(run.solved_at is None and np.ptp(run.outputs) <= 1e-12 for run in runs)
    if stuck and labels.any() and not labels.all() and _ignores_and(subject):
        message = f"after training every one of {len(runs)} seeds answers {runs[0].outputs[0]:g} to every row: the output unit is dead"
        raise Failed(finding("XC03", message, where="output", seeds=len(runs)))


def _ignores_and(subject: Subject) -> bool:
    """Whether training on AND leaves one constant answer exactly as it was: not even the output's bias moves."""
    if subject.table[0].shape != (4, 2):
        return False
    runs = [train(subject, subject.seed + seed, 500, task=get_task("and")) for seed in range(2)]
    return all(np.ptp(run.outputs) <= 1e-12 and np.array_equal(run.outputs, run.first_outputs) for run in runs)


def _moves_for_and(subject: Subject) -> bool:
    """Whether the output moves when AND is trained: an additive learner has one answer to XOR and is not stuck."""
    if subject.table[0].shape != (4, 2):
        return False
    states = subject.once("states of and", lambda: _states(subject, "and"))
    return bool(np.ptp(np.concatenate([output for _, output in states])) > 1e-12)


def test_hidden_layer_bends(subject: Subject) -> None:
    """The output is not additive in the inputs: the interaction contrast of the logits is not zero."""
    _two_bits(subject)
    entry = subject.implementation.entry
    if not entry.can_learn("xor"):
        raise NotChecked(f"it does not claim XOR: {entry.why_never or 'declared so'}")
    declaration = subject.first.declaration
    if declaration.output == "label":
        _by_spectrum(subject, "the outputs are labels")
        return
    states = subject.once("states", lambda: _states(subject))
    if np.ptp(np.concatenate([output for _, output in states])) <= 1e-9:
        states = subject.once("states of and", lambda: _states(subject, "and"))
    unit = float(np.finfo(np.float32 if _single(states) else np.float64).eps)
    contrasts, sizes, doubts = [], [], []
    for _, outputs in states:
        logits = _logits(outputs, declaration.output, declaration.targets)
        if not np.isfinite(logits).all():
            continue
        # A probability near 1 holds few digits of its logit.
        doubt = 8 * unit * float(_doubts(outputs, logits, declaration.output).sum())
        if doubt > 1e-4 * (1 + np.abs(logits).max()):
            continue
        doubts.append(doubt)
        contrasts.append(abs(logits[0] - logits[1] - logits[2] + logits[3]))
        sizes.append(np.abs(logits).max())
    if not contrasts:
        _by_spectrum(subject, "the outputs are saturated at every state")
    if max(sizes) == 0 or np.ptp(np.concatenate([outputs for _, outputs in states])) == 0:
        raise NotChecked("the outputs are constant at every state")
    rounding = 1e-9 if not _single(states) else 1e-5
    found = zip(contrasts, sizes, doubts, strict=True)
    if all(contrast <= rounding * (1 + size) + doubt for contrast, size, doubt in found):
        if max(np.ptp(output) for _, output in states) <= 1e-9:
            raise NotChecked("every row gets the same answer")
        message = (
            f"the output is additive in its inputs: g00 - g01 - g10 + g11 is {max(contrasts):.1g} at {len(contrasts)} states, "
            "so there is no effective hidden non-linearity"
        )
        subject.additive = True
        raise Failed(finding("XC01", message, where="architecture", contrast=max(contrasts), states=len(contrasts)))


def _single(states: list[tuple[Model, np.ndarray]]) -> bool:
    """Whether the outputs are computed in float32."""
    outputs = np.concatenate([output for _, output in states])
    return bool(np.array_equal(outputs.astype(np.float32).astype(np.float64), outputs)) and bool(
        (outputs % 0.125 != 0).any()
    )


def _logits(outputs: np.ndarray, kind: str, targets: tuple[float, float]) -> np.ndarray:
    if kind == "probability" and outputs.min() >= 0 and outputs.max() <= 1:
        with np.errstate(divide="ignore"):  # 0 and 1 have no finite logit: the state is left out
            logits: np.ndarray = np.log(outputs / (1 - outputs))
        return logits
    if kind == "score" and targets == (-1.0, 1.0) and np.abs(outputs).max() < 1:
        # A squashed score: the contrast is zero on one of the two scales if the model is additive.
        squashed = np.arctanh(outputs)
        plain = abs(outputs[0] - outputs[1] - outputs[2] + outputs[3])
        return outputs if plain < abs(squashed[0] - squashed[1] - squashed[2] + squashed[3]) else squashed
    return outputs


def _doubts(outputs: np.ndarray, logits: np.ndarray, kind: str) -> np.ndarray:
    """Return |output · d logit / d output|, by which rounding grows, where :func:`_logits` made logits of outputs."""
    if logits is outputs:
        return np.asarray(np.abs(outputs))
    doubts: np.ndarray = 1 / (1 - outputs) if kind == "probability" else np.abs(outputs) / (1 - outputs**2)
    return doubts


def _by_spectrum(subject: Subject, why: str) -> None:
    learned = spectrum(subject)
    separable = [name for name in GATES if name not in NOT_SEPARABLE]
    known = [share for name in separable if (share := learned[name]) is not None]
    hard = [learned[name] for name in NOT_SEPARABLE]
    if len(known) >= 8 and all(share > 0.0 for share in known) and all(share == 0.0 for share in hard):
        message = f"it learns {len(known)} linearly separable gates of {len(known)} and neither XOR nor XNOR: it is additive in its inputs"
        subject.additive = True
        raise Failed(finding("XC01", message, where="architecture", spectrum=learned))
    raise NotChecked(f"{why}, and the gate spectrum is not that of a linear model")


def test_no_unit_is_dead(subject: Subject) -> None:
    """No hidden unit is constant on every row, at the start and after training, for every seed."""
    dead_by_seed: list[np.ndarray] = []
    rows, labels = subject.table
    if not subject.trainable:
        raise NotChecked("nothing is trained: the answer is built in")
    with quiet(), global_random_state(1):
        for seed in range(4):
            model = subject.build(subject.seed + seed)
            if model.can(Capability.STEP) and "step" not in subject.hung:
                for _ in range(40):
                    for part in subject.chunks(rows, labels):
                        model.step(*part)
            hidden = _hidden(subject, model)
            if hidden is None:
                raise NotChecked("no hidden() and no parameters that could be read as layers")
            if model.can(Capability.PARAMETERS) and not _weights_differ(model):
                raise NotChecked("all weights of a layer are one number: the units are copies, see the starts suite")
            dead_by_seed.append(np.ptp(hidden, axis=0) <= 1e-9 * (1 + np.abs(hidden).max()))
    width = len(dead_by_seed[0])
    if any(len(dead) != width for dead in dead_by_seed):
        raise NotChecked("the number of hidden units changes")
    always = np.all(dead_by_seed, axis=0)
    sometimes = np.any(dead_by_seed, axis=0)
    if not sometimes.any():
        return
    runs = trials(subject)
    if any(run.diverged for run in runs.runs):
        raise NotChecked("training diverges, which kills units too")
    units = (np.flatnonzero(always if always.any() else sometimes) + 1).tolist()
    share = float(np.mean(dead_by_seed))
    listed = ", ".join(map(str, units))
    message = f"hidden unit {listed} is" if len(units) == 1 else f"hidden units {listed} are"
    message += " constant on every row"
    if always.any() and runs.solved == 0:
        raise Failed(
            finding("XC02", message + " for every seed", where="hidden layer 1", units=units, dead_share=share)
        )
    severity: Severity = "warning" if always.any() else "note"
    said = " for every seed" if always.any() else f" for some seeds ({100 * share:.0f} % of all units)"
    subject.note(
        finding("XC02", message + said, where="hidden layer 1", severity=severity, units=units, dead_share=share)
    )


def test_origin_is_free(subject: Subject) -> None:
    """The output for a row of zeros can be trained: there is a bias."""
    _two_bits(subject)
    if subject.first.declaration.reads == "sequence":
        raise NotChecked("a sequence of zeros says nothing about a bias")
    at_origin = []
    elsewhere: list[np.ndarray] = []
    rows = CORNERS
    for gate in ("nor", "or"):
        labels = get_task(gate).table()[1]
        with quiet(), global_random_state(1):
            for seed in range(2):
                model = subject.build(subject.seed + seed)
                if model.can(Capability.STEP) and "step" not in subject.hung:
                    for _ in range(60):
                        for part in subject.chunks(rows, labels):
                            model.step(*part)
                elif model.can(Capability.FIT) and "fit" not in subject.hung:
                    try:
                        model.fit(rows, labels, 200)
                    except Exception as error:  # some learners refuse a class that has a single row
                        raise NotChecked(f"fit() on {gate} raised {type(error).__name__}") from error
                else:
                    raise NotChecked("nothing is trained: the answer is built in")
                outputs = model.predict(rows)
                at_origin.append((float(outputs[0]), float(np.ptp(outputs))))
                elsewhere.append(outputs[1:])
    values = np.array([value for value, _ in at_origin])
    told_apart = float(np.ptp(np.array(elsewhere), axis=0).max()) > 1e-3  # the data matters to the other rows
    if np.ptp(values) <= 1e-9 and told_apart and max(spread for _, spread in at_origin) > 1e-6:
        message = (
            f"the output for (0, 0) is {values[0]:.6g} whatever is trained, while others move: there is no bias, and no gate "
            "with a true first row can be learned"
        )
        raise Failed(finding("XC04", message, where="bias", output_at_origin=float(values[0])))
