"""Every built-in entry: what it promises holds, and listing it imports nothing heavy."""

from __future__ import annotations

import copy
import fnmatch
import inspect
import pickle
import random
import subprocess
import sys

import numpy as np
import pytest

from tests.implementations.networks import distance
from xorbench.implementations import BUILT_IN
from xorbench.implementations.threshold import compile_table
from xorbench.model import Capability, Model
from xorbench.registry import HARNESS_KEYWORDS, Implementation, resolve
from xorbench.tasks import GATES, get_task

ENTRIES = {entry.name: entry for entry in BUILT_IN}
LINEAR = ("perceptron", "linear-stack")


def _implementation(name: str) -> Implementation:
    for package in ENTRIES[name].requires:
        pytest.importorskip(package, reason=f"{name} needs {package}")
    return resolve(name)


def test_the_list_is_that_of_the_design_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from xorbench.implementations import BUILT_IN; print(*[entry.name for entry in BUILT_IN]);"
        "print(*sorted({'numpy', 'torch', 'scipy', 'pandas', 'hypothesis'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, heavy = done.stdout.splitlines()
    assert names.split() == [
        *("if-else", "hand-weighted", "perceptron", "linear-stack", "numpy-mlp", "torch-mlp"),
        *("numpy-lstm", "torch-lstm", "torch-cnn"),
    ]
    assert heavy == ""


@pytest.mark.parametrize("name", ENTRIES)
def test_every_option_has_a_default_and_one_sentence_says_what_it_is(name: str) -> None:
    implementation, entry = _implementation(name), ENTRIES[name]
    assert entry.summary
    assert (entry.requires == ()) == (entry.install == "") == (entry.devices == ("cpu",))
    assert ("device" in inspect.signature(implementation.factory).parameters) == (len(entry.devices) > 1)
    assert set(implementation.option_defaults()).isdisjoint(HARNESS_KEYWORDS)
    assert (entry.never == ()) == (entry.why_never == "")


@pytest.mark.parametrize("name", ENTRIES)
def test_what_trains_steps_and_what_does_not_is_right_at_once(name: str) -> None:
    model = _implementation(name).build()
    inputs, labels = get_task("xor").table()
    assert model.can(Capability.STEP) == ENTRIES[name].trains
    if not ENTRIES[name].trains:
        assert (model.classify(inputs) == labels).all()


@pytest.mark.parametrize("name", ENTRIES)
def test_nothing_global_moves_and_one_seed_gives_one_run(name: str) -> None:
    implementation = _implementation(name)
    inputs, labels = get_task("xor").table()

    def run(seed: int) -> tuple[bytes, ...]:
        model = implementation.build(seed=seed)
        if model.can(Capability.STEP):
            for _ in range(3):
                model.step(inputs, labels)
        values = model.get_parameters().values() if model.can(Capability.PARAMETERS) else []
        return (model.predict(inputs).tobytes(), *(value.tobytes() for value in values))

    before = random.getstate(), np.random.get_state()[1].tobytes()  # noqa: NPY002 - must not move
    first = run(5)
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == before  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002 - what others do must not matter
    random.seed(1)
    assert run(5) == first
    if implementation.accepts("seed"):
        assert run(6) != first


@pytest.mark.parametrize("name", ENTRIES)
def test_rows_are_answered_alone_and_arguments_left_alone(name: str) -> None:
    model = _implementation(name).build()
    inputs, labels = get_task("xor").table()
    together = model.predict(inputs)
    one_by_one = np.concatenate([model.predict(inputs[row : row + 1]) for row in range(4)])
    assert np.allclose(together, one_by_one, rtol=1e-6)
    kept = inputs.copy()
    model.instance.predict(inputs)
    targets = model.encode(labels)
    if model.can(Capability.STEP):
        model.instance.step(inputs, targets)
    assert (inputs == kept).all()
    assert (targets == model.encode(labels)).all()


