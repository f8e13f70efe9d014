"""The journal: what is written stays, what is torn is cut, what is foreign is refused."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.conftest import ROOT
from xorbench.errors import UsageError
from xorbench.records import Cell, Convergence, Curve, Environment, Record, Run, Timing, Timings
from xorbench.study.journal import FILE, LOCK, Journal, current, read, read_all

HERE = Environment(id="e1", machine="m1", facts={"cpu_model": "a"})
THERE = Environment(id="e2", machine="m2", facts={"cpu_model": "b"})
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COUNT = st.integers(0, 10**6)
OPTIONAL = st.none() | COUNT

runs = st.builds(
    Run, seed=COUNT, iterations=COUNT, to_75=OPTIONAL, to_first=OPTIONAL, to_stable=OPTIONAL, accuracy=st.floats(0, 1),
    loss=st.none() | FINITE, diverged=st.booleans(), wall_s=st.floats(0, 1e6), stable_s=st.none() | st.floats(0, 1e6),
)  # fmt: skip
curves = st.builds(
    Curve, seed=COUNT, iterations=st.tuples(COUNT, COUNT), loss=st.tuples(st.none(), FINITE), accuracy=st.tuples(FINITE)
)
results = st.one_of(
    st.none(),
    st.builds(Convergence, runs=st.lists(runs, max_size=3).map(tuple), curves=st.lists(curves, max_size=1).map(tuple)),
    st.builds(
        Timings, timings=st.tuples(st.builds(Timing, action=st.just("step"), rows=COUNT, samples_s=st.tuples(FINITE)))
    ),
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)  # surrogates have no UTF-8
cells = st.builds(
    Cell, target=text, task=text, measure=st.sampled_from(["convergence", "timing"]), budget=COUNT,
    seeds=st.lists(COUNT, max_size=3).map(tuple), source=text,
    settings=st.dictionaries(text, st.none() | COUNT | text, max_size=2),
)  # fmt: skip
records = st.builds(
    Record, id=text, cell=cells, outcome=st.sampled_from(["ok", "raised"]), environment=st.sampled_from(["e1", "e2"]),
    result=results, detail=text, output=text, wall_s=st.floats(0, 1e6), started_at=text,
)  # fmt: skip


def environment_of(record: Record) -> Environment:
    return HERE if record.environment == HERE.id else THERE


def record(number: int, **more: Any) -> Record:
    cell = Cell(target=f"t{number}", task="xor", measure="convergence")
    return Record(id=cell.id, cell=cell, outcome="ok", environment="e1", result=Convergence(runs=()), **more)


@settings(deadline=None, max_examples=40)
@given(written=st.lists(records, max_size=6))
def test_what_is_written_is_read_again(written: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("journal")
    with Journal(folder) as journal:
        for line in written:
            journal.append(line, environment_of(line))
    found, environments = read_all(folder / FILE)
    assert found == written
    # Each environment stands there once, before the first record that refers to it.
    assert [environment.id for environment in environments] == list(dict.fromkeys(line.environment for line in written))
    with Journal(folder) as journal:
        assert journal.repaired_bytes == 0
        assert journal.records == written


@settings(deadline=None, max_examples=60)
@given(written=st.lists(records, min_size=1, max_size=4), data=st.data())
def test_a_write_cut_anywhere_loses_one_line(
    written: list[Record], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    path = folder / FILE
    ends = [0]
    with Journal(folder) as journal:
        for line in written:
            journal.append(line, environment_of(line))
            ends.append(path.stat().st_size)
    cut = data.draw(st.integers(0, ends[-1]))
    path.write_bytes(path.read_bytes()[:cut])
    whole = sum(end <= cut for end in ends) - 1
    assert read_all(path)[0] == written[:whole]  # a reader that repairs nothing sees the same
    with Journal(folder) as journal:
        assert journal.records == written[:whole]
        for line in written[whole:]:
            journal.append(line, environment_of(line))
    assert read_all(path)[0] == written


@pytest.mark.parametrize("torn", [b"\0" * 100 + b"\n", b'{"schema": "xorbench.rec\n', b"\xff\xfe\n", b"\n\n"])
def test_a_torn_line_with_an_end_is_cut_too(torn: bytes, tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(record(1), HERE)
    with (tmp_path / FILE).open("ab") as file:
        file.write(torn)
    assert read_all(tmp_path / FILE)[0] == [record(1)]
    with Journal(tmp_path) as journal:
        journal.append(record(2), HERE)
    assert read_all(tmp_path / FILE)[0] == [record(1), record(2)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"schema":"xorbench.record/9","id":"x"}', "schema 'xorbench.record/9' is not known"),
        (b'{"schema":"other/1"}', "schema 'other/1' is not known"),
        (b'{"id":"x"}', "schema 'none' is not known"),
        (b'{"schema":"xorbench.record/1","id":5}', "line 3 is no record"),
        (b"not json", "line 3 is no record"),
        (b"[1,2]", "schema 'none' is not known"),
    ],
)
def test_a_foreign_line_is_refused(line: bytes, said: str, tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(record(1), HERE)
    good = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(good + line + b"\n" + good)
    with pytest.raises(UsageError, match="--fresh") as caught:
        Journal(tmp_path)
    assert said in str(caught.value)
    # It refuses without a change, and lets go of the folder.
    assert (tmp_path / FILE).read_bytes() == good + line + b"\n" + good
    with Journal(tmp_path, fresh=True) as journal:
        assert journal.records == []


def test_only_the_last_source_of_a_target_counts(tmp_path: Path) -> None:
    def of(target: str, source: str, task: str, detail: str = "") -> Record:
        cell = Cell(target=target, task=task, measure="convergence", source=source)
        return Record(id=cell.id, cell=cell, outcome="ok", environment="e1", result=Convergence(runs=()), detail=detail)

    a1, a2, b1, again = of("a", "1", "xor"), of("a", "2", "and"), of("b", "1", "xor"), of("b", "1", "xor", "again")
    assert current([a1, b1]) == [a1, b1]
    assert current([a1, b1, a2]) == [b1, a2]
    assert current([a1, a2, a1]) == [a1]  # edited and edited back
    assert current([b1, again]) == [again]
    with Journal(tmp_path) as journal:
        for line in (a1, b1, a2, again):
            journal.append(line, HERE)
        assert set(journal.latest()) == {a2.id, b1.id}
    assert read(tmp_path / FILE)[0] == [again, a2]
    assert read_all(tmp_path / FILE)[0] == [a1, b1, a2, again]


def test_an_unknown_field_is_ignored(tmp_path: Path) -> None:
    raw = msgspec.json.decode(msgspec.json.encode(record(1)))
    (tmp_path / FILE).write_bytes(msgspec.json.encode({**raw, "later": 1}) + b"\n")
    assert read_all(tmp_path / FILE)[0] == [record(1)]


def test_fresh_keeps_every_old_journal_aside(tmp_path: Path) -> None:
    for number in range(3):
        with Journal(tmp_path, fresh=True) as journal:
            journal.append(record(number), HERE)
    assert read_all(tmp_path / FILE)[0] == [record(2)]
    assert read_all(tmp_path / "records.1.jsonl")[0] == [record(0)]
    assert read_all(tmp_path / "records.2.jsonl")[0] == [record(1)]


def test_one_folder_has_one_writer(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(UsageError, match="being written to by another run"):
        Journal(tmp_path)
    with Journal(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        with pytest.raises(UsageError, match="--output"):
            Journal(folder)


def test_a_journal_without_room_stays_whole(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk: the write ends in the middle of a line."""
    code = textwrap.dedent(f"""
        import resource, signal  # the limit stands in for the disk
        from tests.study.test_journal import *
        from xorbench.study.journal import JournalError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with Journal(Path({str(tmp_path)!r})) as journal:
            journal.append(record(1), HERE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
            for number in range(2, 100):
                try:
                    journal.append(record(number, output="x" * 900), HERE)
                except JournalError as error:
                    assert "File too large" in str(error), error
                    break
            else:
                raise AssertionError("no limit was met")
    """)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
    found, _ = read_all(tmp_path / FILE)
    assert [line.cell.target for line in found] == [f"t{number}" for number in range(1, len(found) + 1)]
    assert len(found) >= 4
    assert (tmp_path / FILE).read_bytes().endswith(b"\n")


