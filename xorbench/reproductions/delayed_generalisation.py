"""Sparse parity (40, 3) from 1,000 examples: the network knows them by heart long before it knows the rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from xorbench.reproductions.relu_parity import ReluNets, parity_rows
from xorbench.reproductions.result import Figure, Reproduction, Tag, mean_interval

_SOURCE = "Merrill, Tsilivis & Shukla 2023, A Tale of Two Circuits"

N: Final = 40
SUPPORT: Final = 3
BATCH: Final = 32
RATE: Final = 0.1
DECAY: Final = 0.01


@dataclass(frozen=True)
class Delay:
    """The epochs at which a seed had 99.9 % of the training rows and 98 % of fresh ones; None: not in the budget."""

    by_heart: int | None
    rule: int | None

    @property
    def epochs(self) -> int | None:
        """How much later the rule came."""
        return None if self.by_heart is None or self.rule is None else self.rule - self.by_heart


def train(seed: int, *, examples: int = 1000, width: int = 1000, epochs: int = 400) -> Delay:
    """Train one seed for at most `epochs` passes over its examples."""
    generator = np.random.default_rng(seed)
    net = ReluNets(generator, 1, N, width)
    rows, labels = parity_rows(generator, (1, examples, N), SUPPORT)
    fresh, fresh_labels = parity_rows(generator, (2000, N), SUPPORT)
    by_heart = rule = None
    for epoch in range(1, epochs + 1):
        order = generator.permutation(examples)
        for begin in range(0, examples, BATCH):
            take = order[begin : begin + BATCH]
            net.step(rows[:, take], labels[:, take], rate=RATE, decay=DECAY)
        if by_heart is None and net.accuracy(rows, labels)[0] >= 0.999:
            by_heart = epoch
        if rule is None and net.accuracy(fresh, fresh_labels)[0] >= 0.98:
            rule = epoch
        if by_heart is not None and rule is not None:
            break
    return Delay(by_heart, rule)


def _run(size: Literal["quick", "full"], seed: int) -> list[Figure]:
    seeds, width = (5, 1000) if size == "full" else (1, 200)
    delays = [train(seed + index, width=width) for index in range(seeds)]
    known = [delay for delay in delays if delay.epochs is not None]
    figures = [
        Figure(
            what=f"{examples}, width {width}: the rule comes later than the examples",
            stated="yes",
            tag=Tag.SECOND_HAND,
            source=_SOURCE,
            measured="yes"
            if delays and len(known) == seeds and all((delay.epochs or 0) > 0 for delay in known)
            else "no",
            n=seeds,
            note="; ".join(f"examples at epoch {delay.by_heart}, rule at {delay.rule}" for delay in delays),
        )
        for examples in ("1,000 examples",)
    ]
    if known:
        mean, low, high = mean_interval([float(delay.epochs or 0) for delay in known])
        figures.append(
            Figure(
                what="delay in epochs, mean",
                stated=None,
                tag=Tag.SECOND_HAND,
                source=_SOURCE,
                measured=mean,
                low=None if seeds == 1 else low,
                high=None if seeds == 1 else high,
                n=seeds,
            )
        )
    if size == "full":
        control = train(seed, examples=20_000, width=width, epochs=40)
        figures.append(
            Figure(
                what="20,000 examples: no delay (control)",
                stated="yes",
                tag=Tag.SECOND_HAND,
                source="Truong et al., arXiv 2603.13331: none of 15 runs with abundant data shows a delay",
                measured="yes" if control.epochs is not None and control.epochs <= 0 else "no",
                n=1,
                note=f"examples at epoch {control.by_heart}, rule at {control.rule}",
            )
        )
    return figures


reproduction = Reproduction(
    name="delayed-generalisation",
    title="Delayed generalisation on sparse parity (40, 3)",
    protocol="40 inputs -1 and +1, target the product of three; 1,000 examples, one hidden layer of 1,000 ReLU units, "
    "hinge loss, batches of 32 in a new order each epoch, rate 0.1, weight decay 0.01, PyTorch's default start. By "
    "heart: 99.9 % of the examples; the rule: 98 % of 2,000 fresh rows.",
    caution="The thresholds of the two epochs are this project's; the source shows curves.",
    run=_run,
    quick="one seed and 200 units, without the control",
    minutes=1.5,
)
