"""Frames on a stream: four bytes of length, one of kind, then the body."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

HEADER = struct.Struct("<IB")

#: A longer frame is a broken channel; a portrait, the largest honest result, has about a megabyte.
MAX_BODY_BYTES = 256 << 20

# Kinds.
STARTED = 1  # supervisor -> caller: the child runs, the clock is ticking
MESSAGE = 2  # child -> caller: what the function sent; JSON
RETURN = 3  # child -> supervisor: the function's value; JSON
FAILURE = 4  # child -> supervisor: JSON {"kind", "detail"}
OUTCOME = 5  # supervisor -> caller: JSON of all of Outcome but its value
VALUE = 6  # supervisor -> caller: the function's value, before OUTCOME
REQUEST = 7  # caller -> supervisor


class BrokenChannelError(Exception):
    """What came over the channel is no frame."""


class Frames:
    """Cuts a stream, fed piece by piece, into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield each (kind, body) that `data` completes; raise BrokenChannelError for nonsense."""
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            length, kind = HEADER.unpack_from(self._buffer)
            if length > MAX_BODY_BYTES or not STARTED <= kind <= REQUEST:
                raise BrokenChannelError(f"a frame of kind {kind} and {length} bytes")
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            yield kind, body


def write(fd: int, *parts: tuple[int, bytes]) -> None:
    """Write frames, each a (kind, body), at once to a blocking file descriptor."""
    data = memoryview(b"".join(HEADER.pack(len(body), kind) + body for kind, body in parts))
    while data:
        data = data[os.write(fd, data) :]
