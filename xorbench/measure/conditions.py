"""What is held still while something is timed, and put back after: garbage collection and threads."""

from __future__ import annotations

import contextlib
import gc
import sys
from types import TracebackType
from typing import Any, final


@final
class Conditions(contextlib.AbstractContextManager["Conditions"]):
    """No collection during a sample, one before it, and `threads` threads for BLAS, OpenMP and PyTorch."""

    def __init__(self, threads: int = 1) -> None:
        if threads < 1:
            raise ValueError(f"threads must be 1 or more, got {threads!r}")
        self.threads = threads
        self._limits: list[Any] = []
        self._torch_threads: int | None = None
        self._collected = True

    def __enter__(self) -> Conditions:
        self._collected = gc.isenabled()
        self.tidy()
        gc.disable()
        self.hold()
        return self

    def hold(self) -> None:
        """Limit threads, of libraries loaded since too: an implementation may import its own when it is first built."""
        from threadpoolctl import threadpool_limits

        torch = sys.modules.get("torch")
        if torch is not None and hasattr(torch, "set_num_threads"):
            if self._torch_threads is None:  # asked first: a limit on its OpenMP is a limit on what it says
                self._torch_threads = torch.get_num_threads()
            torch.set_num_threads(self.threads)
        self._limits.append(threadpool_limits(limits=self.threads))

    def tidy(self) -> None:
        """Collect now, between samples, what the last one left behind."""
        gc.collect()
        # What survives is not looked at again: with PyTorch imported a full collection takes a tenth of a second.
        gc.freeze()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._limits:
            self._limits.pop().restore_original_limits()
        if self._torch_threads is not None:
            sys.modules["torch"].set_num_threads(self._torch_threads)
        gc.unfreeze()
        if self._collected:
            gc.enable()
