"""The house's floors as data, and the import graph of the source."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Longest matching prefix wins. A module imports from its own unit and from lower floors, never sideways or upwards.
FLOORS: dict[str, float] = {
    "xorbench": 0,  # the root package itself: its public names are loaded when first used
    "xorbench.errors": 0,
    "xorbench.tasks": 0.5,
    "xorbench.records": 0,
    "xorbench.entry": 0,
    "xorbench.declaration": 0.25,
    "xorbench.environment": 0.5,
    "xorbench.model": 0.5,
    "xorbench.implementations": 1,
    "xorbench.adapters": 1,
    "xorbench.docs.rules": 1,
    "xorbench.loading": 1,
    "xorbench.registry": 2,
    "xorbench.sandbox": 2.5,
    "xorbench.measure": 3,
    "xorbench.verify": 3.5,
    "xorbench.suites": 3.6,
    "xorbench.ensembles": 2.5,
    "xorbench.reproductions": 3.5,
    "xorbench.study": 4,
    "xorbench.report": 4.5,
    "xorbench.commands": 5,
    "xorbench.cli": 5.5,
    "xorbench.__main__": 6,
}

Imports = dict[str, set[str]]


def unit(module: str) -> str:
    """Return the entry of FLOORS that `module` belongs to; raise KeyError for a module that has no floor."""
    name = module
    while name != "xorbench" or module == "xorbench":
        if name in FLOORS:
            return name
        name = name.rpartition(".")[0]
    raise KeyError(module)


@cache
def sources() -> dict[str, Path]:
    """Return every module of the package and of the suites by its importable name."""
    found = {}
    for folder, package in (("xorbench", "xorbench"), ("suites", "xorbench.suites")):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = [package, *path.relative_to(ROOT / folder).with_suffix("").parts]
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    """Parse a file once."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def imports(*, inside_functions: bool = True) -> Imports:
    """Return what each module imports of the package, type-checking blocks left out."""
    return {module: _imports_of(module, path, inside_functions) for module, path in sources().items()}


def _imports_of(module: str, path: Path, inside_functions: bool) -> set[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in _run_nodes(tree(path), inside_functions):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - (node.level - 1)]
                base = ".".join([*parents, *([base] if base else [])])
            for alias in node.names:  # `from package import module` imports the module
                full = f"{base}.{alias.name}"
                found.add(full if full in sources() else base)
    return {name for name in found if name.split(".")[0] == "xorbench"} - {module}


def _run_nodes(node: ast.AST, inside_functions: bool) -> list[ast.AST]:
    """Return all nodes below `node`, without the bodies of `if TYPE_CHECKING:`."""
    nodes: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            for other in child.orelse:
                nodes += [other, *_run_nodes(other, inside_functions)]
            continue
        if not inside_functions and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        nodes += [child, *_run_nodes(child, inside_functions)]
    return nodes


def cycles(graph: Imports) -> list[list[str]]:
    """Return the strongly connected components of more than one module (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in graph:
                continue
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found
