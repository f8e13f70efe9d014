"""How long a journal of 100,000 records takes to open: ``python benchmarks/journal.py``. Reach: 2 s."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import msgspec

from xorbench.records import Cell, Convergence, Environment, Record, Run
from xorbench.study.journal import FILE, Journal

RECORDS = 100_000
SEEDS = 5  # of one cell


def record(number: int) -> Record:
    seeds = tuple(range(SEEDS * number, SEEDS * (number + 1)))
    cell = Cell(target="numpy-mlp", task="xor", measure="convergence", seeds=seeds, budget=2000, source="0" * 16)
    runs = tuple(
        Run(seed=seed, iterations=2000, to_75=12, to_first=40, to_stable=47, accuracy=1.0, loss=0.0021, wall_s=0.1)
        for seed in seeds
    )
    return Record(id=cell.id, cell=cell, outcome="ok", environment="e", result=Convergence(runs=runs), wall_s=0.5)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / FILE
        encoder = msgspec.json.Encoder()
        with path.open("wb") as file:
            file.write(encoder.encode(Environment(id="e", machine="m", facts={})) + b"\n")
            file.writelines(encoder.encode(record(number)) + b"\n" for number in range(RECORDS))
        size = path.stat().st_size
        for torn in (False, True):
            if torn:
                path.write_bytes(path.read_bytes()[:-10])
            started = time.perf_counter()
            cpu = time.process_time()
            with Journal(folder) as journal:
                elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
                print(
                    f"{len(journal.records):,} records of {SEEDS} runs, {size >> 20} MiB{', torn' if torn else ''}: "
                    f"opened in {elapsed:.2f} s ({cpu:.2f} s of CPU)"
                )
                more = [record(RECORDS + 1 + number) for number in range(200)]
                started = time.perf_counter()
                for line in more:
                    journal.append(line, journal.environments[0])
                each = (time.perf_counter() - started) / len(more)
                print(f"  a record more, written and synced: {1000 * each:.2f} ms")


if __name__ == "__main__":
    main()
