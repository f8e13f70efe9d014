"""Who caught whom: every program of the zoo, judged over several seeds of the suite.

    python -m tests.zoo.matrix --seeds 20 --jobs 2 --output reports/zoo

writes ``matrix.json`` (every verdict) and ``matrix.md`` (the table), and exits 1 where a bound is not met: every broken
program caught, 95 % named right, no right one accused. With ``--only NAME...`` the verdicts on those programs are
replaced or added, and the others kept; with ``--first SEED`` seeds are added from that one on, and the others kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xorbench.environment import describe
from xorbench.records import CheckResult, Finding
from xorbench.verify.check import verify
from xorbench.verify.rules import RULES

from .catalogue import TWINS
from .twin import Twin

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = "xorbench.zoo/2"


@dataclass(frozen=True)
class Judged:
    """One program, one seed of the suite."""

    name: str
    seed: int
    first: str  # the rule of the first finding that counts
    errors: tuple[str, ...]  # rules of findings that are errors, causes first
    told: tuple[str, ...]  # rules of all findings, symptoms included
    verdict: str
    wall_s: float


def judge(twin: Twin, seed: int) -> Judged:
    """Verify a program as a user would."""
    start = time.perf_counter()
    result = verify(str(ROOT / twin.target), seed=seed, time_limit_s=30)
    return judged(twin, seed, result, time.perf_counter() - start)


def judged(twin: Twin, seed: int, result: CheckResult, wall_s: float) -> Judged:
    """Reduce a result to what the matrix shows."""
    errors = tuple(one.rule for one in result.findings if one.severity == "error")
    told = tuple(one.rule for one in _all(result.findings))
    first = errors[0] if errors else (told[0] if told else "")
    return Judged(twin.name, seed, first, errors, told, result.verdict, wall_s)


def _all(findings: Iterable[Finding]) -> Iterator[Finding]:
    for one in findings:
        yield one
        yield from _all(one.symptoms)


def caught(twin: Twin, one: Judged) -> bool:
    """Whether a broken program was found out: an error where one is due, else its rule as a note or warning."""
    if twin.severity == "error":
        return bool(one.errors)
    return any(rule in twin.rules for rule in one.told) and not one.errors


def named(twin: Twin, one: Judged) -> bool:
    """Whether the finding on top bears a right name."""
    return caught(twin, one) and (one.first in twin.rules if twin.severity == "error" else True)


def accused(twin: Twin, one: Judged) -> bool:
    """Whether a program that is right, or only unlucky, got an error."""
    return bool(one.errors) and (not twin.broken or twin.severity != "error")


def run(twins: Sequence[Twin], seeds: Iterable[int], jobs: int) -> list[Judged]:
    """Judge every program with every seed; the sandbox's children do the work, threads only wait for them."""
    pairs = [(twin, seed) for seed in seeds for twin in twins]
    with ThreadPoolExecutor(jobs) as pool:
        results = []
        for number, one in enumerate(pool.map(lambda pair: judge(*pair), pairs), start=1):
            results.append(one)
            if number % 50 == 0:
                print(f"{number} of {len(pairs)}", file=sys.stderr, flush=True)
    return results


def write(folder: Path, results: Sequence[Judged], wall_s: float) -> None:
    """Write both files."""
    alike: dict[tuple[object, ...], dict[str, Any]] = {}
    for one in sorted(results, key=lambda one: (one.name, one.seed)):
        entry = asdict(one)
        seed, seconds = entry.pop("seed"), round(entry.pop("wall_s"), 2)
        kept = alike.setdefault(tuple(entry.values()), {**entry, "seeds": [], "wall_s": []})
        kept["seeds"].append(seed)
        kept["wall_s"].append(seconds)
    document = {
        "schema": SCHEMA,
        "wall_s": round(wall_s, 1),
        "environment": {"facts": describe().facts},
        "verdicts": list(alike.values()),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "matrix.json").write_text(json.dumps(document, separators=(",", ":"), default=str) + "\n")
    (folder / "matrix.md").write_text(
        table([twin for twin in TWINS if twin.name in {one.name for one in results}], results)
    )


def read(folder: Path) -> list[Judged]:
    """Read the verdicts that :func:`write` wrote."""
    document = json.loads((folder / "matrix.json").read_text())
    if document["schema"] != SCHEMA:
        raise ValueError(f"{folder / 'matrix.json'} has the schema {document['schema']!r}, not {SCHEMA!r}")
    return [
        Judged(
            entry["name"], seed, entry["first"], tuple(entry["errors"]), tuple(entry["told"]), entry["verdict"], wall
        )
        for entry in document["verdicts"]
        for seed, wall in zip(entry["seeds"], entry["wall_s"], strict=True)
    ]


