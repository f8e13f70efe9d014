"""xorbench: is this XOR network right, and how good is it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# In a checkout, `suites/` and `docs/rules/` lie beside the package; an installation has them as `xorbench.suites` and
# `xorbench.docs.rules`. With the tree on the package's path both names hold in both.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "suites" / "__init__.py").exists() and (_checkout / "pyproject.toml").exists():
    __path__.append(str(_checkout))

# Public names, imported when first used so that `xorbench --help` stays light.
_PUBLIC: dict[str, str] = {
    "Capability": "xorbench.model",
    "ContractError": "xorbench.errors",
    "Declaration": "xorbench.declaration",
    "Entry": "xorbench.entry",
    "Implementation": "xorbench.registry",
    "Model": "xorbench.model",
    "Task": "xorbench.tasks",
    "UsageError": "xorbench.errors",
    "XorbenchError": "xorbench.errors",
    "entries": "xorbench.registry",
    "get_task": "xorbench.tasks",
    "register": "xorbench.registry",
    "resolve": "xorbench.registry",
    "task_names": "xorbench.tasks",
}

if TYPE_CHECKING:
    from xorbench.declaration import Declaration as Declaration
    from xorbench.entry import Entry as Entry
    from xorbench.errors import ContractError as ContractError
    from xorbench.errors import UsageError as UsageError
    from xorbench.errors import XorbenchError as XorbenchError
    from xorbench.model import Capability as Capability
    from xorbench.model import Model as Model
    from xorbench.registry import Implementation as Implementation
    from xorbench.registry import entries as entries
    from xorbench.registry import register as register
    from xorbench.registry import resolve as resolve
    from xorbench.tasks import Task as Task
    from xorbench.tasks import get_task as get_task
    from xorbench.tasks import task_names as task_names


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'xorbench' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
