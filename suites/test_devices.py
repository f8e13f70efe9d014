"""Devices: the same network on another device gives the same outputs."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from xorbench.model import Capability
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, global_random_state, quiet


def test_devices_agree(subject: Subject) -> None:
    """A model built on the GPU with the weights of one on the CPU answers and steps like it."""
    if not subject.implementation.accepts("device"):
        raise NotChecked("the factory takes no device")
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        raise NotChecked("no CUDA device is here")
    subject.need(Capability.PARAMETERS)
    rows, labels = subject.table
    with quiet(), global_random_state(1):
        here = subject.build()
        there = subject.implementation.build(inputs=subject.task.inputs, seed=subject.seed, device="cuda")
        there.set_parameters(here.get_parameters())
        for _ in range(3):
            apart = float(np.abs(here.predict(rows) - there.predict(rows)).max())
            if not apart <= 1e-3:
                message = f"outputs on the GPU differ by {apart:.3g} from those on the CPU with the same weights"
                raise Failed(finding("XM15", message, where="device", difference=apart))
            if here.can(Capability.STEP):
                for part in subject.chunks(rows, labels):
                    here.step(*part)
                    there.step(*part)
