"""The subject of a verification: an implementation, ready to be built as often as a check needs."""

from __future__ import annotations

import contextlib
import functools
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from xorbench.model import MEMBERS, Capability, Model, missing_members
from xorbench.records import Finding
from xorbench.registry import Implementation, Option
from xorbench.tasks import Task, get_task
from xorbench.verify.global_state import settings
from xorbench.verify.outcomes import Failed, NotChecked

Made = TypeVar("Made")

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.bool_]


@dataclass
class Subject:
    """An implementation with the seed, device and number of examples of this verification."""

    implementation: Implementation
    task_name: str = ""
    seed: int = 0
    examples: int = 20
    device: str = "cpu"
    notes: list[Finding] = field(default_factory=list)  # findings that fail nothing
    remarks: dict[str, str] = field(default_factory=dict)  # facts for the result, such as the optimiser
    spectrum: dict[str, float | None] = field(default_factory=dict)  # gate -> share of seeds that learned it
    hung: set[str] = field(default_factory=set)  # members that did not return
    failed: bool = False  # a check has found an error: what training would show is not needed to say that it is wrong
    additive: bool = False  # found to have no effective hidden layer: no training helps
    memo: dict[str, Any] = field(default_factory=dict)
    settings_before: dict[str, Any] = field(default_factory=settings)  # of the process, before the target's import

    def once(self, key: str, make: Callable[[], Made]) -> Made:
        """Return what `make` made the first time this key was asked for; a failure is kept too."""
        if key not in self.memo:
            try:
                self.memo[key] = (True, make())
            except (NotChecked, Failed) as outcome:
                self.memo[key] = (False, outcome)
        fine, value = self.memo[key]
        if not fine:
            raise value
        made: Made = value
        return made

    def avoid(self, members: set[str]) -> None:
        """Do not call these members again: they hang."""
        self.hung = set(members)
        if "factory" in members:
            raise NotChecked("the factory gives no model")
        if "predict" in members:
            raise NotChecked("predict() hangs")

    @functools.cached_property
    def task(self) -> Task:
        """The task that the checks use: the one asked for, else XOR in the form that this implementation reads."""
        if self.task_name:
            return get_task(self.task_name)
        entry = self.implementation.entry
        for name in ("xor", "sequence-parity-2", "parity-2", "and"):
            if entry.takes(name):
                task = get_task(name)
                return get_task("sequence-parity-2") if name == "xor" and self._reads_sequence() else task
        return get_task("xor")

    def _reads_sequence(self) -> bool:
        try:
            return getattr(self.implementation.factory, "reads", "vector") == "sequence"
        except Exception:
            return False

    def build(self, seed: int | None = None, *, learning_rate: float | None = None, **options: Option) -> Model:
        """Return a fresh model of this seed, or of the verification's own."""
        with quiet():
            return self.implementation.build(
                inputs=self.task.inputs,
                seed=self.seed if seed is None else seed,
                device=self.device,
                learning_rate=learning_rate,
                **options,
            )

    @functools.cached_property
    def first(self) -> Model:
        """One model to read declarations and capabilities from; never trained."""
        return self.build()

    def need(self, *wanted: Capability) -> None:
        """Raise NotChecked with the member that would unlock the check."""
        missing = missing_members(self.first.instance)
        for capability in wanted:
            for member in MEMBERS[capability]:
                if member in self.hung:
                    raise NotChecked(f"{member}() hangs")
        lacking = [missing[capability] for capability in wanted if capability in missing]
        if lacking:
            raise NotChecked("; ".join(lacking))

    @property
    def trainable(self) -> bool:
        """Whether it can be trained at all."""
        return self.first.can(Capability.STEP) or self.first.can(Capability.FIT)

    @property
    def rate_is_settable(self) -> bool:
        """Whether the factory names `learning_rate`."""
        return self.implementation.accepts("learning_rate") and "learning_rate" not in self.implementation.options

    @functools.cached_property
    def table(self) -> tuple[Rows, Labels]:
        """Rows ``(n, d)`` and labels ``(n,)`` to probe with: the truth table, or 16 rows of a sampled task."""
        if self.task.finite:
            rows, labels = self.task.table()
            return (rows, labels) if len(rows) <= 16 else (rows[:16], labels[:16])
        rows, labels = self.task.draw(np.random.default_rng(self.seed), 16)
        return rows, labels

    def chunks(self, rows: Rows, labels: Labels) -> Iterator[tuple[Rows, Labels]]:
        """Split a batch into what one `step` of this model takes."""
        size = self.first.declaration.max_rows or len(rows)
        for start in range(0, len(rows), size):
            yield rows[start : start + size], labels[start : start + size]

    def batch_rows(self, wanted: int) -> int:
        """Return `wanted`, or the most rows that the model takes at once."""
        most = self.first.declaration.max_rows
        return wanted if most is None else min(wanted, most)

    def note(self, finding: Finding) -> None:
        """Keep a finding that fails nothing, once."""
        if finding not in self.notes:
            self.notes.append(finding)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence a stranger's warnings: they fail nothing."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def global_random_state(seed: int) -> Iterator[None]:
    """Set the global generators of random, NumPy and (where imported) torch to a state, and put the old one back."""
    torch: Any = sys.modules.get("torch")
    saved = (random.getstate(), np.random.get_state(), torch.random.get_rng_state() if torch else None)  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    if torch:
        torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(saved[0])
        np.random.set_state(saved[1])  # noqa: NPY002
        if torch:
            torch.random.set_rng_state(saved[2])
