"""The same weights in a float64 reference: the forward pass is that of a network, in every digit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xorbench.model import Capability
from xorbench.verify.gradients.lab import Lab
from xorbench.verify.outcomes import Failed, NotChecked, finding
from xorbench.verify.subject import Subject, global_random_state, quiet

from .test_contract import examples


def test_forward_pass_matches(subject: Subject) -> None:
    """With the same weights a float64 reference gives the same outputs for rows and weights drawn at random."""
    subject.need(Capability.PARAMETERS)
    lab = subject.once("lab", lambda: Lab(subject))
    reference = lab.reference
    if reference is None:
        raise NotChecked("the parameters could not be read as the layers of a network that gives these outputs")
    subject.remarks["architecture"] = reference.describe()
    with quiet(), global_random_state(1):
        model = lab.fresh()
        single = lab.precision > 1e-10

        @examples(subject)
        @given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.1, 1.0, 3.0]))
        def property_(seed: int, scale: float) -> None:
            generator = np.random.default_rng(seed)
            point = {name: generator.normal(0, scale, size=array.shape) for name, array in lab.start.items()}
            rows = generator.uniform(-2, 2, size=(5, subject.task.inputs))
            model.set_parameters(point)
            flat = lab.flat(model.get_parameters())
            apart = float(np.abs(model.predict(rows) - reference.predict(flat, rows)).max())
            rounding = 32 * lab.precision * reference.largest_sum(flat, rows)
            if not apart <= max(1e-4 if single else 1e-8, rounding):
                message = f"outputs differ by {apart:.3g} from those of a {reference.describe()} network with the same weights"
                raise Failed(finding("XM15", message, where="predict", difference=apart, seed=seed, scale=scale))

        property_()
