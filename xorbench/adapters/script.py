"""Plain scripts: a file that trains at its top level and leaves a network in its variables.

Comments tell xorbench what is what; each stands on a line of its own, but for `step`, which stands behind the loop::

    # xorbench: inputs = X
    # xorbench: targets = y
    # xorbench: predict = sigmoid(np.tanh(X @ W1 + b1) @ W2 + b2)
    # xorbench: parameters = W1, b1, W2, b2
    for epoch in range(10_000):  # xorbench: step
        ...

`predict` is an expression of the file's names: a function of the inputs, or the outputs themselves, in terms of the
variable that `inputs` names. Without it a function `predict` of the file is taken. `parameters` are variables, attributes
of them (``net.W1``) or modules of PyTorch; without it those are taken of which torch says that they require a gradient.
Two ways to train follow:

* With `step`, the body of that loop is one update. What stands before it runs once, what stands after it never; before
  each update the two variables named by `inputs` and `targets` are set to the batch, in the kind and type that they
  have. Everything can be checked.
* Without, the whole file runs when the model is fitted, on the file's own data for the file's own number of epochs,
  unless it has a constant `epochs`. Only what it predicts can be checked.

Constants of the top level (``learning_rate = 0.5``) are options; `seed`, `learning_rate` and `epochs` are the
harness's. A file that calls `seed(1)` itself has fixed its start and takes no seed.
"""

from __future__ import annotations

import ast
import contextlib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from xorbench.adapters import script_parameters
from xorbench.adapters.random_state import State, lent, random_state, seed_all
from xorbench.adapters.script_values import for_module, is_module, is_tensor, like
from xorbench.adapters.signature import Factory, with_signature
from xorbench.errors import FactoryError, UsageError, did_you_mean
from xorbench.model import as_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

KEYS = ("inputs", "targets", "predict", "parameters", "loss", "output", "codes", "step", "learns")
_MARKER = re.compile(r"#\s*xorbench:\s*(?P<key>\w+)\s*(?:=\s*(?P<value>.*\S))?\s*$")

#: Spellings of the harness's keywords in scripts.
_SEED = ("seed", "SEED", "random_seed")
_RATE = ("learning_rate", "LEARNING_RATE", "lr", "LR", "alpha", "eta")
_EPOCHS = ("epochs", "EPOCHS", "n_epochs", "num_epochs", "iterations", "n_iterations")

#: What draws random numbers, in NumPy's, Python's and torch's words.
_DRAWS = re.compile(
    "random|shuffle|permutation|choice|rand[np(_i]|multinomial|bernoulli|normal_?[(]|uniform_?[(]|DataLoader"
)


@dataclass(frozen=True)
class Script:
    """What can be read off a script without running it."""

    path: Path
    tree: ast.Module
    marks: Mapping[str, str]
    constants: Mapping[str, Any]
    loop: ast.For | ast.While | None
    fixes_seed: bool
    functions: frozenset[str] = field(default_factory=frozenset)

    def imports(self, package: str) -> bool:
        """Whether the file imports this package anywhere."""
        names: list[str] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.append(node.module or "")
        return any(name.split(".")[0] == package for name in names)

    def draws(self) -> bool:
        """Whether an update may draw random numbers: the loop, a function that it reaches, or a layer of dropout."""
        if self.loop is None:
            return False
        if self.imports("torch") and re.search("dropout", ast.unparse(self.tree), re.IGNORECASE):
            return True
        return any(_DRAWS.search(ast.unparse(node)) for node in _reached(self.tree, self.loop))

    def named(self, spellings: tuple[str, ...]) -> str | None:
        """Return which of these spellings is a constant of the file."""
        return next((name for name in spellings if name in self.constants), None)


def read(path: Path, source: str, *, target: str) -> Script:
    """Read a script; raise UsageError where it is no Python or its marks are none of KEYS."""
    try:
        tree = ast.parse(source, filename=str(path))
    except SyntaxError as error:
        raise UsageError(f"target {target!r}: {path.name} line {error.lineno} is no Python: {error.msg}") from None
    marks: dict[str, str] = {}
    step_line = 0
    for number, line in enumerate(source.splitlines(), start=1):
        match = _MARKER.search(line)
        if match is None:
            continue
        key, value = match["key"], match["value"] or ""
        if key not in KEYS or (not value and key != "step"):
            hint = did_you_mean(key, KEYS) if key not in KEYS else f"; write `# xorbench: {key} = ...`"
            raise UsageError(f"target {target!r}: {path.name} line {number}: {match[0]!r} is no mark{hint}")
        marks[key] = value
        step_line = number if key == "step" else step_line
    loop = next(
        (node for node in tree.body if isinstance(node, (ast.For, ast.While)) and node.lineno == step_line), None
    )
    if step_line and loop is None:
        raise UsageError(
            f"target {target!r}: {path.name} line {step_line}: the mark `step` stands behind a loop of the top level"
        )
    missing = [key for key in ("inputs", "targets") if loop is not None and key not in marks]
    if missing:
        raise UsageError(
            f"target {target!r}: {path.name} marks a step, so it also needs `# xorbench: {missing[0]} = NAME`, "
            "the variable that holds the batch"
        )
    return Script(
        path=path,
        tree=tree,
        marks=marks,
        constants=_constants(tree),
        loop=loop,
        fixes_seed=any(_is_seed_call(node) for node in ast.walk(tree)),
        functions=frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef)),
    )


