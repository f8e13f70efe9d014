"""Does interleaving tell identical code from code that is 10 % slower, on this machine, now?

    python benchmarks/interleaving.py [--repeats 100] [--load 2]

Each contender takes a number of equal gradient steps per call, 20 for the base; a delay is injected as further steps.
`--load` keeps so many other processes busy meanwhile. Exit status 1 where fewer than 99 of 100 identical pairs are
called not resolved, or fewer than 9 of 10 slower ones are resolved.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import statistics
import sys
import time
from collections.abc import Iterator

import numpy as np

from xorbench.measure.clock import CPUClock
from xorbench.measure.conditions import Conditions
from xorbench.measure.interleave import Contender, Sampler, interleave
from xorbench.measure.ratios import resolve

STEPS = 20
ROWS = 6  # as many as a comparison has; each verdict carries its share of the error


def step(weights: np.ndarray, inputs: np.ndarray) -> None:
    """One update of a layer of four units, as small as those that are compared."""
    hidden = np.tanh(inputs @ weights)
    weights -= 1e-9 * inputs.T @ (hidden * (1 - hidden**2))


def contender(steps: int) -> Contender:
    """Return a contender that takes `steps` steps per call, with fresh arrays in each block."""

    @contextlib.contextmanager
    def begin() -> Iterator[Sampler]:
        clock = CPUClock()
        generator = np.random.default_rng(0)
        weights, inputs = generator.normal(size=(2, 4)), generator.normal(size=(4, 2))

        def call() -> None:
            for _ in range(steps):
                step(weights, inputs)

        yield lambda row: clock.time(call, loops=2)

    return begin


def compare(slower: int, repeats: int, seed: int) -> tuple[dict[str, int], list[float]]:
    """Compare the base with a head of `slower` more steps, `repeats` times; return verdicts and ratios."""
    verdicts: dict[str, int] = {"faster": 0, "not resolved": 0, "slower": 0}
    ratios = []
    for repeat in range(repeats):
        with Conditions():
            times = interleave([contender(STEPS), contender(STEPS), contender(STEPS + slower)], 1, seed=seed + repeat)
        found = resolve(*times[0], comparisons=ROWS)
        verdicts[found.verdict] += 1
        ratios.append(found.ratio)
    return verdicts, ratios


def one_after_the_other(repeats: int) -> float:
    """Return the greatest ratio of medians of identical code when each is timed in one go, as is usual."""
    medians = []
    for _ in range(repeats):
        with contender(STEPS)() as sampler:
            medians.append(statistics.median(sampler(0) for _ in range(180)))
    return max(medians) / min(medians)


def busy(seconds: float) -> None:
    """A neighbour: works and rests by turns."""
    generator = np.random.default_rng()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        until = time.monotonic() + generator.exponential(0.2)
        while time.monotonic() < until:
            pass
        time.sleep(generator.exponential(0.2))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--load", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    neighbours = [multiprocessing.Process(target=busy, args=(3600.0,), daemon=True) for _ in range(options.load)]
    for neighbour in neighbours:
        neighbour.start()
    print(
        f"identical code, one after the other: medians differ by up to {one_after_the_other(options.repeats) - 1:.1%}"
    )
    failed = False
    for name, slower, wanted, share in (("identical", 0, "not resolved", 0.99), ("10 % slower", 2, "slower", 0.9)):
        started = time.monotonic()
        verdicts, ratios = compare(slower, options.repeats, options.seed)
        each = (time.monotonic() - started) / options.repeats
        failed |= verdicts[wanted] < share * options.repeats
        print(
            f"{name}: {verdicts[wanted]} of {options.repeats} {wanted} ({verdicts}); "
            f"ratio {min(ratios):.3f} to {max(ratios):.3f}, median {statistics.median(ratios):.3f}; {each:.2f} s each"
        )
    for neighbour in neighbours:
        neighbour.terminate()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
