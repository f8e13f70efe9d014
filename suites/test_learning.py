"""Learning: it reaches the task from most seeds, or it is said why not."""

from __future__ import annotations

import numpy as np

from xorbench.model import Capability
from xorbench.records import Finding
from xorbench.tasks import GATES, get_task
from xorbench.verify.influence import unseen_rows
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.spectrum import spectrum
from xorbench.verify.subject import Subject, global_random_state, quiet
from xorbench.verify.training import SECONDS, Trial, clock, gradient_is_wrong, longer, train, trials

#: A step that has shrunk below this share of a fresh one moves nothing any more; AdaGrad's is at 1e-2 by then.
DEAD_STEP = 1e-4


def test_learns_the_task(subject: Subject) -> None:
    """At least one of up to twelve seeds learns the task; right programs fail some seeds, all of them only if hopeless.

    A program that learns from half of its seeds fails twelve of twelve once in 4,096 checks.
    """
    entry = subject.implementation.entry
    runs = trials(subject)
    total = len(runs.runs)
    task = subject.task.name
    bad = next((run for run in runs.runs if run.bad_loss_at is not None and np.isfinite(run.outputs).all()), None)
    if bad is not None:
        message = f"the reported loss is not finite at iteration {bad.bad_loss_at:,} of seed {bad.seed}, while the outputs are"
        raise Failed(finding("XA06", message, where="step", iteration=bad.bad_loss_at, outputs=bad.outputs))
    if not entry.can_learn(task):
        if runs.solved:
            message = f"{task} was declared never to be learned ({entry.why_never or 'by a theorem'}), and {runs.solved} of {total} seeds learned it"
            raise Failed(finding("XD01", message, where="declaration", solved=runs.solved, seeds=total))
        subject.remarks["expected"] = f"{task} is not learned, as expected: {entry.why_never or 'declared'}"
        return
    if runs.solved == total:
        return
    if runs.solved:
        message = f"{runs.solved} of {total} seeds learned {task} within {runs.runs[0].budget:,} iterations; the others are unlucky starts"
        subject.note(finding("XT03", message, where="seeds", solved=runs.solved, seeds=total))
        return
    if any(run.diverged for run in runs.runs):
        _diverging(subject, runs.runs)
    if (forgetful := _forgets(subject, runs.runs)) is not None:
        raise Failed(forgetful)
    if not subject.first.can(Capability.STEP) and (unseen := unseen_rows(subject)) is not None:
        raise Failed(unseen)
    if gradient_is_wrong(subject):
        raise NotChecked(f"no seed of {total} learned {task}; the gradient is wrong, which comes first")
    if subject.additive:
        raise NotChecked(f"no seed of {total} learned {task}; it is additive in its inputs, which comes first")
    if subject.failed:
        raise NotChecked(f"no seed of {total} learned {task}; another check has found an error, which comes first")
    if _rate_too_large(subject, runs.runs):
        return
    more = longer(subject)
    if more.solved_at is not None or more.moving:
        said = f"seed {more.seed} does at {more.solved_at:,}" if more.solved_at is not None else "the loss still falls"
        message = f"no seed of {total} learned {task} within {runs.runs[0].budget:,} iterations, but {said}: it needs a larger budget"
        subject.note(finding("XT01", message, where="budget", seeds=total, solved_at=more.solved_at))
        return
    if (left := _left_of_a_step(subject, more.seed, runs.runs[0].budget)) is not None and left < DEAD_STEP:
        message = (
            f"no seed of {total} learned {task}: after {runs.runs[0].budget:,} iterations a step is {left:.2g} of what a fresh "
            "model makes from the same parameters, so the learning rate has died out"
        )
        raise Failed(finding("XT04", message, where="learning rate", share_of_a_fresh_step=left))
    if _gradient_is_right(subject):
        message = f"no seed of {total} learned {task} within {runs.runs[0].budget:,} iterations; the gradient is right"
        subject.note(finding("XT01", message, where="budget", seeds=total))
        return
    outputs = np.mean([run.outputs for run in runs.runs], axis=0)
    message = f"no seed of {total} learned {task} within {runs.runs[0].budget:,} iterations, nor one with {more.budget:,}, and nothing moves any more"
    raise Failed(finding("XT04", message, where="learning", seeds=total, mean_outputs=outputs))


def _left_of_a_step(subject: Subject, seed: int, budget: int) -> float | None:
    """Return how large a step is after training, as a share of a fresh model's at the same parameters; None: not told."""
    if not subject.first.can(Capability.PARAMETERS) or not subject.first.can(Capability.STEP):
        return None
    part = next(subject.chunks(*subject.table))
    sizes = []
    with quiet(), global_random_state(1):
        old, fresh = subject.build(seed), subject.build(seed)
        for _ in range(budget):
            old.step(*part)
        point = old.get_parameters()
        fresh.set_parameters(point)
        for model in (old, fresh):
            model.step(*part)
            after = model.get_parameters()
            sizes.append(max(float(np.abs(after[name] - point[name]).max(initial=0.0)) for name in point))
    return sizes[0] / sizes[1] if sizes[1] > 0 and np.isfinite(sizes).all() else None


