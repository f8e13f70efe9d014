"""From a string to an implementation: every right form, and one clear sentence for every wrong one."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xorbench
from xorbench import registry
from xorbench.entry import Entry
from xorbench.errors import FactoryError, MissingDependencyError, UsageError, did_you_mean, unknown
from xorbench.registry import entries, register, resolve, split_target

NET = '''
import numpy as np

class Net:
    """A net of one's own."""

    learns = ("xor", "and")

    def __init__(self, inputs=2, seed=0, hidden=3):
        self.inputs, self.seed, self.hidden = inputs, seed, hidden

    def predict(self, inputs):
        return np.full(len(inputs), 0.5)

    class Inner:
        def predict(self, inputs):
            return np.zeros(len(inputs))

def none():
    pass

def a_class():
    return Net

def needs(width):
    return Net()

def positional(width, /):
    return Net()

def anything(**options):
    net = Net()
    net.options = options
    return net

def raises():
    raise RuntimeError("no")

number = 3
ready = Net(hidden=9)
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write files into a folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        return tmp_path

    return write


# --- right targets


def test_a_class_in_a_file(here: Callable[..., Path]) -> None:
    folder = here(mine=NET)
    for target in ("mine.py:Net", "./mine.py:Net", f"{folder}/mine.py:Net"):
        made = resolve(target)
        assert made.target == target
        assert made.entry.learns == ("xor", "and")
        assert made.entry.summary == "A net of one's own."
        assert made.option_defaults() == {"hidden": 3}
        model = made.build(inputs=5, seed=7)
        assert (model.instance.inputs, model.instance.seed, model.instance.hidden) == (5, 7, 3)
        assert model.target == target


def test_options_reach_the_factory(here: Callable[..., Path]) -> None:
    here(mine=NET)
    assert resolve("mine.py:Net[hidden=8]").build().instance.hidden == 8
    assert resolve("mine.py:Net[hidden=8]").build(hidden=2).instance.hidden == 2
    assert resolve("mine.py:anything[a=1,b=x]").build(seed=3).instance.options == {"a": 1, "b": "x"}
    assert not resolve("mine.py:anything").accepts("seed")  # what is not named is not passed


def test_nested_attributes_modules_and_packages(here: Callable[..., Path]) -> None:
    folder = here(some_module_of_mine=NET)
    package = folder / "some_package_of_mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "net.py").write_text(NET)
    for target in (
        "some_module_of_mine:Net.Inner",
        "some_package_of_mine.net:Net.Inner",
        "some_module_of_mine.py:Net.Inner",
    ):
        assert resolve(target).build().predict(np.zeros((3, 2))).tolist() == [0, 0, 0]


def test_a_ready_made_object_is_copied(here: Callable[..., Path]) -> None:
    here(mine=NET)
    one, two = resolve("mine.py:ready").build().instance, resolve("mine.py:ready").build().instance
    assert one is not two
    assert one.hidden == 9


def test_a_file_imports_its_neighbours_and_leaves_no_trace_in_the_path(here: Callable[..., Path]) -> None:
    folder = here(neighbour_of_mine="WIDTH = 6\n", mine="from neighbour_of_mine import WIDTH\n" + NET)
    path = [*sys.path]
    assert resolve(f"{folder}/mine.py:Net").build() is not None
    assert sys.path == path


def test_the_same_file_gives_the_same_class_until_it_changes(here: Callable[..., Path]) -> None:
    here(mine=NET)
    first = resolve("mine.py:Net")
    assert resolve("mine.py:Net").factory is first.factory
    here(mine=NET.replace("hidden=3", "hidden=4"))  # of the same size, and as a rule in the same second
    second = resolve("mine.py:Net")
    assert second.build().instance.hidden == 4
    assert second.source != first.source


def test_a_partial_and_a_lambda_are_factories(here: Callable[..., Path]) -> None:
    here(
        mine=NET
        + "\nimport functools\nwide = functools.partial(Net, hidden=20)\n"
        + "small = lambda seed=0: Net(seed=seed, hidden=1)\n"
    )
    assert resolve("mine.py:wide").build(seed=4).instance.seed == 4
    assert resolve("mine.py:small").build(seed=4).instance.hidden == 1


def test_every_built_in_can_be_resolved_or_says_what_is_missing() -> None:
    assert entries()
    for name, entry in entries().items():
        if entry.missing():
            with pytest.raises(MissingDependencyError, match=rf"{name} needs .*, which is not installed; run: "):
                resolve(name)
        else:
            made = resolve(name)
            assert made.entry.summary
            assert made.entry.learns
            model = made.build(inputs=2, seed=1)
            assert model.can(xorbench.Capability.PREDICT)
            assert made.source == resolve(name).source


# --- wrong targets