def _share(count: int, of: Sequence[object]) -> str:
    return f"{100 * count / len(of):.1f} %" if of else "none"


def table(twins: Sequence[Twin], results: Sequence[Judged]) -> str:
    """Return the matrix in Markdown: the bounds, then a row per rule, then a row per program that was not judged right."""
    by_name: dict[str, list[Judged]] = {}
    for one in results:
        by_name.setdefault(one.name, []).append(one)
    broken = [(twin, one) for twin in twins if twin.broken for one in by_name[twin.name]]
    right = [(twin, one) for twin in twins for one in by_name[twin.name] if not twin.broken or twin.severity != "error"]
    n_caught, n_named = sum(caught(*pair) for pair in broken), sum(named(*pair) for pair in broken)
    n_accused = sum(accused(*pair) for pair in right)
    seeds = len({one.seed for one in results})
    lines = [
        "# Who caught whom",
        "",
        f"{len(twins)} programs, {seeds} seed{'s' if seeds > 1 else ''} of the suite each, {len(results)} verdicts.",
        "",
        "| | verdicts | share |",
        "|---|---:|---:|",
        f"| broken ones caught | {n_caught} of {len(broken)} | {_share(n_caught, broken)} |",
        f"| broken ones named right | {n_named} of {len(broken)} | {_share(n_named, broken)} |",
        f"| right ones with an error | {n_accused} of {len(right)} | {_share(n_accused, right)} |",
        "",
        "## By rule",
        "",
        "| rule | | broken programs | caught | named right | named instead |",
        "|---|---|---:|---:|---:|---|",
    ]
    for rule in RULES.values():
        pairs = [(twin, one) for twin, one in broken if twin.rules[0] == rule.id]
        if not pairs:
            continue
        instead = Counter(one.first or "nothing" for twin, one in pairs if not named(twin, one))
        lines.append(
            f"| {rule.id} | {rule.slug} | {len({twin.name for twin, _ in pairs})} | "
            f"{sum(caught(*pair) for pair in pairs)} of {len(pairs)} | {sum(named(*pair) for pair in pairs)} of {len(pairs)} | "
            f"{', '.join(f'{name} ×{count}' for name, count in instead.most_common())} |"
        )
    lines += [
        "",
        "## Not judged right",
        "",
        "| program | what it is | expected | said | seeds |",
        "|---|---|---|---|---:|",
    ]
    for twin in twins:
        wrong = [
            one
            for one in by_name[twin.name]
            if accused(twin, one) or (twin.broken and not named(twin, one)) or one.verdict == "error"
        ]
        if wrong:
            said = ", ".join(sorted({one.first or "nothing" for one in wrong}))
            expected = f"{' or '.join(twin.rules)} ({twin.severity})" if twin.broken else "no error"
            lines.append(f"| {twin.name} | {twin.note.replace('|', '/')} | {expected} | {said} | {len(wrong)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the matrix and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the seed to begin with; those below are kept")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("reports/zoo"))
    parser.add_argument("--only", nargs="*", default=[], help="programs whose names contain one of these")
    options = parser.parse_args()
    twins = [twin for twin in TWINS if not options.only or any(part in twin.name for part in options.only)]
    twins = [twin for twin in twins if not _missing(twin)]
    start = time.perf_counter()
    results = run(twins, range(options.first, options.seeds), options.jobs)
    if (options.only or options.first) and (options.output / "matrix.json").exists():
        judged_now, known = {twin.name for twin in twins}, {twin.name for twin in TWINS}
        results += [
            one
            for one in read(options.output)
            if one.name in known and (one.name not in judged_now or one.seed < options.first)
        ]
    write(options.output, results, time.perf_counter() - start)
    print((options.output / "matrix.md").read_text())
    by_name = {twin.name: twin for twin in TWINS}
    broken = [(by_name[one.name], one) for one in results if by_name[one.name].broken]
    right = [(by_name[one.name], one) for one in results]
    fine = (
        all(caught(*pair) for pair in broken)
        and sum(named(*pair) for pair in broken) >= 0.95 * len(broken)
        and not any(accused(*pair) for pair in right)
    )
    return 0 if fine else 1


def _missing(twin: Twin) -> bool:
    import importlib.util

    return any(importlib.util.find_spec(name) is None for name in getattr(twin, "requires", ()))


if __name__ == "__main__":
    sys.exit(main())
