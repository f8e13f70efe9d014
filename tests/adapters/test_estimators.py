"""scikit-learn's estimators as targets, against scikit-learn itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorbench.adapters import as_factory
from xorbench.errors import UsageError
from xorbench.model import Capability, Model
from xorbench.registry import resolve
from xorbench.tasks import get_task

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn import linear_model, naive_bayes, neural_network, pipeline, preprocessing, svm, tree
from sklearn.base import clone

ROWS, LABELS = get_task("xor").table()


def build(found: Any, **keywords: Any) -> Model:
    factory = as_factory(found)
    assert factory is not None
    return Model(factory(**keywords), target="test")


OUTPUTS = {
    linear_model.LogisticRegression: ("probability", (0.0, 1.0)),
    svm.SVC: ("score", (-1.0, 1.0)),
    linear_model.RidgeClassifier: ("score", (-1.0, 1.0)),
    linear_model.LinearRegression: ("score", (0.0, 1.0)),
    tree.DecisionTreeClassifier: ("probability", (0.0, 1.0)),
    tree.DecisionTreeRegressor: ("score", (0.0, 1.0)),
    naive_bayes.GaussianNB: ("probability", (0.0, 1.0)),
}


@pytest.mark.parametrize("kind", OUTPUTS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("ready_made", [False, True])
def test_fitted_estimators_say_what_they_say_in_scikit_learn(kind: type, ready_made: bool) -> None:
    model = build(kind() if ready_made else kind)
    said = model.declaration
    assert (said.output, said.targets) == OUTPUTS[kind]
    assert model.can(Capability.FIT)
    assert not model.can(Capability.STEP)  # partial_fit of naive Bayes counts rows; it is no update
    model.fit(ROWS, LABELS, 50)
    truth = (
        LABELS.astype(float) if "Regress" in kind.__name__ and "Logistic" not in kind.__name__ else LABELS.astype(int)
    )
    alone = kind().fit(ROWS, truth)
    answers = alone.predict(ROWS) > 0.5
    np.testing.assert_array_equal(model.classify(ROWS)[:3], answers[:3])
    if "Tree" in kind.__name__ or kind is svm.SVC:
        assert (model.classify(ROWS) == LABELS).all()


def test_epochs_are_the_budget_of_an_iterative_estimator() -> None:
    model = build(neural_network.MLPClassifier, solver="lbfgs", seed=3)
    assert not model.can(Capability.STEP)
    model.fit(ROWS, LABELS, 7)
    assert model.instance.estimator.max_iter == 7
    assert model.instance.estimator.n_iter_ <= 7


def test_a_pipeline_is_copied_and_fitted() -> None:
    ready = pipeline.make_pipeline(preprocessing.PolynomialFeatures(2), linear_model.LogisticRegression(C=1e6))
    model = build(ready)
    model.fit(ROWS, LABELS, 100)
    assert (model.classify(ROWS) == LABELS).all()
    with pytest.raises(AttributeError):
        _ = ready.classes_  # the user's own object was not touched


MLPS = [neural_network.MLPClassifier, neural_network.MLPRegressor]


@pytest.mark.parametrize("kind", MLPS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_steps_are_those_of_partial_fit(kind: type, solver: str, activation: str) -> None:
    """The start is drawn without an update; from there on both must go the same way."""
    options = {"hidden_layer_sizes": (5, 3), "solver": solver, "activation": activation, "learning_rate_init": 0.05}
    model = build(kind, seed=11, learning_rate=0.05, **{k: v for k, v in options.items() if "rate" not in k})
    alone = kind(random_state=11, **options)
    truth = LABELS.astype(int) if kind is neural_network.MLPClassifier else LABELS.astype(float)
    first = model.loss(ROWS, LABELS)
    for turn in range(6):
        reported = model.step(ROWS, LABELS)
        alone.partial_fit(ROWS, truth, **({"classes": [0, 1]} if kind is neural_network.MLPClassifier else {}))
        # To rounding: the start consumes random numbers, so the two shuffle the rows of the batch differently.
        assert reported == pytest.approx(alone.loss_, rel=1e-12)
        if turn == 0:
            assert reported == pytest.approx(first, rel=1e-12)
    for index, (weights, biases) in enumerate(zip(alone.coefs_, alone.intercepts_, strict=True), start=1):
        np.testing.assert_allclose(model.get_parameters()[f"W{index}"], weights, atol=1e-10)
        np.testing.assert_allclose(model.get_parameters()[f"b{index}"], biases, atol=1e-10)
    layers = model.hidden(ROWS)
    assert [layer.shape for layer in layers] == [(4, 5), (4, 3)]


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    alpha=st.sampled_from([0.0, 1e-4, 0.5]),
    activation=st.sampled_from(["logistic", "tanh", "identity"]),
    kind=st.sampled_from(MLPS),
)
def test_a_step_of_plain_descent_is_rate_times_the_slope_of_the_loss(
    seed: int, alpha: float, activation: str, kind: type
) -> None:
    """Differences of our `loss` are an oracle for scikit-learn's update, penalty and all."""
    model = build(
        kind, seed=seed, solver="sgd", momentum=0.0, alpha=alpha, activation=activation, hidden_layer_sizes=3,
        learning_rate=0.1,
    )  # fmt: skip
    assert model.declaration.optimiser == "sgd"
    start = model.get_parameters()
    slopes = {}
    for name, value in start.items():
        slopes[name] = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            ends = []
            for shift in (1e-6, -1e-6):
                moved = {key: array.copy() for key, array in start.items()}
                moved[name][place] += shift
                model.set_parameters(moved)
                ends.append(model.loss(ROWS, LABELS))
            slopes[name][place] = (ends[0] - ends[1]) / 2e-6
    model.set_parameters(start)
    model.step(ROWS, LABELS)
    for name, value in model.get_parameters().items():
        np.testing.assert_allclose(start[name] - value, 0.1 * slopes[name], atol=1e-9)


