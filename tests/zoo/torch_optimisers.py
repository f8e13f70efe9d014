"""Networks in float32 under PyTorch's optimisers, set otherwise than by default."""

import torch
from torch import nn


class Net(nn.Module):
    """Base: 2-6-1 tanh, cross-entropy of logits, gradients shown."""

    output = "logit"
    loss_kind = "bce"
    optimiser = "adam"
    rate = 0.05

    def __init__(self, seed=0, learning_rate=None):
        super().__init__()
        self.learning_rate = self.rate if learning_rate is None else learning_rate
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = self.build()
        self.chosen = self.choose(self.learning_rate)

    def build(self):
        return nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))

    def value(self, inputs, targets):
        x, y = (torch.as_tensor(array, dtype=torch.float32) for array in (inputs, targets))
        return nn.functional.binary_cross_entropy_with_logits(self.layers(x), y)

    def predict(self, inputs):
        with torch.no_grad():
            return self.layers(torch.as_tensor(inputs, dtype=torch.float32))

    def step(self, inputs, targets):
        loss = self.value(inputs, targets)
        self.chosen.zero_grad()
        loss.backward()
        self.chosen.step()
        return loss.item()

    def gradients(self, inputs, targets):
        found = torch.autograd.grad(self.value(inputs, targets), list(self.parameters()))
        return {name: g for (name, _), g in zip(self.named_parameters(), found)}

    def get_parameters(self):
        return {name: p.detach().clone() for name, p in self.named_parameters()}

    def set_parameters(self, parameters):
        with torch.no_grad():
            for name, p in self.named_parameters():
                p.copy_(torch.as_tensor(parameters[name]))


class MomentumRMSprop(Net):
    """Right: RMSprop that sums up its moves."""

    optimiser = "rmsprop"
    rate = 0.01

    def choose(self, rate):
        return torch.optim.RMSprop(self.parameters(), lr=rate, momentum=0.9)


class ShortRMSprop(Net):
    """Right: RMSprop with a short memory."""

    optimiser = "rmsprop"
    rate = 0.02

    def choose(self, rate):
        return torch.optim.RMSprop(self.parameters(), lr=rate, alpha=0.8)


class OtherBetas(Net):
    """Right: Adam with betas of its own."""

    def choose(self, rate):
        return torch.optim.Adam(self.parameters(), lr=rate, betas=(0.7, 0.999))


class BackwardBetas(Net):
    """Right, if unusual: the mean of Adam is longer than its mean of squares."""

    rate = 0.02

    def choose(self, rate):
        return torch.optim.Adam(self.parameters(), lr=rate, betas=(0.99, 0.9))


class PenalisedBetas(Net):
    """Right: Adam with betas of its own and a penalty on the weights."""

    def choose(self, rate):
        return torch.optim.Adam(self.parameters(), lr=rate, betas=(0.8, 0.99), weight_decay=1e-3)


class DecayOfWeights(Net):
    """Right: AdamW whose decay leaves the biases alone."""

    def choose(self, rate):
        weights, biases = ([p for n, p in self.named_parameters() if n.endswith(end)] for end in ("weight", "bias"))
        groups = [{"params": weights, "weight_decay": 0.02}, {"params": biases, "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, lr=rate)


class BoundedRprop(Net):
    """Right: Rprop whose steps are kept within bounds."""

    optimiser = "rprop"

    def choose(self, rate):
        return torch.optim.Rprop(self.parameters(), lr=rate, step_sizes=(0.8 * rate, 1.2 * rate))


class RatesByLayer(Net):
    """Right: each layer has a learning rate of its own, and says so."""

    optimiser = "other"
    rate = 0.5
    kind = torch.optim.SGD

    def choose(self, rate):
        layers = ((self.layers[0], rate), (self.layers[2], 0.3 * rate))
        return self.kind([{"params": layer.parameters(), "lr": each} for layer, each in layers])


class AdamRatesByLayer(RatesByLayer):
    """Right: the same under Adam."""

    rate = 0.05
    kind = torch.optim.Adam


class SmallDecay(Net):
    """Right: a weight decay of 1e-4, with nothing shown but parameters and steps."""

    optimiser = "sgd"
    rate = 0.5
    gradients = None

    def choose(self, rate):
        return torch.optim.SGD(self.parameters(), lr=rate, weight_decay=1e-4)


class MomentumAndDecay(SmallDecay):
    """Right: momentum and a weight decay of 1e-3."""

    optimiser = "momentum"
    rate = 0.1

    def choose(self, rate):
        return torch.optim.SGD(self.parameters(), lr=rate, momentum=0.9, weight_decay=1e-3)


class DeepSaturated(Net):
    """Right: two hidden layers of softplus under Adam; at random weights some rows have next to no gradient."""

    rate = 0.01

    def build(self):
        return nn.Sequential(nn.Linear(2, 16), nn.Softplus(), nn.Linear(16, 16), nn.Softplus(), nn.Linear(16, 1))

    def choose(self, rate):
        return torch.optim.Adam(self.parameters(), lr=rate)


class MaximisingAdam(Net):
    """maximize=True: Adam climbs."""

    def choose(self, rate):
        return torch.optim.Adam(self.parameters(), lr=rate, maximize=True)


class AdamOfTheHead(Net):
    """Adam is given the last layer."""

    def choose(self, rate):
        return torch.optim.Adam(self.layers[2].parameters(), lr=rate)


class AdamWithoutZeroGrad(Net):
    """zero_grad() is missing, under Adam; nothing shown but parameters and steps."""

    gradients = None

    def choose(self, rate):
        return torch.optim.Adam(self.parameters(), lr=rate)

    def step(self, inputs, targets):
        loss = self.value(inputs, targets)
        loss.backward()
        self.chosen.step()
        return loss.item()
