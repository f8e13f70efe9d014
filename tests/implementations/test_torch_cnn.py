"""torch-cnn: the convolution computed by hand, exact gradients, and parity learned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.implementations.networks import clouds, distance, numerical_gradient, table
from xorbench.errors import UsageError

torch = pytest.importorskip("torch", reason="torch-cnn needs PyTorch")

from xorbench.implementations.torch_cnn import TorchCNN  # noqa: E402 - after the check that torch is there


@settings(max_examples=20, deadline=None)
@given(bits=st.integers(1, 6), kernel=st.integers(1, 7), rows=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_it_is_a_convolution_and_a_dense_layer(bits: int, kernel: int, rows: int, seed: int) -> None:
    model = TorchCNN(inputs=bits, kernel=kernel, channels=3, hidden=4, seed=seed, dtype="float64")
    inputs, _ = clouds(seed, rows=rows, inputs=bits)
    p, padded = model.get_parameters(), np.pad(inputs, ((0, 0), (kernel // 2, kernel // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=1)  # (n, positions, kernel)
    features = np.tanh(windows @ p["K1"][:, 0, :].T + p["b1"])  # (n, positions, channels)
    flat = features.transpose(0, 2, 1).reshape(rows, -1)
    dense = np.tanh(flat @ p["W2"] + p["b2"])
    logits = dense @ p["W3"] + p["b3"]
    assert np.allclose(model.predict(inputs), 1 / (1 + np.exp(-logits[:, 0])), rtol=1e-12)
    for one, other in zip(model.hidden(inputs), (flat, dense), strict=True):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-15)


def test_gradients_are_the_central_differences() -> None:
    model, data = TorchCNN(inputs=5, channels=3, hidden=4, dtype="float64", seed=9), clouds(9, inputs=5)
    assert distance(model.gradients(*data), numerical_gradient(model, *data)) < 1e-8


@pytest.mark.parametrize("task", ["xor", "parity-3", "parity-5"])
def test_learns_parity(task: str) -> None:
    inputs, targets = table(task)
    for seed in range(3):
        model = TorchCNN(inputs=inputs.shape[1], seed=seed)
        for _ in range(1500):
            model.step(inputs, targets)
            if ((model.predict(inputs) > 0.5) == (targets[:, 0] > 0.5)).all():
                break
        else:
            pytest.fail(f"{task} not learned from seed {seed}")


def test_nothing_global_is_touched_and_the_seed_decides() -> None:
    before = torch.get_rng_state()
    models = [TorchCNN(seed=seed) for seed in (1, 1, 2)]
    for model in models:
        model.step(*table())
    assert torch.equal(before, torch.get_rng_state())
    one, same, other = (model.get_parameters() for model in models)
    assert distance(one, same) == 0.0
    assert distance(one, other) > 0.0


@pytest.mark.parametrize("options", [{"channels": 0}, {"kernel": 0}, {"hidden": 0}, {"inputs": 0}, {"dtype": "int"}])
def test_a_wrong_option_is_named(options: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        TorchCNN(**options)
