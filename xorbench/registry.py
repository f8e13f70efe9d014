"""From a string to an implementation: ``name[option=value]``, ``module:attribute`` or ``path/to/file.py:Class``.

Nothing is imported until it is named. An implementation found here is built with :meth:`Implementation.build`.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from xorbench.entry import Entry as Entry
from xorbench.errors import FactoryError, MissingDependencyError, UsageError, did_you_mean, unknown
from xorbench.loading import get_attribute, is_same_file, load_attribute, load_file, read_file
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
        """Whether the factory's signature names this keyword; ``**anything`` names none, so it is not passed."""
        return keyword in _keywords(self.factory)[0]

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
        keywords = {**{name: value for name, value in given.items() if name in names}, **self.options}
        if learning_rate is not None and "learning_rate" in names:  # a rate that is asked for goes before an option's
            keywords["learning_rate"] = learning_rate
        return keywords

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

        `learning_rate` None leaves that of the target's options, or the factory's own default. Exceptions of the
        factory pass through unchanged; FactoryError is raised where what it made is no model.
        """
        keywords = self.keywords(inputs=inputs, seed=seed, device=device, learning_rate=learning_rate)
        keywords.update(options)
        instance = self.factory(**keywords)
        if instance is None:
            raise FactoryError(f"{self.target}: the factory returned None instead of a model; does it lack a `return`?")
        if inspect.isclass(instance):
            raise FactoryError(
                f"{self.target}: the factory returned the class {instance.__name__}, not an instance of it"
            )
        return Model(_adapted(instance, self.target), target=self.target)


_registered: dict[str, Entry] = {}
_registered_factories: dict[str, Callable[..., Any]] = {}


def register(name: str, **about: Any) -> Callable[[AnyFactory], AnyFactory]:
    """Register a factory under a name: ``@xorbench.register("mine", summary="...", learns=("xor",))``.

    The keywords are the fields of :class:`Entry`. Raises UsageError for a name that is taken or not a plain name.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise UsageError(f"cannot register {name!r}: a name is letters, digits, '.', '_' and '-'")

    known = [field.name for field in fields(Entry) if field.name not in ("name", "where")]
    for keyword in about:
        if keyword not in known:
            raise UsageError(f"cannot register {name!r}: unknown keyword {keyword!r}{did_you_mean(keyword, known)}")

    def decorate(factory: AnyFactory) -> AnyFactory:
        where = f"{factory.__module__}:{factory.__qualname__}"
        taken = entries().get(name)
        if taken is not None and taken.where != where and not is_same_file(taken.where, where):
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
    elif base.endswith(".py"):
        entry, factory = _from_whole_file(target, base)
    else:
        known = entries()
        if base not in known:
            raise unknown("implementation", base, known)
        entry = known[base]
        if missing := entry.missing():
            raise MissingDependencyError(
                f"{base} needs {' and '.join(missing)}, which is not installed; "
                f"run: {entry.install or 'pip install ' + ' '.join(missing)}"
            )
        factory = _registered_factories.get(base) or load_attribute(target, *_split_where(entry.where))
    factory = _as_factory(factory, target)
    if not entry.where.startswith("xorbench."):
        entry = _with_declared(entry, factory)
    _check_options(target, factory, options)
    return Implementation(
        target=target, factory=factory, options=options, entry=entry, source=_source_hash(factory, base)
    )


def split_target(target: str) -> tuple[str, dict[str, Option]]:
    """Split ``base[key=value,...]``; raise UsageError where the brackets are no list of options."""
    if not isinstance(target, str):
        raise UsageError(f"target {target!r} is {type(target).__name__}; a target is a string such as 'numpy-mlp'")
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


def _parameters(factory: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return what a factory takes; nothing where it does not tell."""
    if type(factory) is type and not any(
        name in vars(base) for base in factory.__mro__[:-1] for name in ("__init__", "__new__", "__signature__")
    ):
        return []  # as `signature` finds after it has looked through all modules
    try:
        return list(inspect.signature(factory).parameters.values())
    except Exception:  # some built-in types tell nothing, and a stranger's __signature__ may raise anything
        return []


def _keywords(factory: Callable[..., Any]) -> tuple[dict[str, Any], bool]:
    """Return the keywords that the factory names, with their defaults, and whether it takes any other."""
    kinds = inspect.Parameter
    parameters = _parameters(factory)
    names = {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
    }
    return names, any(parameter.kind is kinds.VAR_KEYWORD for parameter in parameters)


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
    _refuse_positional(target, factory)
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


def _refuse_positional(target: str, factory: Callable[..., Any]) -> None:
    for parameter in _parameters(factory):
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is parameter.empty:
            raise UsageError(
                f"target {target!r}: the factory takes {parameter.name!r} by position only; it is called with keywords"
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
        return entry, get_attribute(target, load_file(target, Path(place)), attribute)
    return entry, load_attribute(target, place, attribute)


def _from_whole_file(target: str, base: str) -> tuple[Entry, Any]:
    """Return what a file makes as a whole: functions in the JAX style, or a script that trains at its top level."""
    import ast

    from xorbench.adapters import functions, script

    path = Path(base)
    source = read_file(target, path).decode("utf-8", errors="replace")
    read = script.read(path, source, target=target)
    entry = Entry(name=base, where=base, summary="a target of your own")
    if {"init", "apply"} <= read.functions:
        return entry, functions.factory(load_file(target, path))
    classes = [
        node.name
        for node in read.tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(member, ast.FunctionDef) and member.name == "predict" for member in node.body)
    ]
    if classes and not read.marks:
        raise UsageError(
            f"target {target!r}: a file needs the name of what is in it; did you mean {base}:{classes[0]}?"
        )
    return entry, script.factory(path.resolve(), source, target=target)


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
    """Take over `learns`, `never`, `why_never` and `devices` where a stranger's class declares them."""
    declared: dict[str, Any] = {}
    for name in ("learns", "never", "devices"):
        value = getattr(factory, name, None)
        if isinstance(value, (tuple, list)) and all(isinstance(item, str) for item in value):
            declared[name] = tuple(value)
    why = getattr(factory, "why_never", None)
    if isinstance(why, str):
        declared["why_never"] = why
    doc = inspect.getdoc(factory) if inspect.isclass(factory) or inspect.isfunction(factory) else None
    if doc and entry.summary in ("", "a target of your own"):
        declared["summary"] = doc.splitlines()[0]
    return replace(entry, **declared)


def _source_hash(factory: Callable[..., Any], base: str) -> str:
    """Hash the file that a target names and the one that defines its factory; of the built-in ones the whole family."""
    digest = hashlib.sha256(base.encode())
    files: list[Path] = []
    place = base if base.endswith(".py") else base.rpartition(":")[0]
    if place.endswith(".py"):
        files.append(Path(place).expanduser())
    for name in {place, getattr(factory, "__module__", "") or ""}:
        path = getattr(sys.modules.get(name), "__file__", None)
        if path and name.startswith("xorbench.implementations"):
            files += sorted(Path(path).parent.glob("*.py"))
        elif path:
            files.append(Path(path))
    for file in sorted(set(files)):
        try:
            digest.update(file.name.encode() + file.read_bytes())
        except OSError:
            digest.update(b"unreadable")
    return digest.hexdigest()[:16]
