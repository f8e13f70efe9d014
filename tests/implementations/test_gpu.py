"""On a CUDA device every PyTorch implementation follows its own run on the CPU, in float64."""

from __future__ import annotations

import pytest

from tests.implementations.networks import clouds, distance
from xorbench.implementations import BUILT_IN
from xorbench.registry import resolve

torch = pytest.importorskip("torch", reason="these need PyTorch")
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]


@pytest.mark.parametrize("name", [entry.name for entry in BUILT_IN if "cuda" in entry.devices])
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_a_gpu_follows_the_cpu(name: str, optimiser: str) -> None:
    implementation = resolve(f"{name}[dtype=float64,optimiser={optimiser}]")
    here, there = (implementation.build(inputs=4, device=device).instance for device in ("cpu", "cuda"))
    assert distance(here.get_parameters(), there.get_parameters()) == 0.0
    for step in range(100):
        data = clouds(step, inputs=4)
        assert here.step(*data) == pytest.approx(there.step(*data), rel=1e-9)
    assert distance(here.get_parameters(), there.get_parameters()) < 1e-9
    assert distance(here.gradients(*data), there.gradients(*data)) < 1e-9
    assert here.predict(data[0]) == pytest.approx(there.predict(data[0]), rel=1e-9)
    assert here.hidden(data[0])[0] == pytest.approx(there.hidden(data[0])[0], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", [entry.name for entry in BUILT_IN if "cuda" in entry.devices])
def test_a_gpu_that_is_not_there_is_said_to_be_missing(name: str) -> None:
    from xorbench.errors import DeviceError

    with pytest.raises(DeviceError, match="cuda:63"):
        resolve(name).build(device="cuda:63")
    assert resolve(name).build(device="cuda").predict(clouds(0)[0]).shape == (16,)
