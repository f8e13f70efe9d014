"""State that belongs to the whole process, and what an implementation did to it."""

from __future__ import annotations

import os
import random
import sys
from typing import Any

import numpy as np


def settings() -> dict[str, Any]:
    """Return process-wide settings that no implementation should change, torch's where it is imported."""
    found: dict[str, Any] = {
        "the environment": {name: value for name, value in os.environ.items() if name not in _FREE},
        "the working directory": os.getcwd(),
        "the recursion limit": sys.getrecursionlimit(),
        "NumPy's print options": repr(np.get_printoptions()),
    }
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        found["torch's default dtype"] = str(torch.get_default_dtype())
        found["torch's grad mode"] = torch.is_grad_enabled()
        found["torch's deterministic mode"] = torch.are_deterministic_algorithms_enabled()
        found["torch's thread count"] = torch.get_num_threads()
    return found


#: What torch has before anybody touches it, for a process in which it is not imported yet.
TORCH_DEFAULTS: dict[str, Any] = {
    "torch's default dtype": "torch.float32",
    "torch's grad mode": True,
    "torch's deterministic mode": False,
}

#: Variables that libraries set for themselves when they are imported.
_FREE = (
    "KERAS_BACKEND",
    "KMP_DUPLICATE_LIB_OK",
    "KMP_INIT_AT_FORK",
    "LAZY_LEGACY_OP",
    "PYTEST_CURRENT_TEST",
    "TF_CPP_MIN_LOG_LEVEL",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "TORCHINDUCTOR_CACHE_DIR",
    "TPU_SKIP_MDS_QUERY",
)


def random_states() -> dict[str, Any]:
    """Return the states of the global generators."""
    states: dict[str, Any] = {
        "random's state": random.getstate(),
        "NumPy's global random state": repr(np.random.get_state()),  # noqa: NPY002
    }
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        states["torch's random state"] = torch.random.get_rng_state().numpy().tobytes()
    return states


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the names of what differs; what only one of them has is not compared.

    Of a setting with parts, such as the environment, the parts that differ stand behind its name.
    """
    found = []
    for name in before:
        if name in after and before[name] != after[name]:
            parts = _parts(before[name], after[name])
            found.append(f"{name} ({', '.join(parts)})" if parts else name)
    return found


def _parts(before: Any, after: Any) -> list[str]:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    return [part for part in sorted({*before, *after}) if before.get(part) != after.get(part)]
