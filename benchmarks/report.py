"""How long a report takes: 100,000 records to every format.

    python benchmarks/report.py [--records 100000]

Two shapes of the same number: many seeds of few rows, one record each, as a study has them; and many rows, each with
its own statistics. Prints seconds for reading the journal, for pooling, and for each format.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np

from xorbench.records import Cell, Convergence, Environment, Record, Run
from xorbench.report.files import FORMATS, render, terminal_tables
from xorbench.report.summary import Source, gather
from xorbench.study.journal import read

ENVIRONMENT = Environment(id="e", machine="m", facts={"cpu_model": "none"})


def records(targets: int, tasks: int, seeds: int) -> list[Record]:
    """Return one record per seed, with times to a solution as a network has them: skewed, some never."""
    draw = np.random.default_rng(0)
    made = []
    for target in range(targets):
        for task in range(tasks):
            times = draw.lognormal(5, 1, seeds).astype(int)
            for seed, time_to in enumerate(times.tolist()):
                stable = time_to if time_to < 1000 else None
                run = Run(
                    seed=seed,
                    iterations=1000,
                    to_75=stable,
                    to_first=stable,
                    to_stable=stable,
                    accuracy=1.0 if stable is not None else 0.75,
                    loss=0.1,
                    wall_s=0.1,
                    stable_s=None if stable is None else stable * 1e-4,
                )
                cell = Cell(
                    target=f"network-{target}",
                    task=f"parity-{task + 2}",
                    measure="convergence",
                    seeds=(seed,),
                    budget=1000,
                )
                made.append(
                    Record(
                        id=cell.id, cell=cell, outcome="ok", environment="e", result=Convergence(runs=(run,), rows=4)
                    )
                )
    return made


def timed(label: str, function, *arguments):  # type: ignore[no-untyped-def]
    """Print how long a call took and return its result and its seconds."""
    started = time.perf_counter()
    found = function(*arguments)
    seconds = time.perf_counter() - started
    print(f"  {label:<22}{seconds:7.2f} s")
    return found, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000)
    count = parser.parse_args().records
    import scipy.stats  # noqa: F401 - importing is paid once, by whoever is first

    for targets, tasks in ((20, 5), (100, 10)):
        seeds = count // (targets * tasks)
        print(f"{count:,} records: {targets} implementations x {tasks} tasks x {seeds:,} seeds")
        made = records(targets, tasks, seeds)
        with tempfile.TemporaryDirectory() as folder:
            journal = Path(folder) / "records.jsonl"
            journal.write_bytes(b"\n".join(map(msgspec.json.encode, [ENVIRONMENT, *made])) + b"\n")
            total = 0.0
            (found, environments), seconds = timed("read the journal", read, journal)
            total += seconds
            source = Source(name="", records=found, environments=environments)
            groups, seconds = timed("pool", gather, [source])
            total += seconds
            for name in FORMATS:
                _, seconds = timed(f"{FORMATS[name]}", render, name, groups)
                total += seconds
            print(f"  {'all':<22}{total:7.2f} s")
            timed("(terminal tables)", terminal_tables, found, environments)


if __name__ == "__main__":
    main()
