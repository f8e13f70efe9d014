"""A stranger's module, file or attribute, imported by name; every way in which that fails is one clear sentence."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import os
import re
import sys
import warnings
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from xorbench.errors import FactoryError, MissingDependencyError, UsageError, did_you_mean

#: How the modules made of files are named: the file's name, then a hash of its place and its content.
_PREFIX = "_xorbench_target_"


def load_attribute(target: str, module_name: str, attribute: str) -> Any:
    """Return ``module:attribute``; the current folder is looked in last, whichever way xorbench was started.

    Raises UsageError where there is no such thing, MissingDependencyError where the module imports something that is
    not installed, and FactoryError where importing it raises.
    """
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise UsageError(f"target {target!r}: {module_name!r} is no name of a module; write package.module:{attribute}")
    # Only `python -m` puts the current folder on the path. Last, so that a file here shadows no installed package.
    if (here := os.getcwd()) not in sys.path and "" not in sys.path:
        sys.path.append(here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # "No such module" is the user's slip; a missing import inside an existing module is not.
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise UsageError(
                f"target {target!r}: no module named {error.name!r} can be imported from here; "
                f"for a file write path/to/file.py:{attribute}"
            ) from None
        raise MissingDependencyError(
            f"target {target!r}: {module_name} imports {error.name!r}, which is not installed"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module that calls sys.exit() ends nothing but its own import
        raise FactoryError(f"target {target!r}: importing {module_name} raised {_said(error)}") from error
    return get_attribute(target, module, attribute)


def get_attribute(target: str, module: ModuleType, attribute: str) -> Any:
    """Return a dotted attribute of a module; raise UsageError with the nearest spelling."""
    found: Any = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise UsageError(
                f"target {target!r}: {Path(module.__file__ or module.__name__).name} has no {part!r}"
                f"{_instead(found, part, module)}"
            ) from None
        except Exception as error:
            raise FactoryError(f"target {target!r}: reading {part!r} raised {_said(error)}") from error
    return found


def _instead(found: Any, part: str, module: ModuleType) -> str:
    public = [name for name in dir(found) if not name.startswith("_")]
    own = []
    for name in public:
        with contextlib.suppress(Exception):  # a lazy attribute may raise anything
            if getattr(getattr(found, name), "__module__", None) == module.__name__:
                own.append(name)
    return did_you_mean(part, public) or (f"; it has {', '.join(own[:8])}" if own else "")


def read_file(target: str, path: Path) -> bytes:
    """Return the bytes of a file; raise UsageError for one that is not there or cannot be read."""
    try:
        path = path.expanduser()
        return path.read_bytes()
    except FileNotFoundError:
        beside = [entry.name for entry in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise UsageError(f"target {target!r}: there is no file {path}{did_you_mean(path.name, beside)}") from None
    except IsADirectoryError:
        raise UsageError(f"target {target!r}: {path} is a folder; name a Python file in it") from None
    except OSError as error:
        raise UsageError(f"target {target!r}: cannot read {path}: {error.strerror}") from None
    except (ValueError, RuntimeError) as error:  # a null character, or a home folder of nobody
        raise UsageError(f"target {target!r}: {str(path)!r} is no path: {error}") from None


_loaded: dict[tuple[Path, str], ModuleType] = {}
_compiled: dict[tuple[Path, str], CodeType] = {}
_MOST_COMPILED = 64


def load_file(target: str, path: Path) -> ModuleType:
    """Return the module of a file, the same object until the file's content changes."""
    code = read_file(target, path)
    path = path.expanduser().resolve()
    digest = hashlib.sha256(code).hexdigest()
    if (path, digest) in _loaded:
        return _loaded[path, digest]
    # The name has the content in it: an edited file is another module, never a stale one.
    name = f"{_prefix(path)}_{digest[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"target {target!r}: {path.name} is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.parent)
    sys.path.insert(0, folder)  # so that a file may import its neighbours
    try:
        # Not through the loader, which believes a cached compilation where size and second of the file are the same.
        exec(_compiled.get((path, digest)) or compile(code, path, "exec"), module.__dict__)
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        if isinstance(error, ModuleNotFoundError):
            raise MissingDependencyError(
                f"target {target!r}: {path.name} imports {error.name!r}, which is not installed"
            ) from error
        raise FactoryError(f"target {target!r}: importing {path.name} raised {_said(error)}") from error
    finally:
        with contextlib.suppress(ValueError):  # the file may have set sys.path itself
            sys.path.remove(folder)
    _loaded[path, digest] = module
    return module


def keep_compiled(path: Path) -> None:
    """Compile a file, without running it, for the processes that will be forked from this one.

    A quarter of a short cell is the compilation of its file. Only for a file that a child has compiled before, within
    its limits: what that does to a process, it would do to this one.
    """
    code = path.read_bytes()
    path = path.expanduser().resolve()
    key = (path, hashlib.sha256(code).hexdigest())
    if key in _compiled:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the child has said them
        compiled = compile(code, path, "exec")
    while len(_compiled) >= _MOST_COMPILED:
        del _compiled[next(iter(_compiled))]
    _compiled[key] = compiled


def _prefix(path: Path) -> str:
    place = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return f"{_PREFIX}{re.sub(r'[^0-9A-Za-z_]', '_', path.stem)}_{place}"


def is_same_file(where: str, other: str) -> bool:
    """Whether two ``module:attribute`` are the same thing in two contents of one file."""
    modules = [place.partition(":")[0] for place in (where, other)]
    same_attribute = where.partition(":")[2] == other.partition(":")[2]
    return (
        same_attribute
        and all(module.startswith(_PREFIX) for module in modules)
        and modules[0].rpartition("_")[0] == modules[1].rpartition("_")[0]
    )


def _said(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its message raises)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
