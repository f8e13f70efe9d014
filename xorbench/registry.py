"""From a string to an implementation: ``name[option=value]``, ``module:attribute`` or ``path/to/file.py:Class``.

Nothing is imported until it is named. An implementation found here is built with :meth:`Implementation.build`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from xorbench.entry import Entry as Entry
from xorbench.errors import FactoryError, MissingDependencyError, UsageError, did_you_mean, unknown
from xorbench.model import Model

ENTRY_POINTS = "xorbench.implementations"

#: Keywords that the harness supplies; every other keyword of a factory with a default is an option of the user's.
HARNESS_KEYWORDS = ("inputs", "seed", "device", "learning_rate")

Option = str | int | float | bool | None
AnyFactory = TypeVar("AnyFactory", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Implementation:
    """A factory with its options, and the string that names it in records and reports."""

    target: str
    factory: Callable[..., Any]
    options: Mapping[str, Option] = field(default_factory=dict)
    entry: Entry
    source: str  # sha256 of what determines its behaviour

    def accepts(self, keyword: str) -> bool:
        """Whether the factory's signature names this keyword (or takes any)."""
        names, any_keyword = _keywords(self.factory)
        return keyword in names or any_keyword

    def option_defaults(self) -> dict[str, Any]:
        """Return the factory's own options with their defaults."""
        names, _ = _keywords(self.factory)
        return {
            name: default
            for name, default in names.items()
            if name not in HARNESS_KEYWORDS and default is not inspect.Parameter.empty
        }

    def keywords(self, *, inputs: int, seed: int, device: str, learning_rate: float | None = None) -> dict[str, Any]:
        """Return what the factory is called with: of the harness's keywords those that it names, and the options."""
        given: dict[str, Any] = {"inputs": inputs, "seed": seed, "device": device}
        if learning_rate is not None:
            given["learning_rate"] = learning_rate
        names, _ = _keywords(self.factory)
        return {**{name: value for name, value in given.items() if name in names}, **self.options}

    def build(
        self,
        *,
        inputs: int = 2,
        seed: int = 0,
        device: str = "cpu",
        learning_rate: float | None = None,
        **options: Option,
    ) -> Model:
        """Make a fresh model; of the harness's keywords only those that the factory names are passed.

        `learning_rate` None leaves the factory's own default. Exceptions of the factory pass through unchanged;
        FactoryError is raised where what it made is no model.
        """
        keywords = self.keywords(inputs=inputs, seed=seed, device=device, learning_rate=learning_rate)
        keywords.update(options)
        instance = self.factory(**keywords)
        if instance is None:
            raise FactoryError(f"{self.target}: the factory returned None instead of a model; does it lack a `return`?")
        return Model(_adapted(instance, self.target), target=self.target)


_registered: dict[str, Entry] = {}
_registered_factories: dict[str, Callable[..., Any]] = {}