def test_the_declared_loss_and_optimiser_follow_the_options() -> None:
    said = {
        (solver, momentum, nesterov): build(
            neural_network.MLPClassifier, solver=solver, momentum=momentum, nesterovs_momentum=nesterov, alpha=0.0
        ).declaration
        for solver, momentum, nesterov in [
            ("adam", 0.9, True),
            ("sgd", 0.9, True),
            ("sgd", 0.9, False),
            ("sgd", 0.0, True),
        ]
    }
    assert [one.optimiser for one in said.values()] == ["adam", "nesterov", "momentum", "sgd"]
    assert {one.loss_kind for one in said.values()} == {"bce"}
    assert build(neural_network.MLPClassifier).declaration.loss_kind == "own"  # alpha is not 0


def test_the_batch_size_bounds_a_step() -> None:
    assert build(neural_network.MLPClassifier).declaration.max_rows == 200
    assert build(neural_network.MLPClassifier, batch_size=2).declaration.max_rows == 2


def test_the_number_of_inputs_gives_the_weights_their_shape() -> None:
    assert build(neural_network.MLPClassifier, inputs=5).get_parameters()["W1"].shape == (5, 100)


def test_linear_estimators_are_stepped_row_by_row() -> None:
    model = build(linear_model.SGDClassifier, loss="log_loss", seed=1)
    assert model.declaration.max_rows == 1
    assert (model.predict(ROWS) == 0.5).all()
    gate, labels = get_task("and").table()
    for _ in range(300):
        for row, label in zip(gate, labels, strict=True):
            model.step(row[None], np.array([label]))
    assert (model.classify(gate) == labels).all()
    hinge = build(linear_model.Perceptron, seed=1)
    assert (hinge.predict(ROWS) == 0.0).all()
    hinge.step(ROWS[:1], LABELS[:1])
    assert hinge.predict(ROWS).shape == (4,)


def test_a_gate_with_one_class_is_answered(recwarn: pytest.WarningsRecorder) -> None:
    rows, labels = get_task("false").table()
    model = build(tree.DecisionTreeClassifier)
    model.fit(rows, labels, 10)
    assert (model.classify(rows) == labels).all()
    assert not recwarn


