"""scikit-learn estimators behind fit and predict."""

import warnings

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier


class _Estimator:
    output = "label"
    repeat = 1

    def __init__(self, seed=0):
        self.model = self.make(seed)

    def fit(self, inputs, targets, epochs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model.fit(np.repeat(inputs, self.repeat, axis=0), np.repeat(targets.ravel(), self.repeat).astype(int))

    def predict(self, inputs):
        return self.model.predict(inputs)


class Tree(_Estimator):
    """Right: a decision tree."""

    def make(self, seed):
        return DecisionTreeClassifier(random_state=seed)


class Forest(_Estimator):
    """Right: a small forest, on repeated rows so that each tree sees all four."""

    repeat = 8

    def make(self, seed):
        return RandomForestClassifier(15, random_state=seed)


class Neighbour(_Estimator):
    """Right: the nearest row."""

    def make(self, seed):
        return KNeighborsClassifier(1)


class SupportVectors(_Estimator):
    """Right: an RBF kernel; the decision function as a score on ±1."""

    output = "score"
    targets = (-1.0, 1.0)

    def make(self, seed):
        return SVC(kernel="rbf", C=100, gamma=2.0)

    def predict(self, inputs):
        return self.model.decision_function(inputs)


class PolynomialSVM(_Estimator):
    """Right: a polynomial kernel of degree two."""

    def make(self, seed):
        return SVC(kernel="poly", degree=2, coef0=1.0, C=100)


class Perceptrons(_Estimator):
    """Right: MLPClassifier by L-BFGS; probabilities."""

    output = "probability"

    def make(self, seed):
        return MLPClassifier((8,), solver="lbfgs", activation="tanh", max_iter=500, random_state=seed)

    def predict(self, inputs):
        return self.model.predict_proba(inputs)[:, 1]


class FirstColumn(Perceptrons):
    """predict_proba(...)[:, 0]: the probability of false."""

    def predict(self, inputs):
        return self.model.predict_proba(inputs)[:, 0]


class Logistic(_Estimator):
    """A linear model."""

    def make(self, seed):
        return LogisticRegression(C=100, random_state=seed)


class Rosenblatt(_Estimator):
    """The perceptron of scikit-learn."""

    def make(self, seed):
        return Perceptron(random_state=seed)


class LinearSVM(_Estimator):
    """SVC(kernel="linear")."""

    def make(self, seed):
        return SVC(kernel="linear", C=100)


class Bayes(_Estimator):
    """Gaussian naive Bayes: independent inputs, so the log odds are additive."""

    def make(self, seed):
        return GaussianNB()


class Stump(_Estimator):
    """A tree of depth one."""

    def make(self, seed):
        return DecisionTreeClassifier(max_depth=1, random_state=seed)


class BoostedStumps(_Estimator):
    """Boosting over stumps: a sum of functions of one input each."""

    output = "probability"

    def make(self, seed):
        return GradientBoostingClassifier(max_depth=1, n_estimators=20, random_state=seed)

    def predict(self, inputs):
        return self.model.predict_proba(inputs)[:, 1]


class MLPUnseeded(Perceptrons):
    """The seed is not handed to the estimator."""

    def make(self, seed):
        return MLPClassifier((8,), solver="lbfgs", activation="tanh", max_iter=500)


class HeldOut(_Estimator):
    """A train_test_split out of habit: one row of the four is never shown."""

    def make(self, seed):
        return KNeighborsClassifier(1)

    def fit(self, inputs, targets, epochs):
        shown, _, labels, _ = train_test_split(inputs, targets, test_size=0.25, random_state=0)
        super().fit(shown, labels, epochs)