def _constants(tree: ast.Module) -> dict[str, Any]:
    """Return names of the top level that are assigned once, a number, text or truth value."""
    assigned = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            with contextlib.suppress(ValueError):
                value = ast.literal_eval(node.value)
                if isinstance(value, (bool, int, float, str)) and assigned.count(name) == 1:
                    found[name] = value
    return found


def _is_seed_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("seed", "manual_seed", "default_rng", "RandomState", "set_seed")


def _reached(tree: ast.Module, loop: ast.stmt) -> list[ast.AST]:
    """Return the loop and the functions of the file that it may call, by their names alone."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found: list[ast.AST] = [loop]
    for node in found:  # grows on the way
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        names |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)} | {"forward", "__call__"}
        found += [each for each in functions if each.name in names and each not in found]
    return found


def factory(path: Path, source: str, *, target: str) -> Factory:
    """Return a factory for the script; it is read now and run when a model is made or fitted."""
    script = read(path, source, target=target)
    if "predict" not in script.marks and "predict" not in script.functions:
        there = sorted(script.functions)
        raise UsageError(
            f"target {target!r}: {path.name} has no function predict(inputs){_functions_hint(there)}; write one, or a "
            f"comment `# xorbench: predict = EXPRESSION` that says what the network answers"
        )
    seed, rate, epochs = script.named(_SEED), script.named(_RATE), script.named(_EPOCHS)
    keywords = {name: value for name, value in script.constants.items() if name not in (seed, rate, epochs)}
    if not script.fixes_seed:
        keywords["seed"] = 0
    if rate is not None:
        keywords["learning_rate"] = script.constants[rate]

    def make(**given: Any) -> ScriptModel:
        values = dict(given)
        start = values.pop("seed", None)
        if seed is not None and start is not None:
            values[seed] = start
        if rate is not None and "learning_rate" in values:
            values[rate] = values.pop("learning_rate")
        kind = ScriptModel if script.loop is None else SteppedScript
        return kind(script, values, seed=start, rate=rate, epochs=epochs)

    made = with_signature(make, keywords, like=make)
    made.__doc__ = ast.get_docstring(script.tree) or f"the script {path.name}"
    vars(made)["learns"] = tuple(re.split(r"[,\s]+", script.marks.get("learns", "xor")))
    return made


def _functions_hint(there: list[str]) -> str:
    return f" among {', '.join(there[:6])}" if there else ""


class ScriptModel:
    """A script that runs as a whole when it is fitted."""

    def __init__(
        self, script: Script, values: Mapping[str, Any], *, seed: int | None, rate: str | None, epochs: str | None
    ) -> None:
        self._script, self._values, self._seed, self._epochs = script, dict(values), seed, epochs
        self._namespace: dict[str, Any] = {}
        marks = script.marks
        self.output = marks.get("output", "probability")
        self.targets = tuple(float(code) for code in marks["codes"].split(",")) if "codes" in marks else (0.0, 1.0)
        rate_value = self._values.get(rate, script.constants.get(rate)) if rate else None
        self.learning_rate = float(rate_value) if isinstance(rate_value, (int, float)) else None
        self._names = [name.strip() for name in marks.get("parameters", "").split(",") if name.strip()]
        if script.loop is None:
            self.fit = self._fit
        if self._names:
            self.get_parameters, self.set_parameters = self._get_parameters, self._set_parameters

    def _fit(self, inputs: Rows, targets: Rows, epochs: int) -> None:
        """Run the file, on its own data; `epochs` replaces its constant of that name, where it has one."""
        if self._epochs is not None:
            self._values[self._epochs] = epochs
        self._run(self._script.tree.body)

    def _run(self, body: list[ast.stmt]) -> None:
        code = self._compiled([_with_value(node, self._values) for node in body])
        if self._script.imports("torch"):
            # Its generator must be there to be seeded, and to be given back as it was.
            with contextlib.suppress(ImportError):
                import torch  # noqa: F401
        was_there = "torch" in sys.modules
        self._execute(code)
        if not was_there and "torch" in sys.modules:  # brought by what the file imports, after the seeds were set
            self._execute(code)

    def _execute(self, code: CodeType) -> None:
        self._namespace = {"__name__": "__main__", "__file__": str(self._script.path)}
        with _as_a_program(self._script.path, self._seed):
            exec(code, self._namespace)
            self._random: State = random_state()

    def _compiled(self, body: list[ast.stmt]) -> CodeType:
        return compile(ast.Module(body=body, type_ignores=[]), str(self._script.path), "exec")

    def predict(self, inputs: Rows) -> Any:
        """Return what the script's network answers, in one call or, where it takes only one row, row by row."""
        import numpy as np

        if not self._namespace:
            raise FactoryError(f"{self._script.path.name} has not run yet: it is trained in one go, by fit()")
        try:
            outputs = as_array(self._answer(inputs))
        except (TypeError, ValueError, IndexError, RuntimeError):
            if len(inputs) == 1:
                raise
        else:
            if np.size(outputs) == len(inputs):
                return outputs
        return np.array([np.reshape(as_array(self._answer(row)), -1) for row in inputs]).ravel()

    def _answer(self, inputs: Rows) -> Any:
        scope = dict(self._namespace)
        given: Any = inputs
        if "inputs" in self._script.marks:
            name = self._script.marks["inputs"]
            given = scope[name] = like(inputs, scope.get(name))
        answer = eval(self._script.marks.get("predict", "predict"), scope)
        if is_module(answer) and not is_tensor(given):
            given = for_module(inputs, answer)
        return answer(given) if callable(answer) else answer

    def _get_parameters(self) -> dict[str, NDArray[Any]]:
        return script_parameters.get(self._namespace, self._names, self._script.path.name) if self._namespace else {}

    def _set_parameters(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        script_parameters.put(self._namespace, self._names, self._script.path.name, parameters)


class SteppedScript(ScriptModel):
    """A script whose training loop is marked: the body of the loop is one update."""

    def __init__(self, script: Script, values: Mapping[str, Any], **about: Any) -> None:
        super().__init__(script, values, **about)
        loop = script.loop
        if loop is None:
            raise UsageError(f"{script.path.name} marks no step")
        self._run(script.tree.body[: script.tree.body.index(loop)])
        # One pass of a loop of its own, so that `continue` and `break` in the body mean the end of this update.
        once = ast.parse("for _ in (0,): pass").body[0]
        self._body = self._compiled([ast.fix_missing_locations(ast.For(**{**vars(once), "body": loop.body}))])
        self._draws = script.draws()
        data = [script.marks["inputs"], script.marks["targets"]]
        if not self._names and (names := script_parameters.trained_by_torch(self._namespace, data)):
            self._names = names
            self.get_parameters, self.set_parameters = self._get_parameters, self._set_parameters
        self._counter = loop.target.id if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name) else None
        self._steps = 0

    def step(self, inputs: Rows, targets: Rows) -> float | None:
        """Run the body of the loop on this batch; return the variable that `loss` names."""
        import numpy as np

        marks = self._script.marks
        for name, value in ((marks["inputs"], inputs), (marks["targets"], targets)):
            old: Any = self._namespace.get(name)
            self._namespace[name] = like(value, old, flat=name == marks["targets"])
        if self._counter is not None:
            self._namespace[self._counter] = self._steps
        if self._draws:  # from random numbers of its own, so that the seed controls the run
            with lent(self._random):
                exec(self._body, self._namespace)
                self._random = random_state()
        else:
            exec(self._body, self._namespace)
        self._steps += 1
        return float(np.mean(as_array(self._namespace[marks["loss"]]))) if "loss" in marks else None


