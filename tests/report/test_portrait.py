"""A portrait says what the model did, and what it could not show."""

import base64

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.network import Network
from xorbench.errors import UsageError
from xorbench.measure.portrait import COMPONENTS, GRID, PARAMETERS, UNITS, draw, schedule, shown_rows
from xorbench.records import Portrait
from xorbench.registry import Entry, Implementation
from xorbench.tasks import get_task


def implementation(factory):
    return Implementation(target="t", factory=factory, entry=Entry(name="t", where="t:t"), source="")


def trained(seed, budget, **options):
    """Train the same network without the code under test."""
    network = Network(seed=seed, **options)
    rows, labels = get_task("xor").table()
    for _ in range(budget):
        network.step(rows, labels[:, None].astype(float))
    return network


@given(st.integers(0, 2**31), st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_the_last_frame_is_the_trained_network(seed, budget):
    found = draw(implementation(Network), get_task("xor"), seed=seed, budget=budget)
    network = trained(seed, budget)
    rows, labels = get_task("xor").table()
    last = found.frames[-1]
    assert [frame.iteration for frame in found.frames] == schedule(budget)
    assert last.outputs == pytest.approx(network.predict(rows)[:, 0])
    assert np.array(last.hidden) == pytest.approx(network.hidden(rows)[0])
    assert last.parameters == pytest.approx(np.concatenate([v.ravel() for v in network.get_parameters().values()]))
    assert last.loss == pytest.approx(network.loss(rows, labels[:, None]))
    assert found.names[:2] == ("W1[0,0]", "W1[0,1]")
    assert found.solved == ((network.predict(rows)[:, 0] > 0.5) == labels).all()
    region = np.frombuffer(base64.b64decode(last.region), np.uint8).reshape(GRID, GRID)
    axis = np.linspace(-0.5, 1.5, GRID)
    for y, x in ((0, 0), (3, 17), (GRID - 1, 0)):  # row by row from the lowest x2
        expected = network.predict(np.array([[axis[x], axis[y]]]))[0, 0] * 255
        assert abs(int(region[y, x]) - expected) <= 0.51
    assert msgspec.json.decode(msgspec.json.encode(found), type=Portrait) == found


def test_the_surface_holds_the_path_at_its_loss():
    found = draw(implementation(Network), get_task("xor"), seed=4, budget=500)
    surface = found.surface
    assert len(surface.path) == len(found.frames)
    assert surface.explained > 0.9
    for value, axis in zip(surface.path[-1], (surface.x, surface.y), strict=True):
        assert value == pytest.approx(0, abs=1e-9)
        assert axis[0] < 0 < axis[-1]
    # The loss at the grid point next to the path's end is close to the loss there: the plane goes through the end.
    row, column = (int(np.abs(np.array(axis)).argmin()) for axis in (surface.y, surface.x))
    around = [surface.loss[row][column], *(surface.loss[row + 1][column - 1 : column + 2])]
    assert min(around) < 3 * found.frames[-1].loss + 0.02


def test_two_parameters_are_the_whole_plane():
    class Line:
        learning_rate = 0.1

        def __init__(self, seed=0):
            self.w = np.array([1.0, -2.0])

        def predict(self, inputs):
            return inputs @ self.w

        def loss(self, inputs, targets):
            return float(np.mean((self.predict(inputs) - targets[:, 0]) ** 2))

        def get_parameters(self):
            return {"w": self.w.copy()}

        def set_parameters(self, parameters):
            self.w = parameters["w"].copy()

        def step(self, inputs, targets):
            self.w = self.w - 0.1 * 2 * inputs.T @ (self.predict(inputs) - targets[:, 0]) / len(inputs)

    found = draw(implementation(Line), get_task("and"), budget=50)
    rows, labels = get_task("and").table()
    assert found.surface.axes == ("w[0]", "w[1]")
    assert found.surface.path[0] == (1.0, -2.0)
    for row, column in ((0, 0), (5, 20), (30, 30)):
        w = np.array([found.surface.x[column], found.surface.y[row]])
        assert found.surface.loss[row][column] == pytest.approx(np.mean((rows @ w - labels) ** 2))


class Wrong:
    """Every optional member raises; predict and step are fine."""

    def __init__(self, seed=0):
        self.steps = 0

    def predict(self, inputs):
        return np.full(len(inputs), 0.6)

    def step(self, inputs, targets):
        self.steps += 1

    def hidden(self, inputs):
        raise ZeroDivisionError("hidden is broken")

    def loss(self, inputs, targets):
        raise KeyError("loss is broken")

    def get_parameters(self):
        raise ValueError("parameters are broken")

    def set_parameters(self, parameters):
        raise ValueError("parameters are broken")


def test_members_that_raise_become_sentences():
    found = draw(implementation(Wrong), get_task("xor"), budget=30)
    assert len(found.frames) == len(schedule(30))
    assert found.surface is None
    text = "\n".join(found.missing)
    for part in ("hidden is broken", "loss is broken", "parameters are broken"):
        assert part in text


def test_what_cannot_be_shown_is_said_with_the_member_that_would_show_it():
    class Least:
        def predict(self, inputs):
            return [0.0] * len(inputs)

    found = draw(implementation(Least), get_task("xor"), budget=10)
    assert len(found.frames) == 1
    text = "\n".join(found.missing)
    for member in ("hidden()", "get_parameters()", "loss()", "step()"):
        assert member in text


def test_a_model_that_can_only_be_fitted_is_fitted_afresh_each_time():
    made = []

    class Fitted:
        def __init__(self, seed=0):
            made.append(self)
            self.epochs = 0

        def fit(self, inputs, targets, epochs):
            assert self.epochs == 0
            self.epochs = epochs

        def predict(self, inputs):
            return np.full(len(inputs), min(self.epochs / 100, 1.0))

    found = draw(implementation(Fitted), get_task("true"), budget=100)
    assert [frame.iteration for frame in found.frames] == schedule(100, 6)[1:]
    assert found.frames[-1].accuracy == 1.0
    assert any("step()" in reason for reason in found.missing)


def test_divergence_ends_the_portrait_and_leaves_it_writable():
    class Explodes:
        def __init__(self, seed=0):
            self.value = 1.0

        def predict(self, inputs):
            return np.full(len(inputs), self.value)

        def step(self, inputs, targets):
            self.value *= 1e60

    found = draw(implementation(Explodes), get_task("xor"), budget=100)
    assert found.frames[-1].iteration < 100
    assert any("not finite" in reason for reason in found.missing)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Portrait) == found


