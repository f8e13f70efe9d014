"""How many steps of 2-2-1 XOR networks a second each way of training many of them makes, on one core.

python benchmarks/ensembles.py [--device cuda] [--rounds 7] [--seconds 0.3]

Contenders take turns, so that a slow minute of the machine slows all of them; shown is the best and the median round.
A contender whose tool is not there (numba, PyTorch, a C compiler) is left out and said so.
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import importlib.util
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tabulate import tabulate
from threadpoolctl import threadpool_limits

from xorbench.measure.ensemble import plan_ensemble
from xorbench.registry import resolve
from xorbench.tasks import get_task

TARGET = "numpy-mlp[hidden=2,activation=sigmoid,init=uniform]"
TORCH_TARGET = "torch-mlp[hidden=2,activation=sigmoid,init=uniform]"
TASK = get_task("xor")
RATE = 0.5


@dataclasses.dataclass
class Contender:
    """A way to train: `advance(steps)` makes so many steps of `members` networks."""

    name: str
    members: int
    advance: Callable[[int], object]
    steps: int = 1  # per round, calibrated


def single(target: str) -> Contender:
    """The loop that one writes: one network, one step, again."""
    model = resolve(target).build(seed=0)
    rows, labels = TASK.table()
    targets = model.encode(labels)

    def advance(steps: int) -> None:
        for _ in range(steps):
            model.instance.step(rows, targets)

    return Contender(f"one at a time, {target.partition('[')[0]}", 1, advance)


def ensemble(target: str, name: str, *, members: int | None = None, **about: str) -> Contender:
    """An ensemble of this project, looks at each iteration included."""
    plan = plan_ensemble(resolve(target), TASK, work=1, **about)
    members = members or plan.block
    made = plan.make(range(members))
    at = 0

    def advance(steps: int) -> None:
        nonlocal at
        made.advance(at, at + steps)
        at += steps
        made.outputs()  # brings a device to an end

    return Contender(name, members, advance)


def batched_products(members: int = 4096) -> Contender:
    """Seeds first and `@`, as one would vectorise at first."""
    generator = np.random.default_rng(0)
    W1, W2 = (generator.uniform(-1, 1, (members, *shape)).astype(np.float32) for shape in ((2, 2), (2, 1)))
    b1, b2 = (generator.uniform(-1, 1, (members, 1, width)).astype(np.float32) for width in (2, 1))
    x, labels = TASK.table()
    x, y = x.astype(np.float32), labels.astype(np.float32)[:, None]

    def advance(steps: int) -> None:
        for _ in range(steps):
            h = 1 / (1 + np.exp(-(x @ W1 + b1)))  # (S, 4, 2)
            delta = (1 / (1 + np.exp(-(h @ W2 + b2))) - y) / 4  # (S, 4, 1)
            back = (delta @ W2.transpose(0, 2, 1)) * h * (1 - h)  # (S, 4, 2)
            W2[...] -= RATE * (h.transpose(0, 2, 1) @ delta)
            b2[...] -= RATE * delta.sum(axis=1, keepdims=True)
            W1[...] -= RATE * (x.T @ back)
            b1[...] -= RATE * back.sum(axis=1, keepdims=True)

    return Contender("NumPy float32, seeds first, @", members, advance)


def in_place(members: int = 4096) -> Contender:
    """Seeds last, every operation written into an array that is there already; no looks."""
    w = np.random.default_rng(0).uniform(-1, 1, (9, members)).astype(np.float32)
    W1, W2, b2 = w[:6].reshape(3, 2, members), w[6:8], w[8]  # [w, w, b] x units
    z, h, t = (np.empty((4, 2, members), np.float32) for _ in range(3))
    o = np.empty((4, members), np.float32)
    y = np.array([[0], [1], [1], [0]], np.float32)
    g = np.empty_like(w)
    G1 = g[:6].reshape(3, 2, members)

    def logistic(source: np.ndarray, target: np.ndarray) -> None:
        np.negative(source, out=target)
        np.exp(target, out=target)
        target += 1
        np.reciprocal(target, out=target)

    def advance(steps: int) -> None:
        for _ in range(steps):
            z[0] = W1[2]
            np.add(W1[1], W1[2], out=z[1])
            np.add(W1[0], W1[2], out=z[2])
            np.add(z[1], W1[0], out=z[3])
            logistic(z, h)
            np.multiply(h, W2, out=t)
            np.add(t[:, 0], t[:, 1], out=o)
            np.add(o, b2, out=o)
            logistic(o, o)
            np.subtract(o, y, out=o)
            np.multiply(o, np.float32(RATE / 4), out=o)
            np.add.reduce(o, axis=0, out=g[8])
            np.multiply(h, o[:, None], out=t)
            np.add.reduce(t, axis=0, out=g[6:8])
            np.subtract(1, h, out=z)
            np.multiply(z, t, out=z)  # o h (1 - h)
            np.multiply(z, W2, out=z)
            np.add(z[2], z[3], out=G1[0])
            np.add(z[1], z[3], out=G1[1])
            np.add.reduce(z, axis=0, out=G1[2])
            np.subtract(w, g, out=w)

    return Contender("NumPy float32, seeds last, all in place", members, advance)


def torch_compiled(device: str, members: int) -> Contender:
    """The same step for torch.compile to fuse."""
    import torch

    w = torch.rand(9, members, device=device) * 2 - 1
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]], device=device)

    def step(w: torch.Tensor) -> torch.Tensor:
        z = torch.stack([w[4:6], w[2:4] + w[4:6], w[0:2] + w[4:6], w[0:2] + w[2:4] + w[4:6]])  # (4, 2, S)
        h = torch.sigmoid(z)
        o = torch.sigmoid((h * w[6:8]).sum(1) + w[8])  # (4, S)
        delta = (o - y) * (RATE / 4)
        back = delta[:, None] * w[6:8] * h * (1 - h)
        return w - torch.cat(
            [back[2] + back[3], back[1] + back[3], back.sum(0), (h * delta[:, None]).sum(0), delta.sum(0)[None]]
        )

    compiled = torch.compile(step)
    compiled(w)  # compile outside the clock

    def advance(steps: int) -> None:
        nonlocal w
        for _ in range(steps):
            w = compiled(w)
        float(w[0, 0])

    return Contender(f"torch.compile float32, {device}", members, advance)


C_SOURCE = r"""
#include <math.h>
void advance(float *restrict w, long members, long steps) {
  for (long t = 0; t < steps; t++)
    #pragma omp simd
    for (long s = 0; s < members; s++) {
      float w0=w[s], w1=w[members+s], w2=w[2*members+s], w3=w[3*members+s], b0=w[4*members+s], b1=w[5*members+s];
      float v0=w[6*members+s], v1=w[7*members+s], c=w[8*members+s];
      float g0=0,g1=0,g2=0,g3=0,gb0=0,gb1=0,gv0=0,gv1=0,gc=0;
      for (int r = 0; r < 4; r++) {
        float x = r >> 1, y = r & 1, target = (r >> 1) ^ (r & 1);
        float h0 = 1/(1+expf(-(x*w0+y*w2+b0))), h1 = 1/(1+expf(-(x*w1+y*w3+b1)));
        float d = (1/(1+expf(-(h0*v0+h1*v1+c))) - target) * 0.125f;
        float e0 = d*v0*h0*(1-h0), e1 = d*v1*h1*(1-h1);
        gv0 += d*h0; gv1 += d*h1; gc += d; gb0 += e0; gb1 += e1;
        g0 += x*e0; g1 += x*e1; g2 += y*e0; g3 += y*e1;
      }
      w[s]-=g0; w[members+s]-=g1; w[2*members+s]-=g2; w[3*members+s]-=g3; w[4*members+s]-=gb0; w[5*members+s]-=gb1;
      w[6*members+s]-=gv0; w[7*members+s]-=gv1; w[8*members+s]-=gc;
    }
}
"""


def c_loop(compiler: str, folder: Path, members: int = 128) -> Contender:
    """A loop over members in C, which the compiler makes vector code of with its vector mathematics library."""
    source, library = folder / "loop.c", folder / "loop.so"
    source.write_text(C_SOURCE, encoding="utf-8")
    flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library), "-lm"], check=True)
    function = ctypes.CDLL(str(library)).advance
    w = np.random.default_rng(0).uniform(-1, 1, (9, members)).astype(np.float32)

    def advance(steps: int) -> None:
        function(w.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(members), ctypes.c_long(steps))

    return Contender("C loop float32, -O3 -ffast-math", members, advance)


def contenders(device: str, folder: Path) -> list[Contender]:
    """Return all that this machine can run."""
    made = [single(TARGET)]
    numba = importlib.util.find_spec("numba") is not None
    torch = importlib.util.find_spec("torch") is not None
    if torch:
        import torch as pytorch

        pytorch.set_num_threads(1)
        made.append(single(TORCH_TARGET))
    made += [batched_products(), in_place()]
    for dtype in ("float64", "float32"):
        made.append(ensemble(TARGET, f"ensemble, arrays, {dtype}, with looks", dtype=dtype, method="arrays"))
        if numba:
            made.append(ensemble(TARGET, f"ensemble, fused, {dtype}, with looks", dtype=dtype, method="fused"))
    if torch:
        sizes = (4096,) if device == "cpu" else (4096, 1 << 17, 1 << 20)
        for size in sizes:
            name = f"ensemble, PyTorch, float32, {device}, {size:,} members, with looks"
            made.append(ensemble(TORCH_TARGET, name, members=size, device=device))
        try:
            made.append(torch_compiled(device, sizes[-1]))
        except Exception as error:  # no compiler for it here
            print(f"left out: torch.compile ({type(error).__name__})")
    if compiler := shutil.which("cc"):
        made.append(c_loop(compiler, folder))
    left_out = [name for name, there in (("numba", numba), ("PyTorch", torch), ("C compiler", compiler)) if not there]
    for name in left_out:
        print(f"left out: {name} is not installed")
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="of one round of one contender")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):  # per core is the question
        measure(contenders(arguments.device, Path(folder)), rounds=arguments.rounds, seconds=arguments.seconds)


def measure(made: list[Contender], *, rounds: int, seconds: float) -> None:
    """Run the rounds in turn and print net-iterations a second."""
    for contender in made:
        contender.advance(1)
        while (taken := clocked(contender)) < seconds / 10:
            contender.steps *= 4
        contender.steps = max(1, round(contender.steps * seconds / taken))
    speeds: dict[str, list[float]] = {contender.name: [] for contender in made}
    for _ in range(rounds):
        for contender in made:
            speeds[contender.name].append(contender.members * contender.steps / clocked(contender))
    base = statistics.median(speeds[made[0].name])
    rows = [
        (
            contender.name,
            contender.members,
            max(speeds[contender.name]) / 1e6,
            statistics.median(speeds[contender.name]) / 1e6,
            statistics.median(speeds[contender.name]) / base,
        )
        for contender in made
    ]
    headers = ("way", "members", "best, M/s", "median, M/s", "times one at a time")
    print(tabulate(rows, headers=headers, floatfmt=("", "", ".3f", ".3f", ",.0f"), intfmt=","))


def clocked(contender: Contender) -> float:
    """Return the seconds of one round."""
    started = time.perf_counter()
    contender.advance(contender.steps)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
