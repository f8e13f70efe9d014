"""Provenance: the machine and the software that results are measured with. After what pyperf records.

Only what stays the same during a run is a fact; the name of the host is hashed, not written down.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from xorbench.records import Environment

#: Packages whose versions change results; those that are installed are recorded.
PACKAGES = ("xorbench", "numpy", "scipy", "torch", "scikit-learn", "numba", "jax", "tensorflow", "tinygrad")
#: Variables of the environment that change results.
VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "PYTHONHASHSEED",
    "CUDA_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG",
)


def describe(device: str = "cpu", folder: Path | None = None) -> Environment:
    """Describe this process's machine and software, the device's too where it is not the CPU.

    `folder` (default: the working directory) is looked up for the commit of the project that it belongs to. Call it in
    a process like those that measure: threads of BLAS are a property of the process. Never raises for a fact that the
    system does not tell; that fact is left out.
    """
    facts: dict[str, Any] = {
        **_python(),
        **_processor(),
        "platform": platform.platform(),
        "clock_resolution_s": time.get_clock_info("perf_counter").resolution,
        "packages": _packages(),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "blas": _blas(),
        **_commit(folder or Path.cwd()),
    }
    if device.partition(":")[0] != "cpu":
        facts["device"] = _device(device)
    facts = {name: value for name, value in facts.items() if value not in (None, {}, [], "")}
    machine = _hash([platform.node(), platform.machine(), facts.get("cpu_model"), os.cpu_count()])
    return Environment(id=_hash([machine, facts]), machine=machine, facts=facts)


def _hash(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]


def _python() -> dict[str, Any]:
    return {
        "python_version": f"{platform.python_version()} ({sys.maxsize.bit_length() + 1}-bit)",
        "python_implementation": platform.python_implementation(),
        "python_compiler": platform.python_compiler(),
    }


def _processor() -> dict[str, Any]:
    found: dict[str, Any] = {"cpu_model": _cpu_model(), "cpu_count": os.cpu_count()}
    if hasattr(os, "sched_getaffinity"):
        found["cpu_affinity"] = len(os.sched_getaffinity(0))
    with contextlib.suppress(OSError, ValueError):
        found["memory_mib"] = (os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) >> 20
    governor = _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    turbo = _read("/sys/devices/system/cpu/intel_pstate/no_turbo")
    found["cpu_governor"] = governor
    found["cpu_turbo"] = {"0": "on", "1": "off"}.get(turbo)
    found["address_space_randomisation"] = {"0": "off", "1": "partial", "2": "full"}.get(
        _read("/proc/sys/kernel/randomize_va_space")
    )
    return found


def _cpu_model() -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "Hardware"):
            return value.strip()
    return platform.processor() or platform.machine()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _blas() -> list[str]:
    import numpy  # noqa: F401 - which loads the library that is looked at
    import threadpoolctl

    return [
        f"{pool['internal_api']} {pool.get('version') or '?'}"
        f"{' ' + pool['architecture'] if pool.get('architecture') else ''}, threads: {pool['num_threads']}"
        for pool in threadpoolctl.threadpool_info()
        if pool.get("user_api") == "blas"
    ]


def _commit(folder: Path) -> dict[str, Any]:
    """Return the commit that `folder` is at, and whether its tracked files were changed since."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return {"commit": commit, "commit_dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return {}


def _device(device: str) -> dict[str, Any]:
    try:
        import torch

        found: dict[str, Any] = {"torch_cuda": torch.version.cuda}
        if device.partition(":")[0] == "cuda" and torch.cuda.is_available():
            properties = torch.cuda.get_device_properties(device)
            found |= {
                "name": properties.name,
                "memory_mib": properties.total_memory >> 20,
                "capability": f"{properties.major}.{properties.minor}",
                "multiprocessors": properties.multi_processor_count,
                "cudnn": torch.backends.cudnn.version(),
                "driver": _read("/proc/driver/nvidia/version").partition("\n")[0],
            }
        return {name: value for name, value in found.items() if value is not None}
    except Exception:  # a device that is not there has no facts; the cell's record says that it is not there
        return {}