WRONG: dict[str, str] = {
    "": "is malformed",
    "[a=1]": "is malformed",
    "numpy-mlp[hidden=4": "is malformed",
    "numpy-mlp]hidden=4[": "is malformed",
    "numpy-mlp[hidden]": "'hidden' is no option; write option=value",
    "numpy-mlp[=4]": "'=4' is no option",
    "numpy-mlp[hidden=4,hidden=5]": "option 'hidden' is given twice",
    "numpy-mlp[hiden=4]": "no option 'hiden'; did you mean 'hidden'",
    "numpy-mlp[seed=4]": "'seed' is set by the harness",
    "numpi-mlp": "unknown implementation 'numpi-mlp'; did you mean 'numpy-mlp'",
    "zzzzzzz": "choose from .*numpy-mlp",
    "mine.py:": "is incomplete",
    ":Net": "is incomplete",
    "mine.py:Nett": "mine.py has no 'Nett'; did you mean 'Net'",
    "mine.py:zzz": "mine.py has no 'zzz'; it has ",
    "mine.py:Net.Outer": "has no 'Outer'; it has Inner, predict",
    "mine.py:number": "is int '3', which cannot make a model",
    "mine.py": "did you mean mine.py:Net",
    "mime.py:Net": "there is no file mime.py; did you mean 'mine.py'",
    "nowhere/mine.py:Net": "there is no file nowhere/mine.py",
    "folder.py:Net": "is a folder; name a Python file in it",
    "mine.txt/x:Net": "cannot read mine.txt/x: Not a directory",
    "./mine.txt:Net": "its name must end in .py",
    "no_such_module:Net": "no module named 'no_such_module' can be imported from here; for a file write",
    "json.no_such:Net": "no module named 'json.no_such'",
    "a b:Net": "'a b' is no name of a module",
    "..x:Net": "'..x' is no name of a module",
    "~nobody-at-all/x.py:Net": "is no path|there is no file",
    "mine.py:needs": "the factory needs 'width', which the harness does not supply",
    "mine.py:positional": "takes 'width' by position only",
}


@pytest.mark.parametrize("target", WRONG)
def test_a_wrong_target_is_one_clear_sentence(here: Callable[..., Path], target: str) -> None:
    folder = here(mine=NET)
    (folder / "folder.py").mkdir()
    (folder / "mine.txt").write_text(NET)
    with pytest.raises(UsageError, match=WRONG[target]) as caught:
        resolve(target)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_what_is_no_string_is_no_target() -> None:
    with pytest.raises(UsageError, match="target None is NoneType"):
        resolve(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("raise ValueError('broken')", FactoryError, "raised ValueError: broken"),
        ("import sys; sys.exit(3)", FactoryError, "raised SystemExit: 3"),
        ("def f(:", FactoryError, "raised SyntaxError"),
        (
            "import no_such_package_here",
            MissingDependencyError,
            "imports 'no_such_package_here', which is not installed",
        ),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", FactoryError, "its message raises"),
        (
            "import sys\nsys.path.clear()\ndel sys.modules[__name__]\nraise OSError('gone')",
            FactoryError,
            "OSError: gone",
        ),
    ],
)
@pytest.mark.parametrize("form", ["broken_module_of_mine:X", "broken_module_of_mine.py:X"])
def test_a_module_that_fails_is_the_stranger_s_failure(
    here: Callable[..., Path], text: str, kind: type[Exception], said: str, form: str
) -> None:
    here(broken_module_of_mine=text)
    with pytest.raises(kind, match=said):
        resolve(form)
    assert not [name for name in sys.modules if "broken_module_of_mine" in name]


def test_an_interrupt_while_importing_is_an_interrupt(here: Callable[..., Path]) -> None:
    here(slow="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        resolve("slow.py:X")


def test_unreadable_and_odd_files(here: Callable[..., Path], tmp_path: Path) -> None:
    here()
    (tmp_path / "binary.py").write_bytes(b"\x00\xff\xfe")
    with pytest.raises(FactoryError, match=r"importing binary\.py raised"):
        resolve("binary.py:X")
    with pytest.raises(UsageError, match=r"is no Python|has no function predict"):
        resolve("binary.py")
    with pytest.raises(UsageError, match=r"is no path|cannot read"):
        resolve("nul\0.py:X")
    with pytest.raises(UsageError, match=r"cannot read .*: File name too long"):
        resolve(f"{'x' * 300}.py:X")


def test_a_lazy_attribute_that_raises_is_said(here: Callable[..., Path]) -> None:
    here(
        lazy="def __getattr__(name):\n    raise RuntimeError('not today') if name == 'Net' else AttributeError(name)\n"
    )
    with pytest.raises(FactoryError, match="reading 'Net' raised RuntimeError: not today"):
        resolve("lazy.py:Net")


def test_what_a_factory_makes_is_looked_at(here: Callable[..., Path]) -> None:
    here(mine=NET)
    with pytest.raises(FactoryError, match="returned None instead of a model; does it lack a `return`"):
        resolve("mine.py:none").build()
    with pytest.raises(FactoryError, match="returned the class Net, not an instance"):
        resolve("mine.py:a_class").build()
    with pytest.raises(RuntimeError, match="no"):
        resolve("mine.py:raises").build()


# --- brackets

values = st.one_of(
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True).filter(
        lambda text: text not in ("true", "false", "none", "nan", "inf", "infinity")
    ),
)


