"""nn.Module, a criterion and an optimiser, with the slips of question threads."""

import torch
from torch import nn


class XORModel(nn.Module):
    def __init__(self, inputs, hidden=4, outputs=1, act=torch.tanh):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, outputs)
        self.act = act

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Trainer:
    """Base: float64, BCE with logits, SGD; the global generator is put back as it was."""

    output = "logit"
    loss_kind = "bce"
    optimiser = "sgd"
    rate = 0.5

    def __init__(self, inputs=2, seed=0, learning_rate=None, device="cpu"):
        self.learning_rate = self.rate if learning_rate is None else learning_rate
        self.device = device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = self.build(inputs).to(device, torch.float64)
        self.opt = self.make_optimiser()

    def build(self, inputs):
        return XORModel(inputs)

    def make_optimiser(self):
        return torch.optim.SGD(self.net.parameters(), lr=self.learning_rate)

    def criterion(self, out, y):
        return nn.functional.binary_cross_entropy_with_logits(out, y)

    def tensors(self, *arrays):
        return [torch.as_tensor(a, dtype=torch.float64, device=self.device) for a in arrays]

    def step(self, inputs, targets):
        x, y = self.tensors(inputs, targets)
        loss = self.criterion(self.net(x), y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    def predict(self, inputs):
        (x,) = self.tensors(inputs)
        with torch.no_grad():
            return self.net(x)

    def loss(self, inputs, targets):
        x, y = self.tensors(inputs, targets)
        with torch.no_grad():
            return self.criterion(self.net(x), y).item()

    def get_parameters(self):
        return {name: p.detach().cpu().numpy().copy() for name, p in self.net.named_parameters()}

    def set_parameters(self, parameters):
        with torch.no_grad():
            for name, p in self.net.named_parameters():
                p.copy_(torch.as_tensor(parameters[name]))


class LogitSGD(Trainer):
    """Right: logits, BCE with logits, SGD."""


class LogitAdam(Trainer):
    """Right: Adam and ReLU, gradients shown."""

    optimiser = "adam"
    rate = 0.05

    def build(self, inputs):
        return XORModel(inputs, 6, act=torch.relu)

    def make_optimiser(self):
        return torch.optim.Adam(self.net.parameters(), lr=self.learning_rate)

    def gradients(self, inputs, targets):
        x, y = self.tensors(inputs, targets)
        grads = torch.autograd.grad(self.criterion(self.net(x), y), list(self.net.parameters()))
        return {name: g.cpu().numpy() for (name, _), g in zip(self.net.named_parameters(), grads)}


class Float32SGD(Trainer):
    """Right: float32 throughout, ±1 targets against a tanh output, squared error."""

    output = "score"
    targets = (-1.0, 1.0)
    loss_kind = "mse"

    def __init__(self, inputs=2, seed=0, learning_rate=0.3):
        super().__init__(inputs, seed, learning_rate)
        self.net = self.net.float()
        self.opt = self.make_optimiser()

    def build(self, inputs):
        return nn.Sequential(nn.Linear(inputs, 5), nn.Tanh(), nn.Linear(5, 1), nn.Tanh())

    def tensors(self, *arrays):
        return [torch.as_tensor(a, dtype=torch.float32) for a in arrays]

    def criterion(self, out, y):
        return nn.functional.mse_loss(out, y)


class DropoutOff(Trainer):
    """Right: dropout while training, eval() in predict; a generator of its own is put back after each step."""

    loss_kind = None
    optimiser = "other"
    rate = 0.1

    def build(self, inputs):
        return nn.Sequential(nn.Linear(inputs, 24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 1))

    def make_optimiser(self):
        self.steps = 0
        return torch.optim.Adam(self.net.parameters(), lr=self.learning_rate)

    def step(self, inputs, targets):
        self.steps += 1
        self.net.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.steps)
            super().step(inputs, targets)
        self.net.eval()

    def predict(self, inputs):
        self.net.eval()
        return super().predict(inputs)

    loss = None


class TwoLogits(Trainer):
    """Right: CrossEntropyLoss over two outputs; predict gives the probability of the second."""

    output = "probability"
    loss_kind = "bce"

    def build(self, inputs):
        return XORModel(inputs, 4, 2)

    def criterion(self, out, y):
        return nn.functional.cross_entropy(out, y.reshape(-1).long())

    def predict(self, inputs):
        (x,) = self.tensors(inputs)
        with torch.no_grad():
            return self.net(x).softmax(dim=1)[:, 1]


class NoZeroGrad(Trainer):
    """opt.zero_grad() is missing."""

    def step(self, inputs, targets):
        x, y = self.tensors(inputs, targets)
        loss = self.criterion(self.net(x), y)
        loss.backward()
        self.opt.step()
        return loss.item()


class HeadOnly(Trainer):
    """The optimiser was given the second layer's parameters."""

    def make_optimiser(self):
        return torch.optim.SGD(self.net.fc2.parameters(), lr=self.learning_rate)


class Detached(Trainer):
    """A detach() between the layers: the first gets no gradient."""

    def build(self, inputs):
        return XORModel(inputs, 4, act=lambda z: torch.tanh(z).detach())

    def make_optimiser(self):
        return torch.optim.SGD(self.net.parameters(), lr=self.learning_rate)


