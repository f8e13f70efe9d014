"""What a cell costs beyond its work: ``python benchmarks/study.py``.

Reach: 1,000 cells of 1 ms at 200 a second on two cores; two workers at least 1.8 times one on cells of 0.2 s.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from xorbench.records import Cell
from xorbench.study.executors import open_executor
from xorbench.study.journal import Journal
from xorbench.study.progress import Progress
from xorbench.study.runner import run_jobs
from xorbench.study.work import Job, search_path

HERE = Path(__file__).resolve().parent


def cells(name: str, count: int) -> list[Job]:
    """Return so many cells of one implementation, each of another seed."""
    target = f"{HERE / 'workers.py'}:{name}"
    return [
        Job(
            cell=Cell(target=target, task="xor", measure="convergence", seeds=(seed,), budget=1),
            time_limit_s=60,
            memory_limit_mib=1024,
            folder=str(HERE.parent),
            path=search_path(),
        )
        for seed in range(count)
    ]


def timed(jobs: list[Job], executor: str) -> float:
    """Run the cells as `xorbench run` does, journal and all, and return the seconds; the first cells warm it up."""
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder)) as journal, open_executor(executor) as place:
        watch = Progress(quiet=True)
        run_jobs(jobs[:4], place, journal, watch)
        started = time.perf_counter()
        run_jobs(jobs[4:], place, journal, watch)
        elapsed = time.perf_counter() - started
        assert len({record.id for record in journal.records if record.outcome == "ok"}) == len(jobs)
    return elapsed


def main() -> None:
    count = 1000
    before = resource.getrusage(resource.RUSAGE_SELF)
    elapsed = timed(cells("Costs1ms", count + 4), "local:2")
    after = resource.getrusage(resource.RUSAGE_SELF)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"local:2, {count:,} cells of 1 ms: {count / elapsed:.0f} cells a second")
    print(f"  overhead per cell and worker: {1000 * (2 * elapsed / count - 0.001):.1f} ms")
    print(f"  of it this process, with the journal: {1000 * own / count:.2f} ms of CPU per cell")
    one, two = (timed(cells("Costs200ms", 44), f"local:{count}") for count in (1, 2))
    print(f"40 cells of 0.2 s: local:1 {one:.2f} s, local:2 {two:.2f} s, {one / two:.2f} times as fast")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main()