def _gradient_is_right(subject: Subject) -> bool:
    fine, study = subject.memo.get("update study", (False, None))
    return bool(
        fine
        and study
        and study.shown
        and not study.unchecked
        and not any(one.severity == "error" for one in study.findings)
    )


def _diverging(subject: Subject, runs: tuple[Trial, ...]) -> None:
    """XT02 where a smaller rate learns or stays finite; XA06 where it is not the rate that does it."""
    count = sum(run.diverged for run in runs)
    message = f"{count} of {len(runs)} seeds diverge: outputs or losses are not finite"
    rate = subject.first.declaration.learning_rate
    if not subject.rate_is_settable or not rate:
        message += "; a smaller rate was not tried: the factory names no learning_rate"
        raise Failed(finding("XT02", message, where="learning rate", diverged=count, seeds=len(runs)))
    tried = {smaller: train(subject, subject.seed, 1000, rate=rate / smaller) for smaller in (10, 100, 1000)}
    for smaller, run in tried.items():
        if run.solved_at is not None or (smaller == 10 and not run.diverged):
            fate = "learns" if run.solved_at is not None else "stays finite"
            message += f"; at rate {rate / smaller:g} it {fate}"
            raise Failed(finding("XT02", message, where="learning rate", diverged=count, seeds=len(runs)))
    message += f"; at rate {rate / 10:g} it diverges too, and no smaller one learns"
    raise Failed(finding("XA06", message, where="training", diverged=count, seeds=len(runs)))


def _rate_too_large(subject: Subject, runs: tuple[Trial, ...]) -> bool:
    """Raise XT02 where the loss rises at the given rate and a tenth of it learns."""
    rate = subject.first.declaration.learning_rate
    if not subject.rate_is_settable or not rate:
        return False
    deadline = clock() + 2 * SECONDS
    for smaller in (rate / 10, rate / 100):
        tried = (train(subject, run.seed, 4000, rate=smaller, deadline=deadline) for run in runs[:3])
        if any(run.solved_at is not None for run in tried):
            message = (
                f"no seed of {len(runs)} learns at rate {rate:g}, and at {smaller:g} it does: the steps are too large"
            )
            raise Failed(finding("XT02", message, where="learning rate", rate=rate, works=smaller))
    return False


def _forgets(subject: Subject, runs: tuple[Trial, ...]) -> Finding | None:
    """XD04 by the outputs: one target code everywhere, that of the row seen last, from every seed."""
    labels = subject.table[1]
    if len(labels) != 4 or len(runs[0].outputs) != 4:
        return None
    decided = np.array([subject.first.decide(run.outputs) for run in runs])
    sure = np.array([_sure(subject, run.outputs) for run in runs])
    if not sure.all() or np.ptp(decided.astype(int), axis=1).any():
        return None
    if (decided[:, -1] == labels[-1]).all() and subject.implementation.accepts("seed"):
        # All rows get the last row's answer: does another last row give another answer?
        flipped = _last_row_rules(subject)
        if flipped:
            message = "after training every row has the answer of the row seen last: earlier rows are forgotten"
            return finding("XD04", message, where="rows", outputs=runs[0].outputs)
    return None


def _sure(subject: Subject, outputs: np.ndarray) -> bool:
    false, true = subject.first.declaration.targets
    if subject.first.declaration.output == "logit":
        return bool((np.abs(outputs) > 1.0).all())
    return bool((np.minimum(np.abs(outputs - false), np.abs(outputs - true)) < 0.25 * (true - false)).all())


def _last_row_rules(subject: Subject) -> bool:
    rows, labels = subject.table
    answers = []
    for order in ([0, 3, 1, 2], [1, 2, 0, 3]):
        with quiet(), global_random_state(1):
            model = subject.build()
            if model.can(Capability.STEP):
                for _ in range(500):
                    for part in subject.chunks(rows[order], labels[order]):
                        model.step(*part)
            else:
                model.fit(rows[order], labels[order], 2000)
            decided = model.classify(rows)
            answers.append((np.ptp(decided.astype(int)) == 0, bool(decided[0]), bool(labels[order[-1]])))
    return all(same and answer == last for same, answer, last in answers)


def test_gate_spectrum(subject: Subject) -> None:
    """Each of the sixteen gates that it is supposed to learn is learned by a seed; the share of seeds is printed."""
    learned = spectrum(subject)
    entry = subject.implementation.entry
    missing = []
    for name, share in learned.items():
        if share is None or not entry.takes(name):
            continue
        if share and not entry.can_learn(name):
            message = f"{name} was declared never to be learned, and {100 * share:.0f} % of the seeds learned it"
            raise Failed(finding("XD01", message, where=name, share=share))
        if share == 0 and entry.can_learn(name) and get_task(name).linear:
            missing.append(name)
    declared = [name for name in missing if entry.learns != ("*",)]
    if declared:
        # It says that it learns these: try more seeds before it is held to that.
        still = [name for name in declared if not _learned_by_any(subject, name)]
        if still and len(still) < len(GATES):
            message = f"declared to learn {', '.join(still)}, and no seed did"
            raise Failed(finding("XT04", message, where=", ".join(still), gates=still))


def _learned_by_any(subject: Subject, name: str) -> bool:
    return any(
        train(subject, subject.seed + 10 + seed, 4000, task=get_task(name)).solved_at is not None for seed in range(4)
    )