class BroadcastTargets(Trainer):
    """Targets of shape (n,) against outputs of shape (n, 1): the mean runs over n x n pairs."""

    output = "score"
    loss_kind = "mse"
    rate = 0.1

    def criterion(self, out, y):
        y = y.reshape(-1)
        return ((out - y) ** 2).mean()


class LearningRateIgnored(Trainer):
    """The argument is taken and 0.5 is written where it should be used."""

    def make_optimiser(self):
        return torch.optim.SGD(self.net.parameters(), lr=0.5)


class HiddenWidthIgnored(Trainer):
    """`hidden` is accepted and never reaches the network."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.5, hidden=4):
        self.hidden_width = hidden
        super().__init__(inputs, seed, learning_rate)


class SigmoidTwice(Trainer):
    """A sigmoid output goes into BCE *with logits*: predictions are sigmoids, the loss squashes them again."""

    output = "probability"

    def build(self, inputs):
        return nn.Sequential(nn.Linear(inputs, 4), nn.Tanh(), nn.Linear(4, 1), nn.Sigmoid())


class SigmoidTwiceAdam(SigmoidTwice):
    """The same under Adam, whose first step shows no more than signs."""

    rate = 0.05

    def make_optimiser(self):
        return torch.optim.Adam(self.net.parameters(), lr=self.learning_rate)


class SoftmaxTwiceAdam(TwoLogits):
    """CrossEntropyLoss over a softmax's probabilities, under Adam."""

    rate = 0.05

    def make_optimiser(self):
        return torch.optim.Adam(self.net.parameters(), lr=self.learning_rate)

    def criterion(self, out, y):
        return super().criterion(out.softmax(dim=1), y)


class LikelihoodWithoutLog(TwoLogits):
    """NLLLoss over softmax where log_softmax belongs: p is raised where log p should be."""

    def criterion(self, out, y):
        return nn.functional.nll_loss(out.softmax(dim=1), y.reshape(-1).long())


class LogLikelihood(TwoLogits):
    """Right: NLLLoss over log_softmax."""

    def criterion(self, out, y):
        return nn.functional.nll_loss(out.log_softmax(dim=1), y.reshape(-1).long())


class SoftmaxOverOne(Trainer):
    """Softmax over a single output is 1 whatever the weights."""

    output = "probability"
    loss_kind = "mse"

    def build(self, inputs):
        return nn.Sequential(nn.Linear(inputs, 4), nn.ReLU(), nn.Linear(4, 1), nn.Softmax(dim=1))

    def criterion(self, out, y):
        return nn.functional.mse_loss(out, y)


class SoftmaxOverRows(TwoLogits):
    """softmax(dim=0) in predict: a row's answer depends on the rows beside it."""

    def predict(self, inputs):
        (x,) = self.tensors(inputs)
        with torch.no_grad():
            return self.net(x).softmax(dim=0)[:, 1]


class AscendingTorch(Trainer):
    """The second layer is listed with a negative learning rate's worth of gradient: its hook flips the sign."""

    def build(self, inputs):
        net = super().build(inputs)
        net.fc1.bias.register_hook(lambda g: -g)
        return net


class SeedsTheWorld(Trainer):
    """Right result, but torch.manual_seed in the constructor reseeds everybody."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        torch.manual_seed(seed)
        self.learning_rate = learning_rate
        self.device = "cpu"
        self.net = XORModel(inputs).double()
        self.opt = self.make_optimiser()


class NeverSeeded(Trainer):
    """The seed is accepted and the layers draw from whatever state the global generator is in."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        self.learning_rate = learning_rate
        self.device = "cpu"
        self.net = XORModel(inputs).double()
        self.opt = self.make_optimiser()


class DoubleByDefault(Trainer):
    """torch.set_default_dtype in the constructor changes the dtype of everybody's tensors."""

    def __init__(self, inputs=2, seed=0, learning_rate=0.5):
        torch.set_default_dtype(torch.float64)
        super().__init__(inputs, seed, learning_rate)


class DropoutStaysOn(Trainer):
    """Never switched to eval(): two predictions of one row differ."""

    loss = None
    loss_kind = None

    def build(self, inputs):
        return nn.Sequential(nn.Linear(inputs, 24), nn.ReLU(), nn.Dropout(0.2), nn.Linear(24, 1))


class BatchNormInTraining(Trainer):
    """BatchNorm left in training mode: predictions depend on the batch and move the running averages."""

    loss = None
    loss_kind = None
    optimiser = "other"
    rate = 0.05

    def build(self, inputs):
        return nn.Sequential(nn.Linear(inputs, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))

    def make_optimiser(self):
        return torch.optim.Adam(self.net.parameters(), lr=self.learning_rate)


class RunningLoss(Trainer):
    """running_loss is never reset: the average over all steps so far is returned."""

    loss = None

    def step(self, inputs, targets):
        self.running_loss = getattr(self, "running_loss", 0.0) + super().step(inputs, targets)
        self.count = getattr(self, "count", 0) + 1
        return self.running_loss / self.count


class HardSigmoidLog(Trainer):
    """A hard sigmoid reaches 0 and 1 exactly, and the cross-entropy is written out: 0 · log 0, and all is NaN."""

    output = "probability"

    def build(self, inputs):
        return nn.Sequential(nn.Linear(inputs, 6), nn.Tanh(), nn.Linear(6, 1), nn.Hardsigmoid())

    def criterion(self, out, y):
        return -(y * out.log() + (1 - y) * (1 - out).log()).mean()
