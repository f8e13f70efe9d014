"""Back-propagation by hand on torch tensors, as taught before autograd is."""

import torch


class HandMade:
    """Right: 2-4-3-1, sigmoid, mean square, float64 tensors, weights out x in."""

    loss_kind = "mse"
    dtype = torch.float64

    def __init__(self, inputs=2, seed=0, learning_rate=6.0, device="cpu"):
        g = torch.Generator().manual_seed(seed)
        self.learning_rate = learning_rate
        sizes = [inputs, 4, 3, 1]
        self.W = [
            self.put(2 * torch.randn(b, a, generator=g, dtype=torch.float64), device) for a, b in zip(sizes, sizes[1:])
        ]
        self.b = [self.put(torch.randn(b, generator=g, dtype=torch.float64), device) for b in sizes[1:]]
        self.device = device

    def put(self, tensor, device):
        return tensor.to(device, self.dtype)

    def forward(self, x):
        acts = [torch.as_tensor(x).to(self.device, self.dtype)]
        for W, b in zip(self.W, self.b):
            acts.append(torch.sigmoid(acts[-1] @ W.T + b))
        return acts

    def predict(self, inputs):
        return self.forward(inputs)[-1]

    def hidden(self, inputs):
        return [a.cpu().numpy() for a in self.forward(inputs)[1:-1]]

    def slope(self, a):
        return a * (1 - a)

    def deltas(self, acts, t):
        ds = [2 * (acts[-1] - t) / len(t) * self.slope(acts[-1])]
        for i in (2, 1):
            ds.insert(0, (ds[0] @ self.W[i]) * self.slope(acts[i]))
        return ds

    def bias_slope(self, d, i):
        return d.sum(dim=0)

    def step(self, inputs, targets):
        acts = self.forward(inputs)
        t = torch.as_tensor(targets).to(self.device, self.dtype)
        ds = self.deltas(acts, t)
        for i in range(3):
            self.W[i] = self.W[i] - self.learning_rate * ds[i].T @ acts[i]
            self.b[i] = self.b[i] - self.learning_rate * self.bias_slope(ds[i], i)
        return ((acts[-1] - t) ** 2).mean()

    def get_parameters(self):
        return {f"{k}{i + 1}": v[i].cpu().numpy().copy() for i in range(3) for k, v in (("W", self.W), ("b", self.b))}

    def set_parameters(self, p):
        self.W = [torch.as_tensor(p[f"W{i}"]).to(self.device, self.dtype) for i in (1, 2, 3)]
        self.b = [torch.as_tensor(p[f"b{i}"]).to(self.device, self.dtype) for i in (1, 2, 3)]


class HandMadeSingle(HandMade):
    """Right: the same in float32."""

    dtype = torch.float32


class SlopeMissingBelow(HandMade):
    """The deltas below start from the raw error."""

    def deltas(self, acts, t):
        ds = super().deltas(acts, t)
        raw = 2 * (acts[-1] - t) / len(t)
        d2 = (raw @ self.W[2]) * self.slope(acts[2])
        return [(d2 @ self.W[1]) * self.slope(acts[1]), d2, ds[2]]


class SigmoidAgain(HandMade):
    """slope(a) squashes a once more."""

    def slope(self, a):
        s = torch.sigmoid(a)
        return s * (1 - s)


class MeanOverTheWrongAxis(HandMadeSingle):
    """d.mean() for d.sum(dim=0): one number for all biases of a layer. In float32."""

    def bias_slope(self, d, i):
        return d.mean()


class BiasesAscend(HandMade):
    """Biases are moved by plus their gradient."""

    def bias_slope(self, d, i):
        return -d.sum(dim=0)


class BackFirst(HandMade):
    """One loop from the last layer to the first that updates as it goes."""

    def step(self, inputs, targets):
        acts = self.forward(inputs)
        t = torch.as_tensor(targets).to(self.device, self.dtype)
        d = 2 * (acts[-1] - t) / len(t) * self.slope(acts[-1])
        for i in (2, 1, 0):
            self.W[i] = self.W[i] - self.learning_rate * d.T @ acts[i]
            self.b[i] = self.b[i] - self.learning_rate * d.sum(dim=0)
            d = (d @ self.W[i]) * self.slope(acts[i])
        return ((acts[-1] - t) ** 2).mean()


class InputsForgotten(HandMade):
    """The middle layer's weights are moved by the activations of the layer below the right one, cut to size."""

    def step(self, inputs, targets):
        acts = self.forward(inputs)
        t = torch.as_tensor(targets).to(self.device, self.dtype)
        ds = self.deltas(acts, t)
        source = [acts[0], acts[1].flip(1), acts[2]]
        for i in range(3):
            self.W[i] = self.W[i] - self.learning_rate * ds[i].T @ source[i]
            self.b[i] = self.b[i] - self.learning_rate * ds[i].sum(dim=0)
        return ((acts[-1] - t) ** 2).mean()
