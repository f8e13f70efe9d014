"""Broken twins of XD01 to XD05: labels, shapes, outputs, rows and sequences."""

from ..twin import broken

SOFTMAX = "2-5-2 tanh, softmax over two classes, NumPy in x out"
BLACK = "2-3-1 tanh, sigmoid, NumPy in x out"
FLAT = "2-6-1 tanh, linear output, mean square, NumPy out x in"
SCORED = "2-5-1 tanh, bias in the first row, NumPy in x out"
ROWS = "2-4-1 sigmoid, bias first, lists, rows one at a time"
ELMAN = "Elman, 8 tanh units, sequences"
NO = {"learns_xor": False}


# fmt: off

# One entry, two lines: a table.
# fmt: off
TWINS = (
    broken("column-zero", "truth_tables.py:ColumnZero", "XD01 XM03", "parameters", SOFTMAX,
           "The probability of false is returned: XNOR.", sibling="one-hot-softmax", **NO),
    broken("fits-its-own-table", "truth_tables.py:FitsItsOwnTable", "XD01", "fit", "Gaussian kernel",
           "fit has its own rows and labels: OR.", sibling="kernel-table", **NO),
    broken("second-input", "truth_tables.py:LearnsItsSecondInput", "XD01", "step", BLACK,
           "The last input is taken for the label.", sibling="black-box-net", **NO),
    broken("learns-nand", "truth_tables.py:LearnsNand", "XD01", "step", BLACK, "Labels are computed as NAND.",
           sibling="black-box-net", **NO),
    broken("learns-the-complement", "truth_tables.py:LearnsTheComplement", "XD01", "step", BLACK,
           "Label codes are swapped: XNOR.", sibling="black-box-net", **NO),
    broken("sk-first-column", "sklearn_models.py:FirstColumn", "XD01", "fit", "2-8-1 tanh, scikit-learn",
           "predict_proba's column of false: XNOR.", sibling="sk-mlp", requires=("sklearn",), **NO),
    broken("outer-difference", "flat_arrays.py:OuterDifference", "XD02", "parameters", FLAT,
           "(n,) minus (n, 1) is (n, n).", sibling="flat-net"),
    broken("outer-black-box", "flat_arrays.py:OuterBlackBox", "XD02", "step", FLAT,
           "(n,) minus (n, 1), nothing shown but predict and step.", sibling="flat-net"),
    broken("torch-broadcast", "torch_tutorial.py:BroadcastTargets", "XD02", "no gradients",
           "2-4-1 tanh, mean square, torch", "Outputs (n, 1) against targets (n,).", sibling="torch-logit-sgd"),
    broken("logits-not-said", "outputs.py:LogitsNotSaid", "XD03", "parameters", SCORED,
           "Logits pass for probabilities.", sibling="logits-said-so"),
    broken("probabilities-as-logits", "outputs.py:ProbabilitiesAsLogits", "XD03", "parameters", SCORED,
           "Probabilities are declared logits: all above 0.", sibling="logits-said-so", **NO),
    broken("bipolar-for-sigmoid", "outputs.py:BipolarTargetsForASigmoid", "XD03", "parameters", SCORED,
           "Targets ±1 for a sigmoid.", sibling="hinge-bipolar"),
    broken("cross-entropy-of-scores", "outputs.py:CrossEntropyOfRawScores", "XD03", "no gradients", SCORED,
           "The logarithm is taken of clipped raw scores.", sibling="logits-said-so", **NO),
    broken("wrong-threshold", "outputs.py:LabelsByTheWrongThreshold", "XD03 XC03", "step", SCORED,
           "Probabilities are cut at 0: all labels are 1.", sibling="labels-only", **NO),
    broken("torch-sigmoid-twice", "torch_tutorial.py:SigmoidTwice", "XD03", "no gradients", "2-4-1 tanh, torch",
           "A sigmoid output goes into the cross-entropy of logits.", sibling="torch-logit-sgd", **NO),
    broken("torch-sigmoid-twice-adam", "torch_tutorial.py:SigmoidTwiceAdam", "XD03", "no gradients",
           "2-4-1 tanh, torch, Adam", "A sigmoid output goes into the cross-entropy of logits, under Adam.",
           sibling="torch-logit-adam"),
    broken("torch-softmax-twice-adam", "torch_tutorial.py:SoftmaxTwiceAdam", "XD03", "no gradients",
           "2-4-2 tanh, torch, Adam", "CrossEntropyLoss over probabilities, under Adam.", sibling="torch-likelihood"),
    broken("torch-likelihood-no-log", "torch_tutorial.py:LikelihoodWithoutLog", "XD03", "no gradients",
           "2-4-2 tanh, torch", "NLLLoss over softmax: no logarithm anywhere.", sibling="torch-likelihood", **NO),
    broken("row-by-row-to-the-end", "row_order.py:RowByRowToTheEnd", "XD04", "fit", ROWS,
           "Each row is trained until right and never again.", sibling="online-net", **NO),
    broken("indented-too-little", "row_order.py:IndentedTooLittle", "XD04", "fit", ROWS,
           "The update stands after the loop: the last row alone.", sibling="online-net", **NO),
    broken("range-minus-one", "row_order.py:RangeMinusOne", "XD04", "fit", ROWS, "The last row is never shown.",
           sibling="online-net", **NO),
    broken("step-on-the-last", "row_order.py:StepOnTheLast", "XD04", "step", ROWS,
           "step keeps the last row of the batch.", sibling="step-by-rows", **NO),
    broken("only-the-final-row", "truth_tables.py:OnlyTheFinalRow", "XD04", "step", BLACK,
           "The batch is cut with an index that a loop left behind.", sibling="black-box-net", **NO),
    broken("sk-held-out", "sklearn_models.py:HeldOut", "XD04", "fit", "nearest neighbour, scikit-learn",
           "train_test_split holds one of the four rows back.", sibling="sk-neighbour", requires=("sklearn",), **NO),
    broken("elman-state-kept", "recurrent.py:StateKept", "XD05 XA03", "no hidden", ELMAN,
           "The state of the last call is the start of the next.", sibling="elman"),
    broken("elman-state-flows", "recurrent.py:StateFlowsThroughTheBatch", "XD05 XA04", "parameters", ELMAN,
           "No reset between the rows of a batch.", sibling="elman", **NO),
    broken("elman-first-length", "recurrent.py:LengthOfTheFirst", "XD05", "no hidden", ELMAN,
           "The length of the first batch is kept for all.", sibling="elman"),
    broken("elman-length-ignored", "recurrent.py:LengthIgnored", "XD05", "no hidden", ELMAN,
           "Two steps are read, whatever the length.", sibling="elman"),
    broken("elman-time-along-rows", "recurrent.py:TimeAlongRows", "XD05 XA04", "parameters", ELMAN,
           "Rows are taken for time.", sibling="elman", **NO),
    broken("machine-carries-on", "recurrent.py:CarriesOn", "XD05 XA04", "fixed", "two states and a table",
           "The state is not reset between rows.", sibling="parity-machine", **NO),
    broken("machine-last-bit-missing", "recurrent.py:LastBitMissing", "XD05", "fixed", "two states and a table",
           "Stops one step early for longer sequences.", sibling="parity-machine"),
    broken("machine-first-rows-length", "recurrent.py:FirstRowsLength", "XD05 XA04", "fixed", "two states and a table",
           "One row's length is used for all.", sibling="parity-machine", **NO),
    broken("torch-batch-first-forgotten", "torch_recurrent.py:BatchFirstForgotten", "XD05 XA04", "no loss",
           "LSTM, 5 units", "Rows of the batch are taken for time steps.", sibling="torch-lstm"),
    broken("torch-hidden-kept", "torch_recurrent.py:HiddenKept", "XD05 XA03", "no loss", "LSTM, 5 units",
           "The hidden state goes from one call to the next.", sibling="torch-lstm"),
)
