"""Twins of XT01 to XT03: right mathematics, and a budget, a rate or a seed that does not do."""

from ..twin import NOTE, broken

SMALL = "2-3-1 sigmoid, mean square, bias in the last column, NumPy out x in"
LINEAR = "2-6-1 tanh, linear output, sum of squares, NumPy in x out"
NO = {"learns_xor": False}


# fmt: off

# One entry, two lines: a table.
# fmt: off
TWINS = (
    broken("thousandth-rate", "budgets.py:ThousandthRate", "XT01", "no hidden", SMALL,
           "Right, and too slow for any usual budget.", severity=NOTE, sibling="small-net", **NO),
    broken("slow-fit", "budgets.py:SlowFit", "XT01", "fit", SMALL.replace("2-3-1", "2-5-1"),
           "Right, and too slow; fit alone.", severity=NOTE, sibling="small-net", **NO),
    broken("too-fast", "budgets.py:TooFast", "XT02", "no hidden", SMALL,
           "A rate of 3000 throws every unit into saturation.", sibling="small-net", **NO),
    broken("linear-output-diverges", "budgets.py:LinearOutput", "XT02", "parameters", LINEAR,
           "The error grows at each step; a smaller rate works.", sibling="linear-output-slowly", **NO),
    broken("relu-explodes", "budgets.py:ReluExplodes", "XT02 XA06", "parameters", LINEAR.replace("tanh", "ReLU"),
           "NaN within a few dozen steps; a smaller rate works.", sibling="linear-output-slowly", **NO),
    broken("stops-before-it-starts", "crossed_losses.py:StopsBeforeItStarts", "XT04", "fit", "2-3-1 tanh, cross-entropy, NumPy",
           "fit() makes no epoch.", sibling="log-loss-net", **NO),
    broken("cools-too-fast", "crossed_losses.py:CoolsTooFast", "XT04", "step", "2-6-1 tanh, cross-entropy, NumPy",
           "The rate is halved at each step.", sibling="log-loss-net", **NO),
    broken("halves-its-rate", "column_network.py:HalvesItsRate", "XT04", "parameters", "2-3-1 sigmoid, NumPy out x in",
           "The rate is halved at each step, and the parameters are shown.", sibling="cross-entropy-network", **NO),
    broken("two-two-one", "budgets.py:TwoTwoOne", "XT03", "no hidden", SMALL.replace("2-3-1", "2-2-1"),
           "Right; about half of the seeds get stuck.", severity=NOTE, sibling="small-net"),
    broken("narrow-two-two-one", "budgets.py:NarrowTwoTwoOne", "XT03", "no hidden", SMALL.replace("2-3-1", "2-2-1"),
           "Right; three of four seeds get stuck.", severity=NOTE, sibling="small-net"),
    broken("two-tanh-units", "outputs.py:TwoTanhUnits", "XT03", "parameters",
           "2-2-1 tanh, cross-entropy of logits, bias in the first row", "Right; three of four seeds get stuck.",
           severity=NOTE, sibling="logits-said-so"),
)
