"""Broken twins of XA01 to XA09: shapes, arguments, side effects, reports, exceptions, hangs and crashes."""

from ..twin import broken

FLAT = "2-6-1 tanh, linear output, mean square, NumPy out x in"
HONEST = "2-5-1 tanh, sigmoid, mean cross-entropy, NumPy in x out"
TORCH = "2-24-1 ReLU, cross-entropy of logits, torch"
BARE = "2-3-1 tanh without biases, NumPy in x out"
NO = {"learns_xor": False}

# fmt: off

# One entry, two lines: a table.
# fmt: off
TWINS = (
    broken("four-rows-only", "flat_arrays.py:FourRowsOnly", "XA01", "parameters", FLAT, "Written for four rows.",
           sibling="flat-net"),
    broken("squeezed-away", "flat_arrays.py:SqueezedAway", "XA01", "parameters", FLAT,
           "A single row is squeezed to a vector.", sibling="flat-net"),
    broken("first-row-answer", "flat_arrays.py:FirstRowAnswer", "XA01", "parameters", FLAT,
           "One number for any batch.", sibling="flat-net", **NO),
    broken("truth-of-an-array", "reporting.py:PredictRaisesOnBatches", "XA01 XA07", "parameters", HONEST,
           "if p > 0.5 on an array.", sibling="honest", **NO),
    broken("centres-in-place", "flat_arrays.py:CentresInPlace", "XA02", "parameters", FLAT, "inputs -= 0.5.",
           sibling="flat-net"),
    broken("shuffles-in-place", "flat_arrays.py:ShufflesInPlace", "XA02", "parameters", FLAT,
           "The caller's rows and targets are reordered.", sibling="flat-net"),
    broken("errors-into-targets", "flat_arrays.py:WritesErrorsIntoTargets", "XA02", "parameters", FLAT,
           "Targets are overwritten by errors.", sibling="flat-net"),
    broken("learns-while-predicting", "flat_arrays.py:LearnsWhilePredicting", "XA03", "parameters", FLAT,
           "predict moves a bias.", sibling="flat-net"),
    broken("exploratory-noise", "flat_arrays.py:ExploratoryNoise", "XA03", "parameters", FLAT,
           "predict adds noise and moves the generator on.", sibling="flat-net"),
    broken("running-scale", "flat_arrays.py:RunningScale", "XA03", "parameters", FLAT,
           "predict updates a running mean.", sibling="flat-net"),
    broken("torch-dropout-stays-on", "torch_tutorial.py:DropoutStaysOn", "XA03 XI05", "parameters", TORCH,
           "No eval(): two predictions of one row differ.", sibling="torch-dropout-off"),
    broken("standardises", "flat_arrays.py:Standardises", "XA04", "parameters", FLAT,
           "Each batch is scaled by itself.", sibling="flat-net"),
    broken("ranks-the-batch", "flat_arrays.py:RanksTheBatch", "XA04", "parameters", FLAT,
           "Outputs are stretched over the batch.", sibling="flat-net"),
    broken("torch-softmax-over-rows", "torch_tutorial.py:SoftmaxOverRows", "XA04", "no gradients",
           "2-4-2 tanh, softmax, torch", "softmax(dim=0).", sibling="torch-two-logits", **NO),
    broken("torch-batch-norm-training", "torch_tutorial.py:BatchNormInTraining", "XA04 XA03 XA01", "parameters",
           "2-8-1 batch norm, ReLU, torch", "BatchNorm never leaves training mode.", sibling="torch-logit-adam"),
    broken("last-rows-loss", "reporting.py:ReportsTheLastRow", "XA05", "parameters", HONEST,
           "The last row's loss is returned.", sibling="honest"),
    broken("signed-errors", "reporting.py:ReportsSignedErrors", "XA05", "parameters", HONEST,
           "The mean signed error is returned.", sibling="honest"),
    broken("first-loss-for-ever", "reporting.py:ReportsTheFirstLoss", "XA05", "parameters", HONEST,
           "A stale loss is returned.", sibling="honest"),
    broken("loss-of-rounded", "reporting.py:LossOfRoundedOutputs", "XA05", "no gradients", HONEST,
           "The loss is taken of rounded outputs.", sibling="honest"),
    broken("divides-by-three", "reporting.py:DividesByThree", "XA05 XM13", "parameters", HONEST,
           "Four rows are averaged by three.", sibling="honest"),
    broken("log-of-zero", "reporting.py:LogOfZero", "XA06", "parameters", HONEST,
           "0 · log 0, and then NaN everywhere.", sibling="honest", **NO),
    broken("divides-by-spread", "reporting.py:DividesByTheSpread", "XA06", "parameters", HONEST,
           "Rows of equal bits give 0 / 0.", sibling="honest", **NO),
    broken("nan-until-trained", "reporting.py:OnlyWhileTraining", "XA06", "parameters", HONEST,
           "predict gives NaN before the first step.", sibling="honest"),
    broken("raises-on-the-tenth", "reporting.py:RaisesOnTheTenth", "XA07", "parameters", HONEST,
           "The tenth step raises IndexError.", sibling="honest", **NO),
    broken("gradients-not-finished", "reporting.py:GradientsNotFinished", "XA07", "no loss", HONEST,
           "gradients() raises NotImplementedError.", sibling="honest"),
    broken("fit-calls-a-ghost", "reporting.py:FitWithoutStep", "XA07", "fit", HONEST,
           "fit calls a method that was renamed.", sibling="honest", **NO),
    broken("until-it-is-perfect", "hang_and_crash.py:UntilItIsPerfect", "XA08", "step", BARE,
           "step loops until the error is zero.", sibling="plain-start", **NO),
    broken("waits-in-fit", "hang_and_crash.py:WaitsInFit", "XA08", "fit", "no network", "The epoch is never counted.",
           sibling="kernel-table", **NO),
    broken("rejection-sampling", "hang_and_crash.py:RejectionSampling", "XA08", "step", BARE,
           "predict draws until something happens that cannot.", sibling="plain-start", **NO),
    broken("segmentation-fault", "hang_and_crash.py:SegmentationFault", "XA09", "step", BARE, "SIGSEGV in step.",
           sibling="plain-start", **NO),
    broken("exits-when-done", "hang_and_crash.py:ExitsWhenDone", "XA09", "step", BARE, "os._exit(0) in step.",
           sibling="plain-start", **NO),
    broken("aborts-in-predict", "hang_and_crash.py:AbortsInPredict", "XA09", "step", BARE, "abort() in predict.",
           sibling="plain-start", **NO),
    broken("system-exit-in-fit", "hang_and_crash.py:SystemExitInFit", "XA09 XA07", "fit", "no network",
           "sys.exit in fit.", sibling="kernel-table", **NO),
)
