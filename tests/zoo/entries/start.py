"""Broken twins of XI01 to XI05: where training starts, and what decides it."""

from ..twin import WARNING, broken

START = "2-4-1 tanh, cross-entropy, bias vectors, NumPy in x out"
RELU = "2-8-1 ReLU, cross-entropy, bias vectors, NumPy in x out"
LISTS = "2-3-1 sigmoid, mean square, bias as last weight, lists"
SEEDED = "2-4-1 sigmoid, mean square, bias rows, NumPy in x out"
TORCH = "2-4-1 tanh, cross-entropy of logits, torch"
NO = {"learns_xor": False}
SK = {"requires": ("sklearn",)}

# fmt: off

# One entry, two lines: a table.
# fmt: off
TWINS = (
    broken("all-zeros", "starts.py:AllZeros", "XI01", "all", START, "All weights are zero.", sibling="plain-start",
           **NO),
    broken("one-number-everywhere", "starts.py:OneNumberEverywhere", "XI01", "all", START,
           "Hidden units start as copies and stay so.", sibling="plain-start", **NO),
    broken("one-unit-three-times", "aliased_lists.py:OneUnitThreeTimes", "XI01", "parameters", LISTS,
           "[[...]] * 3 makes three names for one unit.", sibling="list-net", **NO),
    broken("no-draw-in-the-loop", "aliased_lists.py:NoDrawInTheLoop", "XI01", "parameters", LISTS,
           "One number is drawn for all hidden weights.", sibling="list-net", **NO),
    broken("tiny-normal", "starts.py:TinyNormal", "XI02", "all", START, "Deviation 1e-6.", sibling="plain-start",
           **NO),
    broken("tiny-but-learns", "starts.py:TinyButLearns", "XI02", "all", START.replace("2-4-1", "2-16-1"),
           "Deviation 0.02: a plateau, then it learns.", severity=WARNING, sibling="plain-start"),
    broken("wide-normal", "starts.py:WideNormal", "XI03", "all", START, "Weights about 60: no unit has a slope.",
           sibling="plain-start", **NO),
    broken("wide-but-learns", "starts.py:WideButLearns", "XI03", "all", START.replace("2-4-1", "2-32-1"),
           "Saturated units that serve as random features.", severity=WARNING, sibling="plain-start"),
    broken("seed-not-passed", "seeding.py:SeedNotPassed", "XI04", "parameters", SEEDED, "`seed` is never used.",
           sibling="seeded-net"),
    broken("zero-means-none", "seeding.py:ZeroMeansNone", "XI04", "parameters", SEEDED, "Seed 0 counts as no seed.",
           sibling="seeded-net"),
    broken("always-forty-two", "seeding.py:AlwaysFortyTwo", "XI04", "parameters", SEEDED,
           "Every seed gives the run of 42.", sibling="seeded-net"),
    broken("one-layer-unseeded", "seeding.py:OneLayerUnseeded", "XI04", "parameters", SEEDED,
           "One layer draws from an unseeded generator.", sibling="seeded-net"),
    broken("noisy-training", "seeding.py:NoisyTraining", "XI04", "parameters", SEEDED,
           "Rows are dropped by an unseeded generator.", sibling="seeded-net"),
    broken("sk-mlp-unseeded", "sklearn_models.py:MLPUnseeded", "XI04 XI05", "fit",
           "2-8-1 tanh, L-BFGS, scikit-learn", "random_state is not set, so NumPy's global generator decides.",
           sibling="sk-mlp", **SK),
    broken("seeds-globally", "seeding.py:SeedsGlobally", "XI05", "parameters", SEEDED,
           "np.random.seed in the constructor.", severity=WARNING, sibling="seeded-net"),
    broken("seeds-python-globally", "seeding.py:SeedsPythonGlobally", "XI05", "parameters", SEEDED,
           "random.seed in the constructor.", severity=WARNING, sibling="seeded-net"),
    broken("torch-seeds-the-world", "torch_tutorial.py:SeedsTheWorld", "XI05", "no gradients", TORCH,
           "torch.manual_seed in the constructor.", severity=WARNING, sibling="torch-logit-sgd"),
    broken("torch-double-by-default", "torch_tutorial.py:DoubleByDefault", "XI05", "no gradients", TORCH,
           "torch.set_default_dtype in the constructor.", severity=WARNING, sibling="torch-logit-sgd"),
    broken("draws-globally", "seeding.py:DrawsGlobally", "XI05 XI04", "parameters", SEEDED,
           "Weights come from the global generator.", sibling="seeded-net"),
    broken("torch-never-seeded", "torch_tutorial.py:NeverSeeded", "XI05 XI04", "no gradients", TORCH,
           "Layers draw from the global generator, whatever the seed.", sibling="torch-logit-sgd"),
    broken("shared-generator", "seeding.py:SharedByAll", "XI05 XI04", "parameters", SEEDED,
           "One generator for all instances.", sibling="seeded-net"),
    broken("shared-weights", "seeding.py:SharedWeights", "XI05 XI04", "parameters", SEEDED,
           "A mutable default argument: all instances train one set of arrays.", sibling="seeded-net"),
    broken("shuffles-globally", "seeding.py:ShufflesGlobally", "XI05 XI04", "parameters", SEEDED,
           "The global generator chooses the rows.", sibling="seeded-net"),
)
