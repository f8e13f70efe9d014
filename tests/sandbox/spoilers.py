"""Strangers that change the state of their whole process, and a probe that sees it."""

from __future__ import annotations

import builtins
import locale
import os
import random
import resource
import signal
import sys
import threading
import warnings

import numpy as np
import threadpoolctl


def probe(argument, send):
    """Return all state that a cell could leave behind, as JSON."""
    state = {
        "random": random.getstate()[1][:5],
        "numpy": [int(word) for word in np.random.get_state()[1][:5]],  # noqa: NPY002 - the legacy state is what can leak
        "numpy_errors": np.geterr(),
        "numpy_print": {key: str(value) for key, value in np.get_printoptions().items()},
        "blas_threads": [pool["num_threads"] for pool in threadpoolctl.threadpool_info()],
        "filters": len(warnings.filters),
        "environment": {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "folder": os.getcwd(),
        "path": list(sys.path),
        "modules": sorted(name for name in sys.modules if "spoiled" in name),
        "builtins": sorted(vars(builtins)),
        "recursion": sys.getrecursionlimit(),
        "switch": sys.getswitchinterval(),
        "locale": locale.setlocale(locale.LC_ALL),
        "umask": _umask(),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "nice": os.nice(0),
        "alarm": signal.getitimer(signal.ITIMER_REAL),
        "terminate": str(signal.getsignal(signal.SIGTERM)),
        "threads": threading.active_count(),
        "trace": sys.gettrace() is None,
        "open": sorted(os.listdir("/proc/self/fd"))[:3],
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        state["torch"] = {
            "random": torch.random.get_rng_state()[:32].tolist(),
            "threads": torch.get_num_threads(),
            "dtype": str(torch.get_default_dtype()),
            "grad": torch.is_grad_enabled(),
            "deterministic": torch.are_deterministic_algorithms_enabled(),
        }
    return state


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _torch(change):
    torch = sys.modules.get("torch")
    if torch is None:
        os.environ["SPOILED"] = "instead"  # nothing to spoil here: something else, so that the probe sees a change
    else:
        change(torch)


SPOILERS = {
    "random": lambda: random.seed(1),
    "numpy": lambda: np.random.seed(1),  # noqa: NPY002 - likewise
    "numpy_errors": lambda: np.seterr(all="raise"),
    "numpy_print": lambda: np.set_printoptions(precision=2),
    "filters": lambda: warnings.filterwarnings("error", message="spoiled"),
    "environment": lambda: os.environ.update(SPOILED="1"),
    "no_environment": lambda: os.environ.clear(),
    "folder": lambda: os.chdir("/"),
    "path": lambda: sys.path.insert(0, "/spoiled"),
    "modules": lambda: sys.modules.update(spoiled=sys),
    "builtins": lambda: setattr(builtins, "spoiled", 1),
    "recursion": lambda: sys.setrecursionlimit(500),
    "switch": lambda: sys.setswitchinterval(0.5),
    "umask": lambda: os.umask(0o777),
    "files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    "nice": lambda: os.nice(5),
    "alarm": lambda: signal.setitimer(signal.ITIMER_REAL, 1000),
    "terminate": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "thread": lambda: threading.Thread(target=threading.Event().wait, daemon=True).start(),
    "trace": lambda: sys.settrace(lambda *_: None),
    "torch_random": lambda: _torch(lambda torch: torch.manual_seed(1)),
    "torch_threads": lambda: _torch(lambda torch: torch.set_num_threads(2)),
    "torch_dtype": lambda: _torch(lambda torch: torch.set_default_dtype(torch.float64)),
    "torch_grad": lambda: _torch(lambda torch: torch.set_grad_enabled(False)),
    "torch_deterministic": lambda: _torch(lambda torch: torch.use_deterministic_algorithms(True)),
}


def spoil(name, send):
    SPOILERS[name]()
    return probe(None, send)
