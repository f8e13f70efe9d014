"""Reference identification over layouts: a network computed by loops, its parameters shown in every usual way."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from xorbench.model import Model
from xorbench.verify.gradients.reference import ACTIVATIONS, SLOPE_FROM_ACTIVATION, identify

#: The oracle: activations of one number, from the definitions.
SCALAR = {
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z)),
    "tanh": math.tanh,
    "relu": lambda z: max(z, 0.0),
    "leaky-relu": lambda z: z if z > 0 else 0.01 * z,
    "leaky-relu-0.1": lambda z: z if z > 0 else 0.1 * z,
    "leaky-relu-0.2": lambda z: z if z > 0 else 0.2 * z,
    "softplus": lambda z: math.log1p(math.exp(z)),
    "elu": lambda z: z if z > 0 else math.exp(z) - 1,
    "silu": lambda z: z / (1 + math.exp(-z)),
    "gelu": lambda z: z * 0.5 * (1 + math.erf(z / math.sqrt(2))),
    "sine": math.sin,
    "lecun-tanh": lambda z: 1.7159 * math.tanh(2 * z / 3),
    "square": lambda z: z * z,
    "identity": lambda z: z,
}

SHOWN = (
    "separate", "bias first", "weights then biases", "biases then weights", "output first", "bias row last", "bias row first",
    "bias column last", "bias column first",
)  # fmt: skip
FLAT = ("flat by neuron", "flat by layer", "flat weights then biases")


class Shown:
    """A network of loops that shows its parameters in one layout and takes them back in it."""

    def __init__(self, sizes, hidden, output, shown, transposed, sign, seed, dtype=np.float64):
        generator = np.random.default_rng(seed)
        self.sizes, self.hidden, self.last = sizes, hidden, output
        self.shown, self.transposed, self.sign, self.dtype = shown, transposed, sign, dtype
        self.layers = [
            (generator.normal(size=(fan_in, units)), generator.normal(size=units))
            for fan_in, units in itertools.pairwise(sizes)
        ]

    def predict(self, inputs):
        return np.array([self.one(row) for row in inputs], dtype=self.dtype)

    def one(self, row):
        values = list(row)
        for number, (weights, bias) in enumerate(self.layers):
            function = SCALAR[self.last if number == len(self.layers) - 1 else self.hidden]
            values = [
                function(sum(values[i] * weights[i, unit] for i in range(len(values))) + self.sign * bias[unit])
                for unit in range(len(bias))
            ]
        return values[0]

    def arrays(self):
        """Yield (names, arrays) of all layers in the layout."""
        turn = (lambda w: w.T) if self.transposed else (lambda w: w)
        weights = [turn(w) for w, _ in self.layers]
        biases = [b for _, b in self.layers]
        names = range(1, len(self.layers) + 1)
        pairs = [(f"w{n}", w) for n, w in zip(names, weights, strict=True)]
        others = [(f"b{n}", b) for n, b in zip(names, biases, strict=True)]
        match self.shown:
            case "separate":
                return [item for pair in zip(pairs, others, strict=True) for item in pair]
            case "bias first":
                return [item for pair in zip(others, pairs, strict=True) for item in pair]
            case "weights then biases":
                return pairs + others
            case "biases then weights":
                return others + pairs
            case "output first":
                return [item for pair in zip(others[::-1], pairs[::-1], strict=True) for item in pair]
            case "bias row last" | "bias row first" | "bias column last" | "bias column first":
                joined = [
                    np.vstack([w, b] if self.shown.endswith("last") else [b, w])
                    for w, b in self.layers
                ]  # fmt: skip
                if "column" in self.shown:
                    joined = [matrix.T for matrix in joined]
                return [(f"w{n}", matrix) for n, matrix in zip(names, joined, strict=True)]
            case "flat by neuron":
                return [("all", np.concatenate([np.vstack([w, b]).T.ravel() for w, b in self.layers]))]
            case "flat by layer":
                return [("all", np.concatenate([np.concatenate([turn(w).ravel(), b]) for w, b in self.layers]))]
            case "flat weights then biases":
                return [("all", np.concatenate([*(w.ravel() for w in weights), *biases]))]
        raise AssertionError(self.shown)

    def get_parameters(self):
        return {name: np.array(array, dtype=self.dtype) for name, array in self.arrays()}

    def set_parameters(self, parameters):
        # Each number finds its place by its position: the layout is applied to a network of counters.
        flat = np.concatenate([np.asarray(array, dtype=self.dtype).ravel() for array in parameters.values()])
        places = Shown(self.sizes, self.hidden, self.last, self.shown, self.transposed, self.sign, 0)
        total, counted = 0, []
        for w, b in places.layers:
            end = total + w.size
            counted.append((np.arange(total, end).reshape(w.shape), np.arange(end, end + b.size)))
            total = end + b.size
        places.layers = counted
        order = np.concatenate([array.ravel() for _, array in places.arrays()])
        mine = np.empty(total)
        mine[order] = flat
        self.layers = [(mine[w].astype(np.float64), mine[b].astype(np.float64)) for w, b in counted]


def networks(shown):
    """Draw networks shown in one of these layouts."""
    return st.builds(
        Shown,
        sizes=st.one_of(
            st.tuples(st.just(2), st.integers(1, 5), st.just(1)),
            st.tuples(st.just(2), st.integers(2, 4), st.integers(2, 4), st.just(1)),
        ),
        hidden=st.sampled_from(sorted(set(SCALAR) - {"identity"})),
        output=st.sampled_from(["sigmoid", "identity", "tanh"]),
        shown=st.sampled_from(shown),
        transposed=st.booleans(),
        sign=st.sampled_from([1.0, -1.0]),
        seed=st.integers(0, 2**32 - 1),
    )


@settings(max_examples=40, deadline=None)
@given(networks(SHOWN), st.integers(0, 2**32 - 1))
def test_every_layout_is_read_and_computes_the_same(network, seed):
    read_and_compare(network, seed)


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@given(networks(FLAT), st.integers(0, 2**32 - 1))
def test_every_flat_layout_is_read_and_computes_the_same(network, seed):
    read_and_compare(network, seed)


def read_and_compare(network, seed):
    model = Model(network)
    start = model.get_parameters()
    reference = identify(model, start, 2)
    assert reference is not None
    # Left as it was, and right at points and rows that the identification has not seen.
    for name, array in model.get_parameters().items():
        np.testing.assert_array_equal(array, start[name])
    generator = np.random.default_rng(seed)
    for _ in range(3):
        drawn = {name: generator.normal(size=array.shape) for name, array in start.items()}
        rows = generator.uniform(-1, 1, size=(4, 2))
        model.set_parameters(drawn)
        theirs = model.predict(rows)
        mine = reference.predict(reference.flat(model.get_parameters()), rows)
        np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-8)
    # Every parameter belongs to one part of one layer.
    total = sum(array.size for array in start.values())
    parts = [
        *(layer.weights.ravel() for layer in reference.layers),
        *(layer.bias for layer in reference.layers if layer.bias is not None),
    ]
    assert sorted(np.concatenate(parts).tolist()) == list(range(total))


@settings(max_examples=25, deadline=None)
@given(networks(SHOWN))
def test_sizes_and_activations_are_said(network):
    # One unit of some kinds is another kind in disguise (a mirrored tanh, say); two or more show themselves.
    assume(network.sizes[1] > 1)
    reference = identify(Model(network), Model(network).get_parameters(), 2)
    assert reference is not None
    assert reference.describe() == f"{'-'.join(map(str, network.sizes))} {network.hidden}/{network.last}"


@pytest.mark.parametrize("shown", [*SHOWN, *FLAT])
def test_parameters_are_named_by_layer_and_part(shown):
    network = Shown((2, 3, 1), "tanh", "sigmoid", shown, False, 1.0, 5)
    model = Model(network)
    reference = identify(model, model.get_parameters(), 2)
    assert reference is not None
    named = {}
    for component in range(13):
        # The oracle: a change of a hidden unit's bias alone moves the network's own list of layers in that place.
        network.set_parameters({"all": np.eye(13)[component]})
        ((layer, part),) = [
            (number, part)
            for number, both in enumerate(network.layers)
            for part, array in zip(("weights", "bias"), both, strict=True)
            if array.any()
        ]
        named[component] = f"{('hidden layer 1', 'output layer')[layer]} {part}"
    assert {component: reference.group_of(component) for component in range(13)} == named


def test_a_float32_network_is_read():
    network = Shown((2, 3, 1), "tanh", "sigmoid", "separate", True, 1.0, 3, np.float32)
    assert identify(Model(network), Model(network).get_parameters(), 2) is not None


@pytest.mark.parametrize("name", sorted(SCALAR))
def test_activations_and_their_slopes(name):
    function, slope = ACTIVATIONS[name]
    z = np.linspace(-3, 3, 61) + 0.013  # off every kink
    np.testing.assert_allclose(function(z), [SCALAR[name](value) for value in z], rtol=1e-12, atol=1e-14)
    h = 1e-6
    numerical = [(SCALAR[name](value + h) - SCALAR[name](value - h)) / (2 * h) for value in z]
    np.testing.assert_allclose(slope(z), numerical, rtol=1e-6, atol=1e-8)
    if name in SLOPE_FROM_ACTIVATION:
        np.testing.assert_allclose(SLOPE_FROM_ACTIVATION[name](function(z)), slope(z), rtol=1e-9, atol=1e-12)


def test_every_activation_has_an_oracle():
    assert set(ACTIVATIONS) == set(SCALAR)


class Skips(Shown):
    """The inputs reach the output past the hidden layer."""

    def one(self, row):
        return super().one(row) + 0.1 * row[0]


class Scaled(Shown):
    """The output has a factor that no parameter shows."""

    def one(self, row):
        return 1.5 * super().one(row)


class Squares(Shown):
    """Features of the inputs come first."""

    def one(self, row):
        return super().one([row[0] * row[1], row[1]])


@pytest.mark.parametrize("kind", [Skips, Scaled, Squares])
@pytest.mark.parametrize("shown", ["separate", "flat by layer", "bias row last"])
def test_what_is_no_such_network_is_not_taken_for_one(kind, shown):
    network = kind((2, 3, 1), "tanh", "sigmoid", shown, False, 1.0, 1)
    model = Model(network)
    start = model.get_parameters()
    assert identify(model, start, 2) is None
    for name, array in model.get_parameters().items():
        np.testing.assert_array_equal(array, start[name])


def test_two_outputs_are_a_softmax():
    class Pair(Shown):
        def one(self, row):
            (w1, b1), (w2, b2) = self.layers
            a = [math.tanh(sum(row[i] * w1[i, u] for i in range(2)) + b1[u]) for u in range(len(b1))]
            z = [sum(a[i] * w2[i, u] for i in range(len(a))) + b2[u] for u in range(2)]
            return math.exp(z[1]) / (math.exp(z[0]) + math.exp(z[1]))

    model = Model(Pair((2, 3, 2), "tanh", "softmax", "separate", False, 1.0, 2))
    reference = identify(model, model.get_parameters(), 2)
    assert reference is not None
    assert reference.describe() == "2-3-2 tanh/softmax"