@given(
    st.from_regex(r"[A-Za-z][\w./-]{0,12}(:[A-Z]\w{0,5})?", fullmatch=True),
    st.dictionaries(st.from_regex(r"[a-z_]\w{0,6}", fullmatch=True), values, max_size=4),
)
def test_brackets_read_back_what_was_written(base: str, options: dict[str, Any]) -> None:
    inside = ",".join(f"{name}={value}" for name, value in options.items())
    found_base, found = split_target(f"{base}[{inside}]" if options else base)
    assert found_base == base
    assert found == options
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in options.items()
    }


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_a_target(text: str) -> None:
    try:
        base, options = split_target(text)
    except UsageError:
        return
    assert base
    assert all(isinstance(name, str) and name for name in options)


# --- register, entry points


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(registry, "_registered_factories", {})


class Registered:
    """Knows nothing."""

    def predict(self, inputs: Any) -> Any:
        return np.zeros(len(inputs))


def test_a_registered_class_has_a_name(clean: None) -> None:
    assert register("mine", summary="of mine", learns=("and",))(Registered) is Registered
    assert entries()["mine"] == Entry(name="mine", where=f"{__name__}:Registered", summary="of mine", learns=("and",))
    assert resolve("mine").build().predict(np.zeros((2, 2))).tolist() == [0, 0]
    register("mine")(Registered)  # the same again is no clash


@pytest.mark.parametrize(
    ("name", "about", "said"),
    [
        ("a b", {}, "a name is letters, digits"),
        ("", {}, "a name is letters, digits"),
        ("a[b]", {}, "a name is letters, digits"),
        ("mine", {"learn": ("xor",)}, "unknown keyword 'learn'; did you mean 'learns'"),
        ("mine", {"where": "x:y"}, "unknown keyword 'where'"),
        ("numpy-mlp", {}, "the name belongs to xorbench.implementations"),
    ],
)
def test_a_wrong_registration_is_said(clean: None, name: str, about: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        register(name, **about)(Registered)


def test_a_file_may_register_again_after_an_edit_and_another_may_not(clean: None, here: Callable[..., Path]) -> None:
    text = NET.replace("class Net:", "import xorbench\n@xorbench.register('net-of-a-file')\nclass Net:")
    here(mine=text)
    resolve("mine.py:Net")
    here(mine=text + "\n# edited\n")
    resolve("mine.py:Net")
    here(other=text)
    with pytest.raises(FactoryError, match="the name belongs to"):
        resolve("other.py:Net")


def test_entry_points_are_found_and_loaded_only_when_named(
    monkeypatch: pytest.MonkeyPatch, here: Callable[..., Path], clean: None
) -> None:
    here(plugged_in_module="import numpy as np\nclass Net:\n    def predict(self, x): return np.ones(len(x))\n")
    points = metadata.EntryPoints(
        [
            metadata.EntryPoint("plugged-in", "plugged_in_module:Net", registry.ENTRY_POINTS),
            metadata.EntryPoint("numpy-mlp", "plugged_in_module:Net", registry.ENTRY_POINTS),
        ]
    )
    monkeypatch.setattr(metadata, "entry_points", lambda group: points.select(group=group))
    registry._from_entry_points.cache_clear()
    try:
        assert entries()["plugged-in"].where == "plugged_in_module:Net"
        assert "plugged_in_module" not in sys.modules
        assert entries()["numpy-mlp"].where.startswith("xorbench.")  # a package cannot take a built-in's name
        assert resolve("plugged-in").build().predict(np.zeros((2, 2))).tolist() == [1, 1]
    finally:
        registry._from_entry_points.cache_clear()
        sys.modules.pop("plugged_in_module", None)


def test_an_entry_says_what_it_can_learn() -> None:
    entry = Entry(name="p", where="m:P", learns=("and", "parity-*"), never=("xor", "parity-2"))
    assert [entry.takes(task) for task in ("and", "xor", "parity-7", "or")] == [True, True, True, False]
    assert [entry.can_learn(task) for task in ("and", "xor", "parity-7", "parity-2", "or")] == [
        True,
        False,
        True,
        False,
        False,
    ]


def test_what_is_missing_is_found_without_importing_it() -> None:
    entry = Entry(name="p", where="m:P", requires=("numpy", "no_such_package", "no_such.package", "json"))
    assert entry.missing() == ["no_such_package", "no_such.package"]


# --- did you mean


@given(st.sampled_from(["xor", "numpy-mlp", "sequence-parity-T", "learning_rate"]), st.data())
def test_one_slip_of_the_finger_is_recognised(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abcxyz"))
    slips = [name[:place] + letter + name[place:], name[:place] + letter + name[place + 1 :], name.upper()]
    for slip in slips:
        assert f"did you mean {name!r}" in did_you_mean(slip, [name, "something else entirely"])
    assert did_you_mean("qqqqqqq", [name]) == ""
    assert did_you_mean("anything", []) == ""


def test_an_unknown_name_without_a_neighbour_gets_the_list() -> None:
    assert str(unknown("thing", "qqq", ["b", "a"])) == "unknown thing 'qqq'; choose from a, b"