@pytest.mark.parametrize("name", ENTRIES)
def test_rows_come_in_any_layout_and_type(name: str) -> None:
    instance = _implementation(name).build().instance
    inputs, labels = get_task("xor").table()
    frozen = inputs.copy()
    frozen.flags.writeable = False
    reversed_ = inputs[::-1].copy()[::-1]  # negative strides
    for rows in (frozen, reversed_, np.asfortranarray(inputs), inputs.astype(np.float32), inputs.tolist()):
        assert np.allclose(instance.predict(rows), instance.predict(inputs), rtol=1e-6)
        if ENTRIES[name].trains:
            instance.step(rows, labels[:, None].astype(int).tolist())
    assert np.shape(instance.predict(np.random.default_rng(0).random((5000, 2)))) == (5000,)


@pytest.mark.parametrize("name", [name for name in ENTRIES if ENTRIES[name].trains])
def test_copies_and_pickles_go_on_as_the_original_would_and_leave_it_alone(name: str) -> None:
    implementation = _implementation(name)
    inputs, labels = get_task("and").table()
    original = implementation.build(seed=3)
    original.step(inputs, labels)
    kept = original.get_parameters()
    twins = [copy.deepcopy(original), pickle.loads(pickle.dumps(original))]
    for twin in twins:
        twin.step(inputs, labels)
    assert distance(original.get_parameters(), kept) == 0.0
    original.step(inputs, labels)
    assert distance(original.get_parameters(), kept) > 0.0
    for twin in twins:
        assert distance(original.get_parameters(), twin.get_parameters()) == 0.0


@pytest.mark.parametrize("name", [name for name in ENTRIES if name != "if-else"])
def test_parameters_are_copies_both_ways_and_keep_their_order(name: str) -> None:
    model = _implementation(name).build(seed=4)
    start = model.get_parameters()
    given = {parameter: start[parameter] for parameter in reversed(start)}
    model.set_parameters(given)
    for value in (*given.values(), *model.instance.get_parameters().values()):
        value.fill(7.0)
    assert list(model.get_parameters()) == list(start)
    assert distance(model.get_parameters(), _implementation(name).build(seed=4).get_parameters()) == 0.0


@pytest.mark.parametrize("name", [name for name in ENTRIES if ENTRIES[name].trains and name != "perceptron"])
def test_the_reported_loss_is_the_loss_before_the_update(name: str) -> None:
    model = _implementation(name).build(seed=2)
    assert isinstance(model, Model)
    inputs, labels = get_task("xor").table()
    before, reported = model.loss(inputs, labels), model.step(inputs, labels)
    assert reported == pytest.approx(before, rel=1e-6)
    p = np.clip(model.predict(inputs), 1e-12, 1 - 1e-12)
    assert model.declaration.loss_kind == "bce"
    expected = -np.where(labels, np.log(p), np.log(1 - p)).mean()
    assert model.loss(inputs, labels) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", LINEAR)
def test_never_is_said_of_the_tasks_that_no_line_separates_and_of_no_others(name: str) -> None:
    entry = ENTRIES[name]
    for gate, column in GATES.items():
        one_neuron = len(compile_table(np.array(column, dtype=bool))) == 1
        assert entry.can_learn(gate) == one_neuron, gate
    for task in ("parity-2", "parity-3", "parity-10", "parity-19", "xor-noisy", "xor-onehot", "sparse-parity-20-3"):
        assert entry.takes(task)
        assert not entry.can_learn(task)
    for task in ("parity-1", "sparse-parity-10-1", "sparse-parity-21-1"):
        assert entry.can_learn(task)
    assert not entry.takes("sequence-parity-1..50")
    assert not any(fnmatch.fnmatchcase("sequence-parity-5", pattern) for pattern in entry.learns)


@pytest.mark.parametrize("name", ENTRIES)
def test_only_sequence_readers_take_sequences_of_any_length(name: str) -> None:
    reads = _implementation(name).build().declaration.reads
    assert ENTRIES[name].takes("sequence-parity-1..50") == (reads == "sequence")
