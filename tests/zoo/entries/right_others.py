"""Right twins that are no gradient descent: search, memory, kernels, trees, and nothing to learn at all."""

from ..twin import right

SK = {"requires": ("sklearn",)}

# fmt: off

# One entry, two lines: a table.
# fmt: off
TWINS = (
    right("kernel-table", "truth_tables.py:KernelTable", "fit", "Gaussian kernel", "Interpolates the table; scores."),
    right("declared-logistic", "perceptrons.py:DeclaredLogisticRegression", "no loss", "no hidden layer",
          "Cannot learn XOR and says so: a theorem, no defect.", learns_xor=False),
    right("parity-machine", "recurrent.py:ParityMachine", "fixed", "two states and a table",
          "Nothing to learn; labels."),
    right("nearest-by-hand", "without_gradients.py:NearestByHand", "fit", "three nearest rows, lists",
          "k-NN by distance."),
    right("lookup-table", "without_gradients.py:LookupTable", "step", "dictionary",
          "Memorises rows; unknown rows are false."),
    right("majority-table", "without_gradients.py:MajorityTable", "fit", "counts", "Memorises counts."),
    right("hand-set-weights", "without_gradients.py:HandSetWeights", "fixed", "2-2-1 threshold units",
          "Fixed integer weights; never trained."),
    right("arithmetic-xor", "without_gradients.py:ArithmeticXor", "fixed", "|x1 - x2|", "No network; no training."),
    right("hill-climber", "without_gradients.py:HillClimber", "parameters", "2-3-1 tanh, random search",
          "A step may change nothing."),
    right("population", "without_gradients.py:Population", "fit", "2-3-1 tanh, genetic algorithm",
          "No gradient; fit alone."),
    right("extreme-learning", "without_gradients.py:ExtremeLearning", "fit", "2-40-1 random features",
          "The hidden layer never moves."),
    right("random-features-sgd", "without_gradients.py:RandomFeaturesSGD", "parameters", "2-40-1 random features",
          "The hidden layer is no parameter."),
    right("radial-basis", "without_gradients.py:RadialBasis", "parameters", "Gaussian units on the rows seen",
          "Parameters come into being at the first step; no seed."),
    right("sk-tree", "sklearn_models.py:Tree", "fit", "decision tree", "Labels.", **SK),
    right("sk-forest", "sklearn_models.py:Forest", "fit", "random forest", "Labels from a vote.", **SK),
    right("sk-neighbour", "sklearn_models.py:Neighbour", "fit", "nearest neighbour", "Labels from memory.", **SK),
    right("sk-svm", "sklearn_models.py:SupportVectors", "fit", "RBF support vectors", "Scores on ±1.", **SK),
    right("sk-polynomial-svm", "sklearn_models.py:PolynomialSVM", "fit", "polynomial support vectors", "Labels.",
          **SK),
    right("sk-mlp", "sklearn_models.py:Perceptrons", "fit", "2-8-1 tanh, L-BFGS", "Probabilities, fit in one go.",
          **SK),
)