def register(name: str, **about: Any) -> Callable[[AnyFactory], AnyFactory]:
    """Register a factory under a name: ``@xorbench.register("mine", summary="...", learns=("xor",))``.

    The keywords are the fields of :class:`Entry`. Raises UsageError for a name that is taken or not a plain name.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise UsageError(f"cannot register {name!r}: a name is letters, digits, '.', '_' and '-'")

    def decorate(factory: AnyFactory) -> AnyFactory:
        where = f"{factory.__module__}:{factory.__qualname__}"
        taken = entries().get(name)
        if taken is not None and taken.where != where:
            raise UsageError(f"cannot register {where} as {name!r}: the name belongs to {taken.where}")
        _registered[name] = Entry(name=name, where=where, **about)
        _registered_factories[name] = factory
        return factory

    return decorate


@functools.cache
def _from_entry_points() -> dict[str, Entry]:
    from importlib.metadata import entry_points

    found: dict[str, Entry] = {}
    for point in entry_points(group=ENTRY_POINTS):
        package = point.dist.name if point.dist else "an installed package"
        found[point.name] = Entry(name=point.name, where=point.value, summary=f"from {package}")
    return found


def entries() -> dict[str, Entry]:
    """Return every registered implementation by name: built in, from installed packages, and from decorators."""
    from xorbench.implementations import BUILT_IN

    return {**_from_entry_points(), **{entry.name: entry for entry in BUILT_IN}, **_registered}


def resolve(target: str) -> Implementation:
    """Return the implementation that `target` names.

    Raises UsageError, with the value, the rule and the nearest right spelling, for anything that names none; an
    exception raised by the stranger's module while it is imported passes through as FactoryError.
    """
    base, options = split_target(target)
    if ":" in base:
        entry, factory = _from_path(target, base)
    else:
        known = entries()
        if base not in known:
            hint = ""
            if Path(base).suffix == ".py":
                hint = f"; a file needs the name of what is in it: {base}:ClassName"
            if hint:
                raise UsageError(f"unknown target {target!r}{hint}")
            raise unknown("implementation", base, known)
        entry = known[base]
        if missing := entry.missing():
            raise MissingDependencyError(
                f"{base} needs {' and '.join(missing)}, which is not installed; "
                f"run: {entry.install or 'pip install ' + ' '.join(missing)}"
            )
        factory = _registered_factories.get(base) or _attribute(target, *_split_where(entry.where))
    factory = _as_factory(factory, target)
    if not entry.where.startswith("xorbench."):
        entry = _with_declared(entry, factory)
    _check_options(target, factory, options)
    return Implementation(
        target=target, factory=factory, options=options, entry=entry, source=_source_hash(factory, base)
    )


def split_target(target: str) -> tuple[str, dict[str, Option]]:
    """Split ``base[key=value,...]``; raise UsageError where the brackets are no list of options."""
    match = re.fullmatch(r"(?P<base>[^\[\]]+)(?:\[(?P<options>[^\[\]]*)\])?", target.strip())
    if match is None:
        raise UsageError(
            f"target {target!r} is malformed; write name, module:attribute or file.py:Class, then [option=value,...]"
        )
    options: dict[str, Option] = {}
    for part in filter(None, (match["options"] or "").split(",")):
        key, equals, text = part.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"target {target!r}: {part!r} is no option; write option=value, separated by commas")
        if key.strip() in options:
            raise UsageError(f"target {target!r}: option {key.strip()!r} is given twice")
        options[key.strip()] = _value(text.strip())
    return match["base"].strip(), options


def _value(text: str) -> Option:
    plain: dict[str, Option] = {"true": True, "false": False, "none": None}
    if text.casefold() in plain:
        return plain[text.casefold()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _keywords(factory: Callable[..., Any]) -> tuple[dict[str, Any], bool]:
    """Return the keywords that the factory names, with their defaults, and whether it takes any other."""
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):  # some built-in types tell nothing
        return {}, False
    kinds = inspect.Parameter
    names = {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
    }
    return names, any(parameter.kind is kinds.VAR_KEYWORD for parameter in signature.parameters.values())


def _check_options(target: str, factory: Callable[..., Any], options: Mapping[str, Option]) -> None:
    names, any_keyword = _keywords(factory)
    own = [name for name in names if name not in ("inputs", "seed", "device")]
    for option in options:
        if option in ("inputs", "seed", "device"):
            raise UsageError(f"target {target!r}: {option!r} is set by the harness, not by an option")
        if option not in names and not any_keyword:
            hint = did_you_mean(option, own)
            told = f"its options are {', '.join(own)}" if own else "it has no options"
            raise UsageError(f"target {target!r}: no option {option!r}{hint or '; ' + told}")
    required = [
        name
        for name, default in names.items()
        if default is inspect.Parameter.empty and name not in HARNESS_KEYWORDS and name not in options
    ]
    if required:
        raise UsageError(
            f"target {target!r}: the factory needs {', '.join(map(repr, required))}, which the harness does not supply "
            f"(it supplies {', '.join(HARNESS_KEYWORDS)}); give each a default, or write [{required[0]}=...]"
        )


def _split_where(where: str) -> tuple[str, str]:
    module, _, attribute = where.partition(":")
    return module, attribute


def _from_path(target: str, base: str) -> tuple[Entry, Any]:
    place, _, attribute = base.rpartition(":")
    if not place or not attribute:
        raise UsageError(f"target {target!r} is incomplete; write module:attribute or path/to/file.py:Class")
    entry = Entry(name=base, where=base, summary="a target of your own")
    if place.endswith(".py") or "/" in place or "\\" in place:
        return entry, _get(target, _load_file(target, Path(place)), attribute)
    return entry, _attribute(target, place, attribute)


def _attribute(target: str, module_name: str, attribute: str) -> Any:
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
    except Exception as error:
        raise FactoryError(f"target {target!r}: importing {module_name} raised {_said(error)}") from error
    return _get(target, module, attribute)


_loaded: dict[tuple[Path, str], ModuleType] = {}


def _load_file(target: str, path: Path) -> ModuleType:
    path = path.expanduser()
    if path.is_dir():
        raise UsageError(f"target {target!r}: {path} is a folder; name a Python file in it")
    try:
        code = path.read_bytes()
    except FileNotFoundError:
        beside = [entry.name for entry in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise UsageError(f"target {target!r}: there is no file {path}{did_you_mean(path.name, beside)}") from None
    except OSError as error:
        raise UsageError(f"target {target!r}: cannot read {path}: {error.strerror}") from None
    path = path.resolve()
    digest = hashlib.sha256(code).hexdigest()
    if (path, digest) in _loaded:
        return _loaded[path, digest]
    # The name has the content in it: an edited file is another module, never a stale one.
    name = f"_xorbench_target_{path.stem}_{hashlib.sha256(str(path).encode() + code).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"target {target!r}: {path} is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))  # so that a file may import its neighbours
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        del sys.modules[name]
        raise MissingDependencyError(
            f"target {target!r}: {path.name} imports {error.name!r}, which is not installed"
        ) from error
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise FactoryError(f"target {target!r}: importing {path.name} raised {_said(error)}") from error
    finally:
        sys.path.remove(str(path.parent))
    _loaded[path, digest] = module
    return module


def _get(target: str, module: ModuleType, attribute: str) -> Any:
    found: Any = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            public = [name for name in dir(found) if not name.startswith("_")]
            own = [name for name in public if getattr(getattr(found, name), "__module__", None) == module.__name__]
            hint = did_you_mean(part, public) or (f"; it has {', '.join(own[:8])}" if own else "")
            raise UsageError(
                f"target {target!r}: {Path(module.__file__ or module.__name__).name} has no {part!r}{hint}"
            ) from None
    return found


def _as_factory(found: Any, target: str) -> Callable[..., Any]:
    from xorbench.adapters import as_factory

    factory = as_factory(found)
    if factory is None:
        raise UsageError(
            f"target {target!r} is {type(found).__name__} {str(found)[:40]!r}, which cannot make a model; "
            "name a class or a function that returns an object with predict(inputs)"
        )
    return factory


def _adapted(instance: Any, target: str) -> Any:
    from xorbench.adapters import adapt

    return adapt(instance, target=target)


def _with_declared(entry: Entry, factory: Callable[..., Any]) -> Entry:
    """Take over `learns`, `never` and `devices` where a stranger's class declares them."""
    from dataclasses import replace

    declared: dict[str, Any] = {}
    for name in ("learns", "never", "devices"):
        value = getattr(factory, name, None)
        if isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value):
            declared[name] = tuple(value)
    doc = inspect.getdoc(factory) if inspect.isclass(factory) or inspect.isfunction(factory) else None
    if doc and entry.summary in ("", "a target of your own"):
        declared["summary"] = doc.splitlines()[0]
    return replace(entry, **declared)


def _source_hash(factory: Callable[..., Any], base: str) -> str:
    """Hash the file that defines the factory, or, for the built-in ones, the whole family."""
    digest = hashlib.sha256(base.encode())
    module = sys.modules.get(getattr(factory, "__module__", "") or "")
    path = getattr(module, "__file__", None)
    files: list[Path] = []
    if path:
        files = [Path(path)]
        if getattr(module, "__name__", "").startswith("xorbench.implementations"):
            files = sorted(Path(path).parent.glob("*.py"))
    for file in files:
        try:
            digest.update(file.name.encode() + file.read_bytes())
        except OSError:
            digest.update(b"unreadable")
    return digest.hexdigest()[:16]


def _said(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its message raises)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
