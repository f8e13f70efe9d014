"""Reports from records: tables, figures, the page, comparison and gate.

:func:`write` writes the files of a report, :func:`terminal_tables` returns what a run shows when it is done. Imported
when first used: `xorbench --help` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xorbench.report.files import terminal_tables as terminal_tables
    from xorbench.report.files import write as write

_PUBLIC = {"write": "xorbench.report.files", "terminal_tables": "xorbench.report.files"}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'xorbench.report' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PUBLIC[name]), name)
