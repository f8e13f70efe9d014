"""Broken twins of XC01 to XC04: what the function can be at all."""

from ..twin import WARNING, broken

RELU = "2-8-1 ReLU, cross-entropy, bias vectors, NumPy in x out"
SCORED = "2-5-1 tanh, bias in the first row, NumPy in x out"
NO = {"learns_xor": False}
SK = {"requires": ("sklearn",), **NO}

# fmt: off

# One entry, two lines: a table.
# fmt: off
TWINS = (
    broken("logistic-regression", "perceptrons.py:LogisticRegression", "XC01", "no loss", "no hidden layer, sigmoid",
           "No hidden layer.", sibling="product-unit", **NO),
    broken("deep-linear", "perceptrons.py:DeepLinear", "XC01", "parameters and hidden",
           "2-4-4-1 linear, cross-entropy", "No activation between the layers.", sibling="tanh-stack", **NO),
    broken("rosenblatt", "perceptrons.py:Rosenblatt", "XC01", "fit", "perceptron, labels", "A single threshold unit.",
           sibling="kernel-table", **NO),
    broken("least-squares", "perceptrons.py:LeastSquares", "XC01", "fit", "linear score", "A linear score.",
           sibling="kernel-table", **NO),
    broken("additive-bumps", "perceptrons.py:AdditiveBumps", "XC01", "step", "2-6-1 tanh, each unit sees one input",
           "Curved, and still a sum of functions of one input.", sibling="plain-start", **NO),
    broken("sk-logistic", "sklearn_models.py:Logistic", "XC01", "fit", "logistic regression", "Linear.",
           sibling="sk-tree", **SK),
    broken("sk-perceptron", "sklearn_models.py:Rosenblatt", "XC01", "fit", "perceptron", "Linear.", sibling="sk-tree",
           **SK),
    broken("sk-linear-svm", "sklearn_models.py:LinearSVM", "XC01", "fit", "linear support vectors", "Linear.",
           sibling="sk-polynomial-svm", **SK),
    broken("sk-bayes", "sklearn_models.py:Bayes", "XC01", "fit", "naive Bayes", "Log odds are additive.",
           sibling="sk-tree", **SK),
    broken("sk-boosted-stumps", "sklearn_models.py:BoostedStumps", "XC01", "fit", "boosted stumps",
           "A sum of functions of one input each.", sibling="sk-tree", **SK),
    broken("all-dead", "starts.py:AllDead", "XC02", "all", RELU, "No unit fires on any row.", sibling="relu-start",
           **NO),
    broken("dead-pair", "starts.py:DeadPair", "XC02", "all", RELU.replace("2-8-1", "2-2-1"), "Both units are dead.",
           sibling="relu-start", **NO),
    broken("some-dead", "starts.py:SomeDead", "XC02", "all", RELU, "Three of eight units are dead; five suffice.",
           severity=WARNING, sibling="relu-start"),
    broken("softmax-over-one", "outputs.py:SoftmaxOverOneUnit", "XC03", "parameters", SCORED,
           "Softmax over one unit is 1.", sibling="logits-said-so", **NO),
    broken("torch-softmax-over-one", "torch_tutorial.py:SoftmaxOverOne", "XC03", "no gradients",
           "2-4-1 ReLU, softmax, mean square, torch", "Softmax over one output is 1.", sibling="torch-logit-sgd",
           **NO),
    broken("argmax-of-one", "outputs.py:ArgmaxOfOneColumn", "XC03", "step", SCORED, "argmax over one column is 0.",
           sibling="labels-only", **NO),
    broken("relu-at-the-end", "outputs.py:ReluAtTheEnd", "XC03 XC02", "parameters", SCORED,
           "The output unit is a dead ReLU: 0 on every row, no gradient.", sibling="linear-output-slowly", **NO),
    broken("no-bias-scores", "no_bias.py:TanhScores", "XC04", "parameters", "2-6-1 tanh without biases, linear output",
           "f(0, 0) is 0 for ever, which XOR forgives and XNOR does not.", sibling="no-bias-sigmoid"),
    broken("no-bias-logits", "no_bias.py:ReluLogits", "XC04", "parameters", "2-6-1 ReLU without biases, logits",
           "The logit at the origin is 0 for ever.", sibling="no-bias-sigmoid"),
    broken("no-bias-probabilities", "no_bias.py:TanhProbabilities", "XC04", "parameters",
           "2-6-1 tanh without biases, sigmoid", "One half at the origin, which passes for false.",
           sibling="no-bias-sigmoid"),
)
