"""Cells of a notebook, put into a class."""

import torch
import torch.nn as nn


class XOR(nn.Module):
    def __init__(self, input_dim=2, output_dim=1):
        super().__init__()
        self.lin1 = nn.Linear(input_dim, 5)
        self.lin2 = nn.Linear(5, output_dim)

    def forward(self, x):
        x = torch.tanh(self.lin1(x))
        return torch.sigmoid(self.lin2(x))


class Notebook:
    """BCELoss on a sigmoid, Adam, float32."""

    loss_kind = "bce"
    optimiser = "adam"

    def __init__(self, inputs=2, seed=0, learning_rate=0.05):
        self.learning_rate = learning_rate
        state = torch.get_rng_state()
        torch.manual_seed(seed)
        self.model = XOR(inputs)
        torch.set_rng_state(state)
        self.loss_func = nn.BCELoss()
        self.optimizer = self.make(self.model.parameters())

    def make(self, parameters):
        return torch.optim.Adam(parameters, lr=self.learning_rate)

    def step(self, X, Y):
        x_var, y_var = torch.Tensor(X), torch.Tensor(Y)
        self.optimizer.zero_grad()
        y_hat = self.model(x_var)
        loss = self.loss_func(y_hat, y_var)
        loss.backward()
        self.optimizer.step()
        return loss.data.numpy()

    def predict(self, X):
        return self.model(torch.Tensor(X)).detach().numpy()

    def get_parameters(self):
        return {k: v.numpy().copy() for k, v in self.model.state_dict().items()}

    def set_parameters(self, p):
        self.model.load_state_dict({k: torch.as_tensor(v) for k, v in p.items()})


class ZeroGradTooLate(Notebook):
    """zero_grad() between backward() and step(): SGD is handed zeros."""

    optimiser = "sgd"

    def make(self, parameters):
        return torch.optim.SGD(parameters, lr=self.learning_rate)

    def __init__(self, inputs=2, seed=0, learning_rate=1.0):
        super().__init__(inputs, seed, learning_rate)

    def step(self, X, Y):
        y_hat = self.model(torch.Tensor(X))
        loss = self.loss_func(y_hat, torch.Tensor(Y))
        loss.backward()
        self.optimizer.zero_grad()
        self.optimizer.step()
        return loss.item()
