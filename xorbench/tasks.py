"""Tasks: what a network is asked to learn, when it has learned it, and who provably cannot.

Labels are booleans throughout; a model's own codes for false and true are applied at its boundary
(:class:`xorbench.model.Model`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xorbench.errors import UsageError, unknown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Labels = NDArray[np.bool_]

Coding = Literal["01", "bipolar", "onehot"]

# Truth tables in the row order 00, 01, 10, 11. The names are those of the sixteen functions of two inputs.
GATES: dict[str, tuple[int, int, int, int]] = {
    "false": (0, 0, 0, 0),
    "and": (0, 0, 0, 1),
    "x1-and-not-x2": (0, 0, 1, 0),
    "x1": (0, 0, 1, 1),
    "not-x1-and-x2": (0, 1, 0, 0),
    "x2": (0, 1, 0, 1),
    "xor": (0, 1, 1, 0),
    "or": (0, 1, 1, 1),
    "nor": (1, 0, 0, 0),
    "xnor": (1, 0, 0, 1),
    "not-x2": (1, 0, 1, 0),
    "x1-or-not-x2": (1, 0, 1, 1),
    "not-x1": (1, 1, 0, 0),
    "not-x1-or-x2": (1, 1, 0, 1),
    "nand": (1, 1, 1, 0),
    "true": (1, 1, 1, 1),
}

#: The two gates that no line separates (Minsky & Papert, Perceptrons, 1969).
NOT_SEPARABLE = ("xor", "xnor")

#: A table of more rows than this is sampled instead of enumerated.
MAX_TABLE_ROWS = 1024

_LINEAR = (
    "no single threshold unit and no stack of linear layers: parity is not linearly separable (Minsky & Papert 1969)"
)
_NOBODY = "none known among networks with a hidden layer"


@dataclass(frozen=True, kw_only=True)
class Task:
    """Inputs, their labels, and what "solved" means.

    ``batches`` is the training stream: a finite task repeats its truth table, a large one draws fresh rows. ``table``
    is the whole truth table, where there is one. ``evaluation`` is what accuracy is measured on: the table, or a sample
    that is the same in every call.
    """

    name: str
    summary: str
    inputs: int  # features per row; for a sequence the number of time steps at evaluation
    solved: str
    cannot: str  # who provably cannot solve it
    reads: Literal["vector", "sequence"] = "vector"
    linear: bool = False  # linearly separable
    draw: Callable[[np.random.Generator, int], tuple[Rows, Labels]]  # (generator, rows) -> rows, labels
    draw_evaluation: Callable[[np.random.Generator, int], tuple[Rows, Labels]] | None = None  # where not like training
    enumerate: Callable[[], tuple[Rows, Labels]] | None = None
    batch_rows: int = 128
    pool_rows: int | None = None  # a fixed training set of this many rows, drawn once; None: fresh rows for ever
    threshold: float = 1.0  # share of evaluation rows that must be right
    evaluation_rows: int = 2048

    @property
    def finite(self) -> bool:
        """Whether the task has a truth table."""
        return self.enumerate is not None

    def table(self) -> tuple[Rows, Labels]:
        """Return the whole truth table: inputs ``(n, d)`` float64 and labels ``(n,)`` bool.

        Raises UsageError for a task that is sampled.
        """
        if self.enumerate is None:
            raise UsageError(f"task {self.name!r} has no finite truth table; use evaluation() or batches()")
        return self.enumerate()

    def evaluation(self) -> tuple[Rows, Labels]:
        """Return the rows that accuracy is measured on, the same in every call."""
        import numpy as np

        if self.enumerate is not None:
            return self.enumerate()
        draw = self.draw_evaluation or self.draw
        return draw(np.random.default_rng(0xE7A1), self.evaluation_rows)

    def batches(self, seed: int) -> Iterator[tuple[Rows, Labels]]:
        """Yield training batches for ever; for a finite task each is the whole table, one epoch.

        The stream depends on `seed` alone. A task with a pool draws it first and then passes over it in a new random
        order each epoch.
        """
        import numpy as np

        if self.enumerate is not None:
            rows, labels = self.enumerate()
            while True:
                yield rows.copy(), labels.copy()
        # A stream of its own: the model's seed must not give the model the data's random numbers.
        generator = np.random.default_rng([seed, 0xBA7C4])
        while self.pool_rows is None:
            yield self.draw(generator, self.batch_rows)
        yield from self._pool_batches(generator, self.pool_rows)

    def _pool_batches(self, generator: np.random.Generator, pool_rows: int) -> Iterator[tuple[Rows, Labels]]:
        # Sequences of one length per batch: draw the pool batch by batch, shuffle the order of batches per epoch.
        count = -(-pool_rows // self.batch_rows)
        pool = [self.draw(generator, self.batch_rows) for _ in range(count)]
        while True:
            for index in generator.permutation(count):
                rows, labels = pool[index]
                yield rows.copy(), labels.copy()


def encode(bits: NDArray[np.bool_], coding: Coding) -> Rows:
    """Encode bits ``(n, k)`` as 0/1 ``(n, k)``, -1/+1 ``(n, k)`` or one-hot pairs ``(n, 2k)`` (false first)."""
    import numpy as np

    if coding == "bipolar":
        return np.where(bits, 1.0, -1.0)
    if coding == "onehot":
        return np.stack([~bits, bits], axis=-1).reshape(len(bits), -1).astype(np.float64)
    return bits.astype(np.float64)


def all_bits(count: int) -> NDArray[np.bool_]:
    """Return all rows of `count` bits in counting order, most significant bit first: ``(2**count, count)``."""
    import numpy as np

    numbers = np.arange(2**count)[:, None]  # (2^k, 1)
    return ((numbers >> np.arange(count)[::-1]) & 1).astype(bool)  # (2^k, k)


def _boolean(
    name: str,
    bits: int,
    function: Callable[[NDArray[np.bool_]], Labels],
    *,
    coding: Coding = "01",
    summary: str,
    cannot: str = _NOBODY,
    linear: bool = False,
    batch_rows: int = 128,
) -> Task:
    def draw(generator: np.random.Generator, rows: int) -> tuple[Rows, Labels]:
        drawn = generator.integers(0, 2, size=(rows, bits)).astype(bool)
        return encode(drawn, coding), function(drawn)

    def enumerate_() -> tuple[Rows, Labels]:
        table = all_bits(bits)
        return encode(table, coding), function(table)

    finite = 2**bits <= MAX_TABLE_ROWS
    return Task(
        name=name,
        summary=summary,
        inputs=bits * (2 if coding == "onehot" else 1),
        solved=f"all {2**bits} rows right" if finite else "every row of 2,048 fresh rows right",
        cannot=cannot,
        linear=linear,
        draw=draw,
        enumerate=enumerate_ if finite else None,
        batch_rows=batch_rows,
    )


def _gate(name: str, *, coding: Coding = "01", task_name: str | None = None) -> Task:
    column = GATES[name]

    def function(bits: NDArray[np.bool_]) -> Labels:
        import numpy as np

        labels: Labels = np.array(column, dtype=bool)[bits[:, 0] * 2 + bits[:, 1]]
        return labels

    linear = name not in NOT_SEPARABLE
    said = {"01": "", "bipolar": ", inputs -1 and +1", "onehot": ", each input as a pair (not x, x)"}[coding]
    return _boolean(
        task_name or name,
        2,
        function,
        coding=coding,
        summary=f"the two-input gate {name.upper()}{said}",
        cannot=_NOBODY if linear else _LINEAR,
        linear=linear,
    )


def _parity(bits: NDArray[np.bool_]) -> Labels:
    odd: Labels = bits.sum(axis=1) % 2 == 1
    return odd


def _parity_task(name: str, bits: int) -> Task:
    return _boolean(
        name, bits, _parity, summary=f"odd number of ones among {bits} bits", cannot=_LINEAR if bits > 1 else _NOBODY
    )


def _sparse_parity(name: str, bits: int, support: int) -> Task:
    if not 1 <= support <= bits:
        raise UsageError(f"task {name!r}: K must be 1 to N, got N={bits}, K={support}")
    return _boolean(
        name,
        bits,
        lambda rows: _parity(rows[:, :support]),
        coding="bipolar",
        summary=f"parity of the first {support} of {bits} bits, inputs -1 and +1; the others are distraction",
        cannot=_LINEAR if support > 1 else _NOBODY,
        batch_rows=32,
    )


def _noisy() -> Task:
    deviation = 0.15

    def draw(generator: np.random.Generator, rows: int) -> tuple[Rows, Labels]:
        bits = generator.integers(0, 2, size=(rows, 2)).astype(bool)
        return encode(bits, "01") + generator.normal(0.0, deviation, size=(rows, 2)), _parity(bits)

    return Task(
        name="xor-noisy",
        summary=f"clusters around the four corners of XOR, normal noise of deviation {deviation}",
        inputs=2,
        solved="99 % of 2,048 fresh rows right (the best possible classifier gets 99.9 %)",
        cannot=_LINEAR,
        draw=draw,
        threshold=0.99,
    )


def _sequence_parity(name: str, shortest: int, longest: int) -> Task:
    if not 1 <= shortest <= longest:
        raise UsageError(f"task {name!r}: lengths must be 1 or more and rising")

    def draw(generator: np.random.Generator, rows: int) -> tuple[Rows, Labels]:
        length = int(generator.integers(shortest, longest + 1))
        bits = generator.integers(0, 2, size=(rows, length)).astype(bool)
        return encode(bits, "01"), _parity(bits)

    def enumerate_() -> tuple[Rows, Labels]:
        bits = all_bits(longest)
        return encode(bits, "01"), _parity(bits)

    fixed = shortest == longest
    lengths = f"length {longest}" if fixed else f"one length per batch, drawn from {shortest} to {longest}"
    finite = fixed and 2**longest <= MAX_TABLE_ROWS

    def draw_longest(generator: np.random.Generator, rows: int) -> tuple[Rows, Labels]:
        bits = generator.integers(0, 2, size=(rows, longest)).astype(bool)
        return encode(bits, "01"), _parity(bits)

    return Task(
        name=name,
        summary=f"odd number of ones in a sequence of bits read one at a time, {lengths}",
        inputs=longest,
        solved=f"all {2**longest} sequences right"
        if finite
        else f"every one of 2,048 fresh strings of length {longest} right",
        cannot="a recurrent net whose state is a sum of its inputs, and a linear recurrence with positive decay "
        "(Grazzi et al. 2024)",
        reads="sequence",
        draw=draw,
        draw_evaluation=draw_longest,
        enumerate=enumerate_ if finite else None,
        pool_rows=100_000,
    )


#: A size in the name of a task, spelled in one way only, since records bear the name.
_SIZE = r"(0|[1-9][0-9]{0,5})"

_PATTERNS: tuple[tuple[re.Pattern[str], str, Callable[..., Task]], ...] = (
    (re.compile(rf"parity-{_SIZE}"), "parity-N", lambda name, n: _parity_task(name, _bits(name, n))),
    (
        re.compile(rf"sparse-parity-{_SIZE}-{_SIZE}"),
        "sparse-parity-N-K",
        lambda name, n, k: _sparse_parity(name, _bits(name, n), int(k)),
    ),
    (
        re.compile(rf"sequence-parity-{_SIZE}\.\.{_SIZE}"),
        "sequence-parity-1..T",
        lambda name, a, b: _sequence_parity(name, _bits(name, a, 1000), _bits(name, b, 1000)),
    ),
    (
        re.compile(rf"sequence-parity-{_SIZE}"),
        "sequence-parity-T",
        lambda name, t: _sequence_parity(name, _bits(name, t, 1000), _bits(name, t, 1000)),
    ),
)


def _bits(name: str, text: str, most: int = 1000) -> int:
    number = int(text)
    if not 1 <= number <= most:
        raise UsageError(f"task {name!r}: {text} is out of range, sizes are 1 to {most}")
    return number


def task_names() -> list[str]:
    """Return the names of the fixed tasks, then the patterns of the families."""
    return [*GATES, "xor-bipolar", "xor-onehot", "xor-noisy", *(shape for _, shape, _ in _PATTERNS)]


def get_task(name: str) -> Task:
    """Return the task of this name, such as ``"xor"``, ``"parity-5"`` or ``"sequence-parity-1..50"``.

    Raises UsageError with the nearest right spelling.
    """
    if name in GATES:
        return _gate(name)
    if name == "xor-noisy":
        return _noisy()
    for coding in ("bipolar", "onehot"):
        if name == f"xor-{coding}":
            return _gate("xor", coding=coding, task_name=name)
    for pattern, _, make in _PATTERNS:
        if match := pattern.fullmatch(name):
            made: Task = make(name, *match.groups())
            return made
    raise unknown("task", name, task_names())
