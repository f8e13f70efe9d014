"""LSTM and GRU over bits in torch."""

import torch
from torch import nn


class LSTMParity:
    """Right: LSTM, hidden state from zero for each batch, Adam, logits."""

    reads = "sequence"
    output = "logit"
    loss_kind = "bce"
    optimiser = "adam"
    cell = nn.LSTM

    def __init__(self, seed=0, learning_rate=0.03, device="cpu"):
        self.learning_rate, self.device = learning_rate, device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.rnn = self.cell(1, 5, batch_first=self.batch_first()).double().to(device)
            self.head = nn.Linear(5, 1).double().to(device)
        self.modules = nn.ModuleDict({"rnn": self.rnn, "head": self.head})
        self.optimizer = torch.optim.Adam(self.modules.parameters(), lr=learning_rate)

    def batch_first(self):
        return True

    def logits(self, inputs):
        x = torch.as_tensor(inputs, dtype=torch.float64, device=self.device).unsqueeze(-1)
        out, _ = self.rnn(x)
        return self.head(out[:, -1])

    def predict(self, inputs):
        with torch.no_grad():
            return self.logits(inputs)

    def value(self, inputs, targets):
        y = torch.as_tensor(targets, dtype=torch.float64, device=self.device)
        return nn.functional.binary_cross_entropy_with_logits(self.logits(inputs), y)

    def step(self, inputs, targets):
        loss = self.value(inputs, targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def get_parameters(self):
        return {k: p.detach().cpu().numpy().copy() for k, p in self.modules.named_parameters()}

    def set_parameters(self, parameters):
        with torch.no_grad():
            for k, p in self.modules.named_parameters():
                p.copy_(torch.as_tensor(parameters[k]))

    def gradients(self, inputs, targets):
        grads = torch.autograd.grad(self.value(inputs, targets), list(self.modules.parameters()))
        return {k: g.cpu().numpy() for (k, _), g in zip(self.modules.named_parameters(), grads)}


class GRUParity(LSTMParity):
    """Right: GRU."""

    cell = nn.GRU


class BatchFirstForgotten(LSTMParity):
    """batch_first is missing: the rows of the batch are taken for time steps."""

    def batch_first(self):
        return False


class HiddenKept(LSTMParity):
    """self.state goes from one call to the next (detached, so nothing complains)."""

    state = None

    def logits(self, inputs):
        x = torch.as_tensor(inputs, dtype=torch.float64).unsqueeze(-1)
        if self.state is not None and self.state[0].shape[1] != len(x):
            self.state = None
        out, state = self.rnn(x, self.state)
        self.state = tuple(s.detach() for s in state)
        return self.head(out[:, -1])


class GraphKept(HiddenKept):
    """The state is kept with its graph: the second backward pass goes through the first one's."""

    gradients = None

    def logits(self, inputs):
        x = torch.as_tensor(inputs, dtype=torch.float64).unsqueeze(-1)
        if not torch.is_grad_enabled():
            return self.head(self.rnn(x)[0][:, -1])
        out, self.state = self.rnn(x, self.state)
        return self.head(out[:, -1])
