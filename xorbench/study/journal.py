"""The journal: one JSON line per finished cell, written and synced at once, and one per environment.

Everything that is in it was finished; whatever a crash tears is one line at its end, cut off when it is opened again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from xorbench.errors import UsageError, XorbenchError
from xorbench.records import Environment, Line, Record

FILE = "records.jsonl"
LOCK = "records.lock"

_decoder = msgspec.json.Decoder(Line)
_encoder = msgspec.json.Encoder()


class JournalError(XorbenchError):
    """The journal cannot be written any more; what is in it stays right."""


class Journal:
    """An open journal: the records it has, and the one place that adds to them.

    A context manager; while it is open no other run can write to the folder.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        """Open or begin the journal of `folder`; `fresh` moves the old one aside first.

        Raises UsageError for a folder that cannot be written or that another run is writing to, and for a file that is
        no journal.
        """
        self.path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(folder)
        except OSError as error:
            raise _cannot_write(folder, error) from None
        try:
            self.kept_aside = _move_aside(self.path) if fresh else None
            self.repaired_bytes = _cut_torn_line(self.path)
            self.records, self.environments = read_all(self.path) if self.path.exists() else ([], [])
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            # The name of a new file must reach the disk too.
            directory = os.open(folder, os.O_RDONLY)
            os.fsync(directory)
            os.close(directory)
        except OSError as error:
            os.close(self._lock)
            raise _cannot_write(folder, error) from None
        except BaseException:
            os.close(self._lock)
            raise
        self._known = {environment.id for environment in self.environments}

    def append(self, record: Record, environment: Environment) -> None:
        """Write a record, after its environment where that is new; return when both are on the disk.

        Raises JournalError where that fails; the file then ends with the last whole line.
        """
        new = environment.id not in self._known
        lines = ([environment] if new else []) + [record]
        data = b"".join(_encoder.encode(line) + b"\n" for line in lines)
        before = os.fstat(self._file).st_size
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, before)
            raise JournalError(
                f"cannot write {self.path}: {error.strerror}; what was measured before is kept: "
                f"{_mend(error)}, then run the same command again"
            ) from None
        if new:
            self._known.add(environment.id)
            self.environments.append(environment)
        self.records.append(record)

    def latest(self) -> dict[str, Record]:
        """Return the records that count, by the id of their cell."""
        return {record.id: record for record in current(self.records)}

    def close(self) -> None:
        """Let go of the file and of the folder."""
        os.close(self._file)
        with contextlib.suppress(OSError):
            (self.path.parent / LOCK).unlink()  # while it is ours
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path) -> tuple[list[Record], list[Environment]]:
    """Read what counts of a journal (:func:`current`), without touching it; raise UsageError as :func:`read_all`."""
    records, environments = read_all(path)
    return current(records), environments


def current(records: Iterable[Record]) -> list[Record]:
    """Return the last record of each cell, of the source that each target was measured with last.

    A file that was edited is measured again; what its older text did is another implementation's result.
    """
    records = list(records)
    source = {record.cell.target: record.cell.source for record in records}
    return list({record.id: record for record in records if record.cell.source == source[record.cell.target]}.values())


def read_all(path: Path) -> tuple[list[Record], list[Environment]]:
    """Read a journal without touching it; a torn last line is left out.

    Raises UsageError for a file that cannot be read, a line that is no record, and a schema that is not known here.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; name the folder of a run or its {FILE}") from None
    data = data[: data.rfind(b"\n") + 1]
    collecting = gc.isenabled()
    gc.disable()  # a million new objects, none of them garbage
    try:
        lines: Iterable[Line] = _decoder.decode_lines(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        lines = _read_each(path, data)
    finally:
        if collecting:
            gc.enable()
    records: list[Record] = []
    environments: dict[str, Environment] = {}
    for line in lines:
        if isinstance(line, Record):
            records.append(line)
        else:
            environments[line.id] = line
    return records, list(environments.values())


def _read_each(path: Path, data: bytes) -> list[Line]:
    """Decode line by line, to say which one is wrong; a wrong last line was torn and is left out."""
    found: list[Line] = []
    numbered = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    for number, line in numbered:
        try:
            found.append(_decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            schema = _schema(line)
            if schema is not None and schema not in (_tag(Record), _tag(Environment)):
                raise UsageError(
                    f"{path}, line {number}: schema {schema!r} is not known to this version of xorbench, which reads "
                    f"{_tag(Record)!r} and {_tag(Environment)!r}; use the version that wrote it, or begin anew with "
                    "--fresh"
                ) from None
            if number == numbered[-1][0] and schema is None:
                break
            raise UsageError(
                f"{path}, line {number} is no record: {error}; mend or delete that line, or use --fresh to begin anew"
            ) from None
    return found


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _schema(line: bytes) -> str | None:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return str(found.get("schema", "none")) if isinstance(found, dict) else "none"


def _cut_torn_line(path: Path) -> int:
    """Cut off what follows the last whole line and return its size, so that the next line is not glued to it."""
    if not path.exists():
        return 0
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        end, start, last = size, size, b""
        while start > 0:
            start = max(0, start - (1 << 16))
            file.seek(start)
            last = file.read(end - start) + last
            end = start
            # Two line ends: the last line is whole and in sight.
            if last.count(b"\n") >= 2:
                break
        keep = size - len(last) + last.rfind(b"\n") + 1
        whole = last[: last.rfind(b"\n")].rpartition(b"\n")[2] if b"\n" in last else b""
        if whole.strip() and _schema(whole) is None:  # a line end that reached the disk before its line did
            keep -= len(whole) + 1
        if keep < size:
            file.truncate(keep)
            os.fsync(file.fileno())
        return size - keep


def _move_aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    number = 1
    while (aside := path.with_name(f"{path.stem}.{number}{path.suffix}")).exists():
        number += 1
    path.rename(aside)
    return aside


def _lock(folder: Path) -> int:
    """Take the folder's lock, which the system releases however this process ends."""
    path = folder / LOCK
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = path.exists() and os.fstat(fd).st_ino == path.stat().st_ino
        except OSError as error:
            owner = os.read(fd, 200).decode(errors="replace").strip() or "another process"
            os.close(fd)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise UsageError(
                f"output folder {folder} is being written to by another run ({owner}); "
                "wait for it, or name another folder with --output"
            ) from None
        if ours:
            break
        os.close(fd)  # its owner unlinked it between our opening and our locking
    os.ftruncate(fd, 0)
    with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
        os.write(fd, f"process {os.getpid()} on {socket.gethostname()}".encode())
    return fd


def _cannot_write(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        f"output folder {str(folder)!r} cannot be written: {error.strerror}; {_mend(error)}, or name another folder "
        "with --output"
    )


def _mend(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room on the disk"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "allow writing to it"
    return "see to it"
