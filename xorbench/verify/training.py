"""Training for verification: does it learn, how many seeds, what became of those that did not?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xorbench.model import Capability, Model
from xorbench.tasks import Task
from xorbench.verify.outcomes import NotChecked
from xorbench.verify.subject import Subject, global_random_state, quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.bool_]

#: Seconds that the trials of one check may take, shared by its seeds; a slow model gets fewer seeds and a note says so.
SECONDS = 2.5


#: Budgets are counted in the time of this process, so that a busy machine does not shorten them.
clock = time.process_time


@dataclass(frozen=True)
class Trial:
    """One training run."""

    seed: int
    solved_at: int | None  # iterations (steps, or epochs of a fit-only model); None: not in the budget
    budget: int
    outputs: Rows  # (n,) at the end
    first_outputs: Rows  # (n,) before training; NaN where predict cannot be asked yet
    losses: tuple[float, ...]  # a few along the way, by the harness: mean squared distance to the target codes
    diverged: bool
    bad_loss_at: int | None = None  # first iteration whose reported loss was not finite while the outputs were

    @property
    def moving(self) -> bool:
        """Whether the last half still brought the outputs at least 2 % nearer to their targets."""
        half = self.losses[len(self.losses) // 2] if len(self.losses) > 3 else np.inf
        return bool(self.losses and self.losses[-1] < 0.98 * half)


def distance(model: Model, outputs: Rows, labels: Labels) -> float:
    """Return how far outputs are from their targets: mean squared distance, logits as probabilities."""
    if model.declaration.output == "logit":
        outputs = 0.5 * (1 + np.tanh(outputs / 2))
        return float(np.mean((outputs - labels) ** 2))
    return float(np.mean((outputs - model.encode(labels).ravel()) ** 2))


def margin(model: Model, outputs: Rows, labels: Labels) -> float:
    """Return how much higher true rows are answered than false ones, 1 being the distance of the targets."""
    if model.declaration.output == "label" or labels.all() or not labels.any():
        return 1.0
    false, true = model.declaration.targets
    scale = 1.0 if model.declaration.output == "logit" else true - false
    return float(outputs[labels].mean() - outputs[~labels].mean()) / scale


def apart(model: Model, outputs: Rows, labels: Labels) -> bool:
    """Whether true and false rows are answered clearly apart: on a plateau rounding decides, and that is no learning."""
    return margin(model, outputs, labels) > 0.02


def train(
    subject: Subject,
    seed: int,
    budget: int,
    *,
    task: Task | None = None,
    rate: float | None = None,
    look: int = 10,
    deadline: float | None = None,
) -> Trial:
    """Train one fresh model until the task is solved (and stays so for as long again, 300 steps at most) or the budget is spent."""
    task = task or subject.task
    with quiet(), global_random_state(seed + 1000):
        model = subject.build(seed, learning_rate=rate)
        if model.can(Capability.STEP) and "step" not in subject.hung:
            return _stepped(subject, model, task, seed, budget, look, deadline)
        if model.can(Capability.FIT) and "fit" not in subject.hung:
            return _fitted(subject, model, task, seed, budget)
    raise NotChecked("it cannot be trained: neither step() nor fit()")


def _stepped(
    subject: Subject, model: Model, task: Task, seed: int, budget: int, look: int, deadline: float | None
) -> Trial:
    rows, labels = task.evaluation() if task.finite else _small_evaluation(task)
    batches = task.batches(seed)
    first = _try_predict(model, rows)
    solved_at: int | None = None
    kept, first_margin = 0, 0.0
    bad_loss_at: int | None = None
    losses: list[float] = []
    keep_every = max(look, budget // 60)
    outputs = first
    done = 0
    while done < budget:
        for part in subject.chunks(*next(batches)):
            reported = model.step(*part)
            done += 1
            if reported is not None and not np.isfinite(reported) and bad_loss_at is None:
                bad_loss_at = done
        if done % look and done < budget:
            continue
        outputs = model.predict(rows)
        if not np.isfinite(outputs).all():
            return Trial(seed, None, budget, outputs, first, tuple(losses), diverged=True)
        if done % keep_every < look:
            losses.append(distance(model, outputs, labels))
        if bool((model.decide(outputs) == labels).mean() >= task.threshold) and apart(model, outputs, labels):
            if solved_at is None:
                solved_at, first_margin = done, margin(model, outputs, labels)
            kept += 1
            # On its way to a plateau a network may pass through the right answers: watch it as long again.
            if kept >= 3 and done >= solved_at + min(solved_at, 300):
                if margin(model, outputs, labels) >= 0.9 * min(first_margin, 1.0):
                    break
                solved_at, kept = None, 0
        else:
            solved_at, kept = None, 0
        if deadline is not None and clock() > deadline:
            break
    return Trial(seed, solved_at, budget, outputs, first, tuple(losses), diverged=False, bad_loss_at=bad_loss_at)


def _small_evaluation(task: Task) -> tuple[Rows, Labels]:
    rows, labels = task.evaluation()
    return rows[:256], labels[:256]


def _fitted(subject: Subject, model: Model, task: Task, seed: int, budget: int) -> Trial:
    rows, labels = task.evaluation()
    train_rows, train_labels = next(task.batches(seed))
    first = _try_predict(model, rows)
    model.fit(train_rows, train_labels, budget)
    outputs = model.predict(rows)
    solved = bool((model.decide(outputs) == labels).mean() >= task.threshold) and apart(model, outputs, labels)
    finite = bool(np.isfinite(outputs).all())
    return Trial(seed, budget if solved else None, budget, outputs, first, (), diverged=not finite)


def _try_predict(model: Model, rows: Rows) -> Rows:
    try:
        return model.predict(rows)
    except Exception:  # before fit, predict may raise
        return np.full(len(rows), np.nan)


@dataclass(frozen=True)
class Trials:
    """Several seeds on one task."""

    task: Task
    runs: tuple[Trial, ...]

    @property
    def solved(self) -> int:
        """How many solved it."""
        return sum(run.solved_at is not None for run in self.runs)


def seconds_per_unit(subject: Subject) -> float:
    """Return what one step (or a fit of 20 epochs, per epoch) costs, after a first one."""

    def measure() -> float:
        with quiet(), global_random_state(1):
            model = subject.build()
            rows, labels = next(subject.task.batches(0))
            if model.can(Capability.STEP) and "step" not in subject.hung:
                part = next(subject.chunks(rows, labels))
                model.step(*part)
                costs = []
                for _ in range(7):
                    start = clock()
                    model.step(*part)
                    model.predict(subject.table[0])
                    costs.append(clock() - start)
                return min(costs)
            if not model.can(Capability.FIT):
                raise NotChecked("it cannot be trained: neither step() nor fit()")
            start = clock()
            model.fit(rows, labels, 20)
            return (clock() - start) / 20

    return subject.once("seconds per unit", measure)


def budget_for(subject: Subject) -> int:
    """Return the iterations of a trial: 4,000 for what is fast, fewer for what is slow."""
    cost = seconds_per_unit(subject)
    return 4000 if cost < 2.5e-4 else 2000 if cost < 1e-3 else 500


def gradient_is_wrong(subject: Subject) -> bool:
    """Whether the gradient study found an error: then training proves little, and is cut short."""
    for key in ("update study", "member study"):
        fine, study = subject.memo.get(key, (False, None))
        if fine and study is not None and study.wrong:
            return True
    return False


def trials(subject: Subject) -> Trials:
    """Train seeds on the subject's task: four at first, up to twelve while none solves it."""

    def run() -> Trials:
        if not subject.trainable:
            raise NotChecked("it cannot be trained: neither step() nor fit()")
        budget = budget_for(subject)
        start = clock()
        runs: list[Trial] = []
        for seed in range(12):
            runs.append(train(subject, subject.seed + seed, budget))
            solved = sum(trial.solved_at is not None for trial in runs)
            spent = clock() - start
            told = subject.failed or gradient_is_wrong(subject)
            enough = len(runs) >= 4 and (solved > 0 or spent > SECONDS or told)
            if enough or spent > 3 * SECONDS:
                break
        return Trials(subject.task, tuple(runs))

    return subject.once("trials", run)


def longer(subject: Subject) -> Trial:
    """Train one seed with ten times the budget, for at most a few seconds."""

    def run() -> Trial:
        budget = 10 * budget_for(subject)
        deadline = clock() + 2 * SECONDS
        stuck = trials(subject).runs
        best = min(stuck, key=lambda trial: trial.losses[-1] if trial.losses else np.inf)
        return train(subject, best.seed, budget, look=50, deadline=deadline)

    return subject.once("longer", run)
