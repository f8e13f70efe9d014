"""Many small networks trained by one compiled loop: straight-line code for one member, run over lanes of seeds.

The compiler gets the whole step of one network as scalar assignments (truth table and shapes are constants in it) in a
loop over :data:`LANES` neighbouring members, and makes vector instructions of it. Parameters, optimiser state and
counts of a block stay in the first-level cache for the whole training. Nothing is stored between layers: that is what a
program of whole-array operations spends its time on.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from xorbench.ensembles.lanes import elementwise
from xorbench.ensembles.looks import LARGEST_LOGIT, STREAK, SUSPECT, TO_75, TO_FIRST, needed
from xorbench.implementations.activations import LEAK
from xorbench.implementations.optimisers import RPROP, Adam

#: Members per block: enough for the widest vectors, few enough for the first-level cache.
LANES: Final = 128

#: Rows times units beyond which a program takes longer to compile than it saves.
MOST_UNITS: Final = 96


@dataclass(frozen=True, kw_only=True)
class Program:
    """What the compiled code depends on; equal programs share it."""

    table: tuple[tuple[float, ...], ...]  # rows of inputs
    labels: tuple[bool, ...]
    widths: tuple[int, ...]  # hidden layers
    activation: str
    loss: str
    optimiser: str  # sgd, momentum, adam, rprop
    learning_rate: float
    momentum: float
    dtype: str  # float32 or float64

    @property
    def parameters(self) -> int:
        """Number of parameters of one member."""
        sizes = (len(self.table[0]), *self.widths, 1)
        return sum((below + 1) * above for below, above in itertools.pairwise(sizes))

    @property
    def states(self) -> int:
        """Numbers that the optimiser keeps per parameter."""
        return {"sgd": 0, "momentum": 1, "adam": 2, "rprop": 2}[self.optimiser]

    @property
    def units(self) -> int:
        """Rows times units, which the length of the code goes with."""
        return len(self.table) * (sum(self.widths) + 1)


def source(program: Program) -> str:
    """Return the Python source of ``train(w, counts, start, stop)`` for this program.

    `w` ``((1 + states) * parameters, LANES)``, flat, holds parameters and then optimiser state; `counts`
    ``(4, LANES)`` int32, flat. Iterations `start` to `stop` - 1 are made, each looked at before its update.
    """
    return "\n".join(_Writer(program).lines())


@functools.lru_cache(maxsize=32)
def compiled(program: Program) -> Callable[..., None]:
    """Return the compiled ``train`` of this program; takes seconds the first time. Needs numba."""
    import numba
    import numpy as np

    space: dict[str, Any] = {"F": getattr(np, program.dtype), "I32": np.int32, "sqrt": np.sqrt}
    space.update(elementwise(program.dtype))
    exec(compile(source(program), "<fused ensemble>", "exec"), space)
    # Contraction lets a product and a sum round once (FMA); nothing is reordered.
    jitted: Callable[..., None] = numba.njit(nogil=True, fastmath={"contract"}, error_model="numpy")(space["train"])
    return jitted


class _Writer:
    """Writes the step of one member as scalar assignments."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.sizes = (len(program.table[0]), *program.widths, 1)
        self.index: dict[str, int] = {}
        for layer, (below, above) in enumerate(itertools.pairwise(self.sizes), start=1):
            for i, k in itertools.product(range(below), range(above)):
                self.index[f"W{layer}_{i}_{k}"] = len(self.index)
            for k in range(above):
                self.index[f"b{layer}_{k}"] = len(self.index)

    def lines(self) -> Iterator[str]:
        yield "def train(w, counts, start, stop):"
        yield "    for t in range(start, stop):"
        if self.program.optimiser == "adam":
            yield from self._indent(2, self._adam_scalars())
        yield f"        for s in range({LANES}):"
        yield from self._indent(3, self._member())

    def _indent(self, depth: int, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            yield "    " * depth + line

    def _member(self) -> Iterator[str]:
        for name, place in self.index.items():
            yield f"{name} = w[{place * LANES} + s]"
        yield "right, finite = F(0.0), True"
        started: set[str] = set()
        for row in range(len(self.program.table)):
            yield from self._row(row, started)
        yield from self._counts()
        for name, place in self.index.items():
            yield from self._update(name, place)

    def _row(self, row: int, started: set[str]) -> Iterator[str]:
        program, last = self.program, len(self.sizes) - 1
        below = [_Value.constant(number) for number in program.table[row]]
        activations = [below]
        for layer in range(1, last + 1):
            above = []
            for k in range(self.sizes[layer]):
                terms = [f"b{layer}_{k}"] + [
                    term for i, value in enumerate(below) if (term := value.times(f"W{layer}_{i}_{k}"))
                ]
                yield f"z{layer}_{k} = {' + '.join(terms)}"
                if layer < last:
                    yield f"a{layer}_{k} = {program.activation.replace('-', '_')}(z{layer}_{k})"
                above.append(_Value(f"a{layer}_{k}"))
            below = above
            activations.append(above)
        label = program.labels[row]
        yield f"finite = finite & (abs(z{last}_0) < F({LARGEST_LOGIT!r}))"
        yield f"p = sigmoid(z{last}_0)"
        yield f"right += F(1.0) if {'p > F(0.5)' if label else 'p <= F(0.5)'} else F(0.0)"
        yield f"e = p - F({float(label)})"
        rows = len(program.table)
        slope = "e" if program.loss == "bce" else "F(2.0) * e * (p * (F(1.0) - p))"
        yield f"d{last}_0 = ({slope}) * F({1.0 / rows!r})"
        for layer in range(last, 0, -1):
            for k in range(self.sizes[layer]):
                delta = f"d{layer}_{k}"
                yield self._accumulate(f"gb{layer}_{k}", delta, started)
                for i, value in enumerate(activations[layer - 1]):
                    if term := value.times(delta):
                        yield self._accumulate(f"gW{layer}_{i}_{k}", term, started)
            if layer > 1:
                for i in range(self.sizes[layer - 1]):
                    back = " + ".join(f"d{layer}_{k} * W{layer}_{i}_{k}" for k in range(self.sizes[layer]))
                    name = f"{layer - 1}_{i}"
                    yield f"d{name} = ({back}) * {_derivative(program.activation, name)}"

    def _accumulate(self, name: str, term: str, started: set[str]) -> str:
        if name in started:
            return f"{name} += {term}"
        started.add(name)
        return f"{name} = {term}"

    def _counts(self) -> Iterator[str]:
        rows = len(self.program.table)
        yield f"c = counts[{TO_75 * LANES} + s]"
        yield f"counts[{TO_75 * LANES} + s] = I32(t) if (c < 0) & (right >= F({needed(0.75, rows)})) else c"
        yield f"c = counts[{TO_FIRST * LANES} + s]"
        yield f"counts[{TO_FIRST * LANES} + s] = I32(t) if (c < 0) & (right == F({rows})) else c"
        yield f"c = counts[{STREAK * LANES} + s]"
        yield "c = I32(t) if c < 0 else c"
        yield f"counts[{STREAK * LANES} + s] = c if right == F({rows}) else I32(-1)"
        yield f"c = counts[{SUSPECT * LANES} + s]"
        yield f"counts[{SUSPECT * LANES} + s] = c if finite else I32(1)"

    def _update(self, name: str, place: int) -> Iterator[str]:
        program, gradient = self.program, f"g{name}"
        here, first, second = (f"w[{(place + i * program.parameters) * LANES} + s]" for i in range(3))
        rate = f"F({program.learning_rate!r})"
        if program.optimiser == "sgd":
            yield f"{here} = {name} - {rate} * {gradient}"
        elif program.optimiser == "momentum":
            yield f"v = F({program.momentum!r}) * {first} + {gradient}"
            yield f"{first} = v"
            yield f"{here} = {name} - {rate} * v"
        elif program.optimiser == "adam":
            yield f"m = {first}"
            yield f"m += F({1.0 - Adam.BETA1!r}) * ({gradient} - m)"
            yield f"{first} = m"
            yield f"q = F({Adam.BETA2!r}) * {second} + F({1.0 - Adam.BETA2!r}) * ({gradient} * {gradient})"
            yield f"{second} = q"
            yield f"{here} = {name} - size * (m / (sqrt(q) / root + F({Adam.EPSILON!r})))"
        else:
            yield f"agree = {gradient} * {first}"
            yield f"grow = F({RPROP.GROW!r}) if agree > F(0.0) else F(1.0)"
            yield f"size = {second} * (F({RPROP.SHRINK!r}) if agree < F(0.0) else grow)"
            yield f"size = min(max(size, F({RPROP.SMALLEST!r})), F({RPROP.LARGEST!r}))"
            yield f"{second} = size"
            yield f"g = F(0.0) if agree < F(0.0) else {gradient}"
            yield f"{first} = g"
            yield f"{here} = {name} - (size if g > F(0.0) else (-size if g < F(0.0) else F(0.0)))"

    def _adam_scalars(self) -> Iterator[str]:
        yield f"size = F({self.program.learning_rate!r} / (1.0 - {Adam.BETA1!r} ** (t + 1)))"
        yield f"root = F(sqrt(1.0 - {Adam.BETA2!r} ** (t + 1)))"


@dataclass(frozen=True)
class _Value:
    """A factor: a name, or a number known while the code is written."""

    name: str
    number: float | None = None

    @classmethod
    def constant(cls, number: float) -> _Value:
        return cls(f"F({number!r})", number)

    def times(self, name: str) -> str:
        """Return the product's source, shortened where this is 1 and empty where it is 0."""
        if self.number == 0.0:
            return ""
        return name if self.number == 1.0 else f"{self.name} * {name}"


def _derivative(activation: str, unit: str) -> str:
    a, z = f"a{unit}", f"z{unit}"
    return {
        "sigmoid": f"({a} * (F(1.0) - {a}))",
        "tanh": f"(F(1.0) - {a} * {a})",
        "relu": f"(F(1.0) if {z} > F(0.0) else F(0.0))",
        "leaky-relu": f"(F(1.0) if {z} > F(0.0) else F({LEAK!r}))",
        "softplus": f"sigmoid({z})",
        "identity": "F(1.0)",
    }[activation]
