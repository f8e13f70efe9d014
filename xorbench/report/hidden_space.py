"""The rows as the hidden units see them, in a plane, and the line in it where the network is undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorbench.records import Portrait
from xorbench.report.svg import Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 200.0

Ends = tuple[Point, Point]


def hidden_space(portrait: Portrait) -> tuple[list[list[Point]], list[Ends | None], str]:
    """Return the rows' places in hidden space frame by frame, where the output is 0.5 there, and what the axes are."""
    import numpy as np

    if not portrait.frames[-1].hidden:
        return [], [], ""
    seen = np.array([frame.hidden for frame in portrait.frames])  # (frames, r, width)
    width = seen.shape[-1]
    said = "activations of the two hidden units"
    if width == 1:
        outputs = np.array([frame.outputs for frame in portrait.frames])[..., None]  # (frames, r, 1)
        seen, said = np.concatenate([seen, outputs], axis=-1), "the one hidden unit across, the output up"
    elif width > 2:
        flat = seen.reshape(-1, width)
        centred = flat - flat.mean(axis=0)
        _, strength, axes = np.linalg.svd(centred, full_matrices=False)
        axes = axes[:2] * np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])[:, None]
        share = float((strength[:2] ** 2).sum() / max(float((strength**2).sum()), 1e-300))
        seen = (centred @ axes.T).reshape(*seen.shape[:2], 2)
        said = f"first two principal components of {width} hidden activations, {share:.0%} of their variance"
    low, high = seen.min(axis=(0, 1)), seen.max(axis=(0, 1))
    middle, reach = (low + high) / 2, float(max((high - low).max(), 1e-9)) * 0.58
    places = (seen - middle) / reach  # -1 to 1
    scaled = np.stack([(places[..., 0] + 1) / 2 * SIDE, (1 - places[..., 1]) / 2 * SIDE], axis=-1)
    lines = [
        _separator(places[at], np.array(portrait.frames[at].outputs)) if width == 2 else None
        for at in range(len(places))
    ]
    return [[(float(x), float(y)) for x, y in frame] for frame in scaled], lines, said


def _separator(places: NDArray[np.float64], outputs: NDArray[np.float64]) -> Ends | None:
    """Return the ends of the line where the output is 0.5, where the output's logit is linear in the hidden units."""
    import numpy as np

    if len(outputs) < 4 or not ((outputs > 1e-9) & (outputs < 1 - 1e-9)).all():
        return None
    logits = np.log(outputs / (1 - outputs))  # (r,)
    table = np.column_stack([places, np.ones(len(places))])  # (r, 3)
    if np.linalg.matrix_rank(table, tol=1e-6) < 3:
        return None
    (a, b, c), *_ = np.linalg.lstsq(table, logits, rcond=None)
    if np.abs(table @ [a, b, c] - logits).max() > 1e-4 * max(1.0, float(np.abs(logits).max())):
        return None  # another kind of output: no line is claimed
    ends = []
    for u, v in ((-1.0, None), (1.0, None), (None, -1.0), (None, 1.0)):
        x = u if u is not None else (-(b * v + c) / a if abs(a) > 1e-12 else 9.0)
        y = v if v is not None else (-(a * u + c) / b if abs(b) > 1e-12 else 9.0)
        if abs(x) <= 1 + 1e-9 and abs(y) <= 1 + 1e-9:
            ends.append((float((x + 1) / 2 * SIDE), float((1 - y) / 2 * SIDE)))
    return (ends[0], ends[1]) if len(ends) >= 2 else None
