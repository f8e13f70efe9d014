"""Does it learn with at least p of its seeds? A sequential test with stated error rates.

A single seed, or a retry until green, has error rates that nobody knows. Here seeds are looked at one after the other
until the evidence suffices (Wald, Sequential Analysis, 1947). The boundaries on the likelihood ratio are alpha and
1/beta, stricter than Wald's approximations: by Ville's inequality the error rates then hold exactly, whenever the test
stops and however many seeds there are at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from xorbench.errors import UsageError
from xorbench.measure.statistics import Estimate, share_solved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Verdict(StrEnum):
    """What a learning gate says."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The verdict, what it rests on, and the sentence that says so."""

    verdict: Verdict
    solved: int
    n: int  # seeds that were looked at
    share: Estimate  # for information: its interval is that of a fixed number of seeds
    why: str


@dataclass(frozen=True, kw_only=True)
class Characteristic:
    """What the test does, exactly, when the true share of solving seeds is `share`."""

    share: float
    passes: float  # probabilities; they sum to 1
    fails: float
    undecided: float
    seeds: float  # expected number looked at


@dataclass(frozen=True, kw_only=True)
class LearningGate:
    """The claim "solves at least `at_least` of seeds", held against "solves at most `unacceptable`".

    An implementation that solves `at_least` or more fails with a probability of at most `alpha`; one that solves
    `unacceptable` or less passes with at most `beta`. Between the two either verdict is in order. After `seeds` seeds
    without enough evidence the verdict is undecided, which is neither.
    """

    at_least: float
    unacceptable: float
    alpha: float = 0.01
    beta: float = 0.01
    seeds: int = 1000

    def __post_init__(self) -> None:
        if not 0 < self.unacceptable < self.at_least <= 1:
            raise UsageError(
                f"a gate needs 0 < unacceptable < at_least <= 1, got unacceptable {self.unacceptable!r} "
                f"and at_least {self.at_least!r}"
            )
        for name in ("alpha", "beta"):
            if not 0 < getattr(self, name) < 0.5:
                raise UsageError(f"{name} = {getattr(self, name)!r}: an error rate between 0 and 0.5")
        if self.seeds < 1:
            raise UsageError(f"seeds = {self.seeds!r}: at least one")

    def verdict(self, solved: int, n: int) -> Verdict:
        """Return what `solved` of the first `n` seeds say."""
        evidence = _log_likelihood(solved, n, self.at_least) - _log_likelihood(solved, n, self.unacceptable)
        if evidence >= -math.log(self.beta):
            return Verdict.PASS
        if evidence <= math.log(self.alpha):
            return Verdict.FAIL
        return Verdict.UNDECIDED

    def judge(self, outcomes: Iterable[bool]) -> Judgement:
        """Look at outcomes one by one, in the order of their seeds, and stop at the first verdict.

        `outcomes` may be a generator that trains: no further seed is drawn than needed.
        """
        solved = n = 0
        verdict = Verdict.UNDECIDED
        for outcome in outcomes:
            n += 1
            solved += bool(outcome)
            verdict = self.verdict(solved, n)
            if verdict is not Verdict.UNDECIDED or n == self.seeds:
                break
        share = share_solved([(0.0, 0.0)] * solved + [(None, 0.0)] * (n - solved))
        return Judgement(verdict=verdict, solved=solved, n=n, share=share, why=self._sentence(verdict, solved, n))

    def characteristic(self, share: float) -> Characteristic:
        """Return the exact probabilities of the verdicts for a true `share`, by recursion over the seeds."""
        if not 0 <= share <= 1:
            raise UsageError(f"share = {share!r}: between 0 and 1")
        import numpy as np

        passing, failing = self._boundaries()
        alive: NDArray[np.float64] = np.zeros(self.seeds + 1)  # probability of k solved, undecided so far
        alive[0] = 1.0
        passes = fails = expected = 0.0
        for n in range(1, self.seeds + 1):
            expected += float(alive.sum())
            alive[1:] = alive[1:] * (1 - share) + alive[:-1] * share
            alive[0] *= 1 - share
            passes += float(alive[passing[n] :].sum())
            alive[passing[n] :] = 0.0
            fails += float(alive[: failing[n] + 1].sum())
            alive[: failing[n] + 1] = 0.0
        return Characteristic(share=share, passes=passes, fails=fails, undecided=float(alive.sum()), seeds=expected)

    def _boundaries(self) -> tuple[list[int], list[int]]:
        """Return for each n the least number solved that passes and the greatest that fails (-1: none)."""
        passing, failing = [0], [-1]
        for n in range(1, self.seeds + 1):
            # Both rise by 0 or 1 per seed: the evidence rises with each solved seed and falls with each other.
            low = max(failing[-1], -1)
            while low + 1 <= n and self.verdict(low + 1, n) is Verdict.FAIL:
                low += 1
            high = max(passing[-1], low + 1)
            while high <= n and self.verdict(high, n) is not Verdict.PASS:
                high += 1
            passing.append(high)
            failing.append(low)
        return passing, failing

    def _sentence(self, verdict: Verdict, solved: int, n: int) -> str:
        seen = f"{solved} of {n} seeds solved it"
        if verdict is Verdict.PASS:
            return (
                f"{seen}: more than {self.unacceptable:.4g} of all seeds do (an implementation that does not passes "
                f"with a probability of at most {self.beta:g})"
            )
        if verdict is Verdict.FAIL:
            return (
                f"{seen}: fewer than {self.at_least:.4g} of all seeds do (an implementation that does better fails "
                f"with a probability of at most {self.alpha:g})"
            )
        if n == 0:
            return "no seed was run: undecided"
        return f"{seen}: too few seeds to tell {self.unacceptable:.4g} from {self.at_least:.4g}; undecided, run more"


def _log_likelihood(solved: int, n: int, share: float) -> float:
    failed = n - solved
    if share == 1.0 and failed:
        return -math.inf
    return solved * math.log(share) + (failed * math.log1p(-share) if failed else 0.0)