def _with_value(node: ast.stmt, values: Mapping[str, Any]) -> ast.stmt:
    """Return the assignment of a constant with another value, any other statement as it is."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in values:
        new = ast.Constant(values[node.targets[0].id])
        return ast.copy_location(ast.Assign(targets=node.targets, value=ast.copy_location(new, node.value)), node)
    return node


@contextlib.contextmanager
def _as_a_program(path: Path, seed: int | None) -> Iterator[None]:
    """Let a file run as it would by itself, seeded, without a window, and leave nothing of that behind."""
    arguments, sys.argv = sys.argv, [str(path)]
    sys.path.insert(0, str(path.parent))
    with lent(None), _without_a_window():
        if seed is not None:
            seed_all(seed)
        try:
            yield
        finally:
            sys.argv = arguments
            with contextlib.suppress(ValueError):
                sys.path.remove(str(path.parent))


@contextlib.contextmanager
def _without_a_window() -> Iterator[None]:
    """Tell matplotlib, which reads it on import, to draw into memory, unless somebody has told it otherwise."""
    import os

    if "MPLBACKEND" in os.environ:
        yield
        return
    os.environ["MPLBACKEND"] = "Agg"
    try:
        yield
    finally:
        if os.environ.get("MPLBACKEND") == "Agg":
            del os.environ["MPLBACKEND"]