class Lookup:
    """An estimator in shape only, as other libraries have them: no base class, no `classes_`."""

    def __init__(self, columns: int = 0) -> None:
        self.columns = columns

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"columns": self.columns}

    def set_params(self, **given: Any) -> Lookup:
        self.columns = given.get("columns", self.columns)
        return self

    def fit(self, rows: Any, wanted: Any) -> Lookup:
        self.known = {tuple(row): float(one) for row, one in zip(rows, wanted, strict=True)}
        return self

    def predict(self, rows: Any) -> Any:
        return self.predict_proba(rows) > 0.5

    def predict_proba(self, rows: Any) -> Any:
        true = np.array([self.known[tuple(row)] for row in rows])
        return {0: true, 1: true[:, None], 2: np.stack([1 - true, true], axis=1)}[self.columns]


@pytest.mark.parametrize("columns", [0, 1, 2])
def test_probabilities_without_classes_are_those_of_true(columns: int) -> None:
    model = build(Lookup, columns=columns)
    model.fit(ROWS, LABELS, 1)
    assert model.declaration.output == "probability"
    assert model.predict(ROWS).tolist() == LABELS.tolist()


def test_options_are_the_estimator_s_parameters() -> None:
    made = resolve("sklearn.neural_network:MLPClassifier[hidden_layer_sizes=4,activation=tanh,learning_rate=0.5]")
    model = made.build(seed=9)
    assert model.instance.estimator.get_params()["random_state"] == 9
    assert model.instance.estimator.learning_rate_init == 0.5
    assert made.accepts("seed")
    assert made.accepts("learning_rate")
    assert made.build(learning_rate=0.25).instance.estimator.learning_rate_init == 0.25
    assert not resolve("sklearn.linear_model:LinearRegression").accepts("seed")
    # "optimal", the default schedule, never looks at eta0.
    assert not resolve("sklearn.linear_model:SGDClassifier").accepts("learning_rate")
    assert resolve("sklearn.neural_network:MLPClassifier[schedule=adaptive,solver=sgd]").build().can(Capability.STEP)
    with pytest.raises(UsageError, match="no option 'hidden_layers_sizes'; did you mean 'hidden_layer_sizes'"):
        resolve("sklearn.neural_network:MLPClassifier[hidden_layers_sizes=4]")


def test_another_estimator_with_the_same_start_is_a_fresh_one() -> None:
    ready = neural_network.MLPClassifier((3,), random_state=1)
    one, two = build(ready, seed=5), build(ready, seed=5)
    one.step(ROWS, LABELS)
    assert not np.array_equal(one.get_parameters()["W1"], two.get_parameters()["W1"])
    assert not hasattr(ready, "coefs_")
    assert clone(ready).random_state == 1


def test_a_network_with_get_params_for_its_weights_is_no_estimator() -> None:
    class Network:
        def fit(self, x: Any, y: Any, epochs: int) -> None: ...
        def predict(self, x: Any) -> Any:
            return x[:, 0]

        def get_params(self) -> dict[str, Any]:
            return {}

        def set_params(self, params: dict[str, Any]) -> None: ...

    assert as_factory(Network) is Network


def test_a_linear_estimator_is_known_never_to_learn_a_parity() -> None:
    """That it fails XOR confirms a theorem; a tree, a kernel or a pipeline has no such excuse."""
    for name in ("LogisticRegression", "Perceptron", "SGDClassifier", "LinearRegression", "RidgeClassifier", "Ridge"):
        entry = resolve(f"sklearn.linear_model:{name}").entry
        assert entry.takes("xor")
        assert not entry.can_learn("xor"), name
        assert entry.can_learn("and")
        assert "linear in its inputs" in entry.why_never
    assert not resolve("sklearn.svm:LinearSVC").entry.can_learn("parity-5")
    for name in ("sklearn.svm:SVC", "sklearn.tree:DecisionTreeClassifier", "sklearn.neural_network:MLPClassifier"):
        assert resolve(name).entry.can_learn("xor")
