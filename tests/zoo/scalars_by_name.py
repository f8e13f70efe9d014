"""2-2-1 with a variable for every weight and thresholds that are subtracted, as in an old textbook's worked example."""

import math
import random


def sig(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


NAMES = ("w13", "w23", "theta3", "w14", "w24", "theta4", "w35", "w45", "theta5")


class TextbookNet:
    """Two hidden neurons 3 and 4, output neuron 5; one row, one update; the table is gone through in order."""

    loss_kind = "half_sse"

    def __init__(self, seed=0, learning_rate=0.8):
        draw = random.Random(seed)
        for name in NAMES:
            setattr(self, name, draw.uniform(-1.2, 1.2))
        self.learning_rate = learning_rate

    def forward(self, x1, x2):
        y3 = sig(x1 * self.w13 + x2 * self.w23 - self.theta3)
        y4 = sig(x1 * self.w14 + x2 * self.w24 - self.theta4)
        y5 = sig(y3 * self.w35 + y4 * self.w45 - self.theta5)
        return y3, y4, y5

    def train_one(self, x1, x2, yd):
        y3, y4, y5 = self.forward(x1, x2)
        e = yd - y5
        d5 = y5 * (1 - y5) * e
        d3 = y3 * (1 - y3) * d5 * self.w35
        d4 = y4 * (1 - y4) * d5 * self.w45
        a = self.learning_rate
        self.w35 += a * y3 * d5
        self.w45 += a * y4 * d5
        self.theta5 += a * -1 * d5
        self.w13 += a * x1 * d3
        self.w23 += a * x2 * d3
        self.theta3 += a * -1 * d3
        self.w14 += a * x1 * d4
        self.w24 += a * x2 * d4
        self.theta4 += a * -1 * d4

    def step(self, inputs, targets):
        for (x1, x2), (yd,) in zip(inputs.tolist(), targets.tolist()):
            self.train_one(x1, x2, yd)

    def predict(self, inputs):
        return [self.forward(x1, x2)[2] for x1, x2 in inputs.tolist()]

    def get_parameters(self):
        return {name: getattr(self, name) for name in NAMES}

    def set_parameters(self, parameters):
        for name in NAMES:
            setattr(self, name, float(parameters[name]))


class ThresholdsLikeBiases(TextbookNet):
    """The thresholds are subtracted in forward and updated as if they were added."""

    def train_one(self, x1, x2, yd):
        before = self.theta3, self.theta4, self.theta5
        super().train_one(x1, x2, yd)
        for name, old in zip(("theta3", "theta4", "theta5"), before):
            setattr(self, name, old - (getattr(self, name) - old))


class ThetaFiveFixed(TextbookNet):
    """The last threshold was forgotten among the updates."""

    def train_one(self, x1, x2, yd):
        theta5 = self.theta5
        super().train_one(x1, x2, yd)
        self.theta5 = theta5


class FiveBeforeThree(TextbookNet):
    """The output weights are corrected first, and the hidden gradients use the corrected ones."""

    def train_one(self, x1, x2, yd):
        y3, y4, y5 = self.forward(x1, x2)
        a = self.learning_rate
        d5 = y5 * (1 - y5) * (yd - y5)
        self.w35 += a * y3 * d5
        self.w45 += a * y4 * d5
        self.theta5 -= a * d5
        d3 = y3 * (1 - y3) * d5 * self.w35
        d4 = y4 * (1 - y4) * d5 * self.w45
        self.w13 += a * x1 * d3
        self.w23 += a * x2 * d3
        self.theta3 -= a * d3
        self.w14 += a * x1 * d4
        self.w24 += a * x2 * d4
        self.theta4 -= a * d4


class ThresholdSlope(TextbookNet):
    """Thresholds get the sigmoid of themselves as a factor, as if they were activated."""

    def train_one(self, x1, x2, yd):
        before = {name: getattr(self, name) for name in ("theta3", "theta4", "theta5")}
        super().train_one(x1, x2, yd)
        for name, old in before.items():
            setattr(self, name, old + (getattr(self, name) - old) * sig(old))


class CrossedWires(TextbookNet):
    """Neuron 3 takes its error through w45, neuron 4 through w35."""

    def train_one(self, x1, x2, yd):
        y3, y4, y5 = self.forward(x1, x2)
        a = self.learning_rate
        d5 = y5 * (1 - y5) * (yd - y5)
        d3 = y3 * (1 - y3) * d5 * self.w45
        d4 = y4 * (1 - y4) * d5 * self.w35
        self.w35 += a * y3 * d5
        self.w45 += a * y4 * d5
        self.theta5 -= a * d5
        self.w13 += a * x1 * d3
        self.w23 += a * x2 * d3
        self.theta3 -= a * d3
        self.w14 += a * x1 * d4
        self.w24 += a * x2 * d4
        self.theta4 -= a * d4
