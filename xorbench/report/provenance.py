"""Where figures come from: the machine's name and its facts, as pairs of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xorbench.report.summary import Group


def machine_name(group: Group) -> str:
    """Return what a reader would call the machine: its processor and cores, or else the hash that tells it apart."""
    for environment in group.environments:
        found = environment.facts
        cpu = found.get("cpu_model") or found.get("cpu_model_name") or found.get("cpu")
        if isinstance(cpu, str) and cpu:
            cores = found.get("cpu_count")
            return f"{cpu}, {cores} cores" if cores else cpu
    return group.machine


def facts(group: Group) -> list[tuple[str, str]]:
    """Return the facts of all environments of a machine, nested ones with dotted names; differing values joined."""
    found: dict[str, dict[str, None]] = {}
    for environment in group.environments:
        for name, value in _flat(environment.facts):
            found.setdefault(name, {})[value] = None
    return [("machine", group.machine), *((name, " / ".join(values)) for name, values in sorted(found.items()))]


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{prefix}.{place}")
    elif isinstance(value, (list, tuple)):
        yield prefix, ", ".join(map(str, value))
    elif value is not None and value != "":
        yield prefix, str(value)