def test_wide_layers_and_many_parameters_are_reduced_and_said():
    found = draw(implementation(lambda seed=0: Network(seed=seed, hidden=50)), get_task("xor"), budget=5)
    assert len(found.frames[0].hidden[0]) == COMPONENTS < UNITS
    assert len(found.names) == PARAMETERS
    assert all(len(frame.parameters) == PARAMETERS for frame in found.frames)
    assert sum("components" in reason or "evenly" in reason for reason in found.missing) == 2


@pytest.mark.parametrize("task", ["xor-bipolar", "xor-onehot", "parity-5", "xor-noisy", "sequence-parity-2", "true"])
def test_every_kind_of_task_has_a_portrait(task):
    task = get_task(task)
    found = draw(implementation(Network), task, budget=20)
    rows, _ = shown_rows(task)
    assert len(found.frames[-1].outputs) == len(rows) <= 32
    assert bool(found.grid) == (task.inputs == 2)
    assert found.grid or any("decision region" in reason for reason in found.missing)


@given(st.integers(1, 10**7))
def test_the_schedule_begins_at_zero_ends_at_the_budget_and_is_short(budget):
    found = schedule(budget)
    assert found[0] == 0
    assert found[-1] == budget
    assert found == sorted(set(found))
    assert len(found) <= 42


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(UsageError, match="budget 0"):
        draw(implementation(Network), get_task("xor"), budget=0)