def _kill_while_writing(kills: int, folder: Path) -> None:
    """Kill a process that does nothing but write lines, so that most kills fall into a write."""
    code = textwrap.dedent(f"""
        from tests.study.test_journal import *
        with Journal(Path({str(folder)!r})) as journal:
            print("ready", flush=True)
            number = len(journal.records)
            while True:
                journal.append(record(number, output="x" * 100_000), HERE)
                number += 1
    """)
    seen = 0
    for _ in range(kills):
        writer = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(random.uniform(0, 0.05))
        writer.kill()
        writer.communicate()
        with Journal(folder) as journal:
            targets = [line.cell.target for line in journal.records]
        assert targets == [f"t{number}" for number in range(len(targets))]
        assert len(targets) >= seen
        seen = len(targets)
    assert seen > kills


def test_kills_during_writes_lose_nothing(tmp_path: Path) -> None:
    _kill_while_writing(4, tmp_path)


@pytest.mark.slow
def test_a_hundred_kills_during_writes_lose_nothing(tmp_path: Path) -> None:
    _kill_while_writing(100, tmp_path)


def test_the_lock_leaves_with_its_owner_and_is_taken_over_from_a_dead_one(tmp_path: Path) -> None:
    with Journal(tmp_path):
        assert (tmp_path / LOCK).exists()
    assert not (tmp_path / LOCK).exists()
    (tmp_path / LOCK).write_text("process 1 on a machine that was switched off")
    with Journal(tmp_path):
        pass
