"""PyTorch modules as targets: what is recognised, that a step is one step, and that nothing else moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xorbench.adapters import adapt, as_factory
from xorbench.errors import UsageError
from xorbench.model import Capability, Model
from xorbench.registry import Implementation, resolve
from xorbench.tasks import get_task

torch = pytest.importorskip("torch", reason="torch is not installed")
nn = torch.nn

ROWS, LABELS = get_task("xor").table()


def net(*layers: Any) -> Any:
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), *(layers or (nn.Linear(4, 1),)))


class Plain(nn.Module):
    """Two layers and nothing said."""

    def __init__(self, hidden: int = 4) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(2, hidden), nn.Linear(hidden, 1)

    def forward(self, x: Any) -> Any:
        return self.outer(torch.tanh(self.inner(x)))


class Holder(nn.Module):
    """A network and the loss it is trained with."""

    def __init__(self, body: Any, loss: Any, attribute: str = "criterion") -> None:
        super().__init__()
        self.body = body
        setattr(self, attribute, loss)

    def forward(self, x: Any) -> Any:
        return self.body(x)


def build(found: Any, **keywords: Any) -> Model:
    factory = as_factory(found)
    assert factory is not None
    return Model(factory(**keywords), target="test")


HEADS = {
    "logits": (lambda: net(nn.Linear(4, 1)), "logit", "bce"),
    "sigmoid": (lambda: net(nn.Linear(4, 1), nn.Sigmoid()), "probability", "bce"),
    "two logits": (lambda: net(nn.Linear(4, 2)), "logit", "bce"),
    "two log-probabilities": (lambda: net(nn.Linear(4, 2), nn.LogSoftmax(dim=1)), "logit", "bce"),
    "flat logits": (lambda: net(nn.Linear(4, 1), nn.Flatten(0)), "logit", "bce"),
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("seed", range(2))
def test_the_head_is_recognised_and_the_network_learns(head: str, seed: int) -> None:
    make, output, loss_kind = HEADS[head]
    model = build(make(), seed=seed, optimiser="adam", learning_rate=0.1)
    assert (model.declaration.output, model.declaration.loss_kind) == (output, loss_kind)
    first = model.loss(ROWS, LABELS)
    for _ in range(100):
        model.step(ROWS, LABELS)
    assert model.loss(ROWS, LABELS) < first
    # A network at the bottom of XOR's known plateau has half or three quarters of the rows right; none has fewer.
    assert np.mean(model.classify(ROWS) == LABELS) >= 0.5


DECLARED = {
    "BCEWithLogitsLoss": ("logit", (0.0, 1.0), "bce"),
    "BCELoss": ("probability", (0.0, 1.0), "bce"),
    "MSELoss": ("score", (0.0, 1.0), "mse"),
    "SoftMarginLoss": ("logit", (-1.0, 1.0), "own"),
    "HuberLoss": ("score", (0.0, 1.0), "own"),
}


@pytest.mark.parametrize("attribute", ["criterion", "loss_fn", "loss_function", "loss_func"])
@pytest.mark.parametrize("loss", DECLARED)
def test_a_declared_loss_says_what_the_output_means(loss: str, attribute: str) -> None:
    head = [nn.Sigmoid()] if loss == "BCELoss" else []
    said = build(Holder(net(nn.Linear(4, 1), *head), getattr(nn, loss)(), attribute)).declaration
    assert (said.output, said.targets, said.loss_kind) == DECLARED[loss]


@pytest.mark.parametrize("option", [None, "bce-with-logits"])
def test_outputs_that_are_squashed_are_no_logits_whatever_the_loss_takes_them_for(option: str | None) -> None:
    body = net(nn.Linear(4, 1), nn.Sigmoid())
    model = build(body if option else Holder(body, nn.BCEWithLogitsLoss()), loss=option, seed=1)
    assert (model.declaration.output, model.declaration.loss_kind) == ("probability", "bce")
    [output] = torch.as_tensor(model.predict(ROWS[:1]))
    assert 0 < output < 1
    assert model.loss(ROWS[:1], LABELS[:1]) == pytest.approx(float(torch.nn.functional.softplus(output)), rel=1e-5)


@pytest.mark.parametrize("seed", range(40))
def test_logits_that_happen_to_lie_between_0_and_1_are_logits(seed: int) -> None:
    """Two bounded hidden units and a bias beyond them: no input leaves that range, and other parameters do."""
    body = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    with torch.no_grad():
        body[2].weight.fill_(0.1)
        body[2].bias.fill_(0.5)
    for model in (build(body, redraw=False), build(body, seed=seed)):
        assert (model.declaration.output, model.declaration.loss_kind) == ("logit", "bce")


def test_looking_far_out_leaves_the_parameters() -> None:
    module = net()
    kept = {name: value.clone() for name, value in module.state_dict().items()}
    model = build(module, redraw=False)
    assert all(torch.equal(value, kept[name]) for name, value in model.instance.module.state_dict().items())


def softmax() -> Any:
    return net(nn.Linear(4, 2), nn.Softmax(dim=1))


def test_two_outputs_of_softmax_are_probabilities_under_every_loss() -> None:
    for loss, kind in ((nn.CrossEntropyLoss(), "bce"), (nn.MSELoss(), "own"), (None, "own")):
        module = softmax() if loss is None else Holder(softmax(), loss)
        model = build(module, seed=2)
        assert (model.declaration.output, model.declaration.loss_kind) == ("probability", kind)
        body = model.instance.module if loss is None else model.instance.module.body
        expected = body(torch.as_tensor(ROWS, dtype=torch.float32))[:, 1].detach().numpy()
        np.testing.assert_allclose(model.predict(ROWS), expected, rtol=1e-6)


def test_softmax_with_no_loss_said_is_trained_on_its_cross_entropy() -> None:
    model = build(softmax(), seed=2)
    right = np.where(LABELS, model.predict(ROWS), 1 - model.predict(ROWS))
    assert model.loss(ROWS, LABELS) == pytest.approx(-np.log(right).mean(), rel=1e-5)


class Listed(nn.Module):
    """The hidden layers lie in a plain list, where parameters() does not see them."""

    def __init__(self, hidden: int = 4) -> None:
        super().__init__()
        self.hidden_layers = [nn.Linear(2, hidden)]
        self.head = nn.Linear(hidden, 1)

    def forward(self, x: Any) -> Any:
        for layer in self.hidden_layers:
            x = torch.tanh(layer(x))
        return torch.sigmoid(self.head(x))


def test_layers_in_a_plain_list_are_shown_and_do_not_move() -> None:
    model = build(Listed, seed=1)
    assert model.declaration.output == "probability"
    before, slopes = model.get_parameters(), model.gradients(ROWS, LABELS)
    assert list(before) == ["hidden_layers.0.weight", "hidden_layers.0.bias", "head.weight", "head.bias"]
    assert np.abs(slopes["hidden_layers.0.weight"]).max() > 0
    model.step(ROWS, LABELS)
    after = model.get_parameters()
    np.testing.assert_array_equal(after["hidden_layers.0.weight"], before["hidden_layers.0.weight"])
    assert not np.array_equal(after["head.weight"], before["head.weight"])
    model.set_parameters({name: value + 1 for name, value in before.items()})
    np.testing.assert_allclose(model.get_parameters()["hidden_layers.0.bias"], before["hidden_layers.0.bias"] + 1)


def test_a_ready_made_network_s_layers_in_a_list_are_drawn_afresh_too() -> None:
    module = Listed()
    one, other = (build(module, seed=seed).get_parameters()["hidden_layers.0.weight"] for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_layers_in_a_list_that_the_optimiser_was_given_move() -> None:
    class Given(Listed):
        def configure_optimizers(self) -> Any:
            return torch.optim.SGD([*self.hidden_layers[0].parameters(), *self.parameters()], lr=0.1)

    model = build(Given)
    before = model.get_parameters()
    model.step(ROWS, LABELS)
    assert all(not np.array_equal(value, before[name]) for name, value in model.get_parameters().items())


def test_what_is_registered_as_well_or_is_not_trained_is_not_shown_twice() -> None:
    class Both(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.all = {"inner": self.inner, "outer": [self.outer]}
            self.frozen = [nn.Linear(2, 2).requires_grad_(False)]
            self.loose = torch.ones(1, requires_grad=True)
            self.inner.holder = [self]  # each holds the other

    assert list(build(Both).get_parameters()) == [
        "loose", "inner.weight", "inner.bias", "outer.weight", "outer.bias",
    ]  # fmt: skip


def test_a_module_that_registers_nothing_is_told_so() -> None:
    class Nothing(Listed):
        def __init__(self) -> None:
            super().__init__()
            self.rest = [self.head]
            del self.head

        def forward(self, x: Any) -> Any:
            return self.rest[0](torch.tanh(self.hidden_layers[0](x)))

    model = build(Nothing)
    assert model.predict(ROWS).shape == (4,)
    assert max(np.abs(slope).max() for slope in model.gradients(ROWS, LABELS).values()) > 0
    with pytest.raises(UsageError, match=r"Nothing.parameters\(\) lacks hidden_layers.0.weight, and all others: keep"):
        model.step(ROWS, LABELS)


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        (nn.BCEWithLogitsLoss(reduction="sum"), "sum_bce"),
        (nn.MSELoss(reduction="sum"), "sse"),
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0])), "own"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), "own"),
    ],
)
def test_a_sum_or_a_weighted_loss_is_not_called_a_mean(loss: Any, kind: str) -> None:
    body = net(nn.Linear(4, 2 if isinstance(loss, nn.CrossEntropyLoss) else 1))
    assert build(Holder(body, loss)).declaration.loss_kind == kind


@pytest.mark.parametrize("head", HEADS)
def test_the_declared_loss_is_the_cross_entropy_of_the_predictions(head: str) -> None:
    model = build(HEADS[head][0](), seed=3)
    outputs = model.predict(ROWS)
    probability = outputs if model.declaration.output == "probability" else 1 / (1 + np.exp(-outputs))
    expected = -np.where(LABELS, np.log(probability), np.log1p(-probability)).mean()
    assert model.loss(ROWS, LABELS) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_one_step_of_plain_descent_moves_by_rate_times_gradient(head: str) -> None:
    model = build(HEADS[head][0](), seed=1, learning_rate=0.3)
    assert model.declaration.optimiser == "sgd"
    assert model.declaration.learning_rate == pytest.approx(0.3)
    before, slopes, loss = model.get_parameters(), model.gradients(ROWS, LABELS), model.loss(ROWS, LABELS)
    assert model.step(ROWS, LABELS) == pytest.approx(loss, rel=1e-6)
    for name, value in model.get_parameters().items():
        np.testing.assert_allclose(value, before[name] - 0.3 * slopes[name], rtol=1e-5, atol=1e-7)


def test_gradients_agree_with_differences_of_the_loss() -> None:
    module = net().double()
    model = build(module, seed=5)
    slopes, start = model.gradients(ROWS, LABELS), model.get_parameters()
    for name, value in start.items():
        for place in np.ndindex(value.shape):
            ends = []
            for shift in (1e-6, -1e-6):
                moved = {key: array.copy() for key, array in start.items()}
                moved[name][place] += shift
                model.set_parameters(moved)
                ends.append(model.loss(ROWS, LABELS))
            assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(slopes[name][place], abs=1e-8)


def test_looking_changes_nothing() -> None:
    """Running means of a batch norm and the random numbers of a dropout stay where they were."""
    module = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Tanh(), nn.Linear(4, 1))
    model = build(module, seed=2)
    inner = model.instance.module
    before = {name: value.clone() for name, value in inner.state_dict().items()}
    state = torch.get_rng_state()
    for look in (model.loss, model.gradients):
        look(ROWS, LABELS)
    model.predict(ROWS), model.hidden(ROWS), model.get_parameters()
    assert torch.equal(torch.get_rng_state(), state)
    for name, value in inner.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(parameter.grad is None for parameter in inner.parameters())


def test_dropout_follows_the_model_s_own_seed_and_not_the_global_generator() -> None:
    def losses(disturb: bool) -> list[float | None]:
        model = build(nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Tanh(), nn.Linear(8, 1)), seed=4)
        said = []
        for _ in range(5):
            if disturb:
                torch.rand(3)
            said.append(model.step(ROWS, LABELS))
        return said

    assert losses(disturb=False) == losses(disturb=True)
    assert len(set(losses(disturb=False))) == 5


@pytest.mark.parametrize("layer", [nn.Dropout(0.5), nn.BatchNorm1d(4)])
def test_a_loss_in_another_mode_than_the_predictions_is_the_model_s_own(layer: Any) -> None:
    """The checks then hold the loss that a step returns against loss(), which agrees with it to the last bit."""
    model = build(nn.Sequential(nn.Linear(2, 4), layer, nn.Tanh(), nn.Linear(4, 1)), seed=6)
    assert model.declaration.loss_kind == "own"
    for _ in range(4):
        assert model.loss(ROWS, LABELS) == model.step(ROWS, LABELS)


def test_the_seed_alone_decides_the_start() -> None:
    for found in (Plain, net()):
        torch.rand(1)
        state = torch.get_rng_state()
        one, same, other = (build(found, seed=seed).get_parameters() for seed in (7, 7, 8))
        assert torch.equal(torch.get_rng_state(), state)
        for name in one:
            np.testing.assert_array_equal(one[name], same[name])
            assert not np.array_equal(one[name], other[name])


def test_a_ready_made_network_is_copied_and_can_be_kept_as_it_is() -> None:
    module = net()
    kept = build(module, seed=1, redraw=False)
    np.testing.assert_array_equal(kept.get_parameters()["0.weight"], module[0].weight.detach().numpy())
    kept.step(ROWS, LABELS)
    assert not np.array_equal(kept.get_parameters()["0.weight"], module[0].weight.detach().numpy())
    assert not np.array_equal(build(module, seed=1).get_parameters()["0.weight"], module[0].weight.detach().numpy())


def test_own_optimisers_are_used_and_named() -> None:
    class Lightning(Plain):
        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=0.02)

    class Attribute(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.optimizer = torch.optim.SGD(self.parameters(), lr=0.03, momentum=0.9)

    assert build(Lightning).declaration.optimiser == "adam"
    assert build(Lightning).declaration.learning_rate == pytest.approx(0.02)
    assert build(Attribute).declaration.optimiser == "momentum"
    assert build(Attribute, learning_rate=0.5).declaration.learning_rate == pytest.approx(0.5)
    assert build(Attribute, optimiser="rprop").declaration.optimiser == "rprop"
    # The optimiser made in a constructor is the one that moves the copy's parameters.
    model = build(Attribute)
    before = model.get_parameters()
    model.step(ROWS, LABELS)
    assert not np.array_equal(before["inner.weight"], model.get_parameters()["inner.weight"])


def adam(module: Any) -> Any:
    return torch.optim.Adam(module.parameters(), lr=0.02)


def schedule(optimiser: Any) -> Any:
    return torch.optim.lr_scheduler.StepLR(optimiser, 100)


FORMS: dict[str, Any] = {
    "dict": lambda one: {"optimizer": one, "lr_scheduler": schedule(one)},
    "list": lambda one: [one],
    "tuple": lambda one: (one,),
    "two lists": lambda one: ([one], [schedule(one)]),
    "two lists, no schedule": lambda one: ([one], []),
    "a list of a dict": lambda one: [{"optimizer": one}],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_lightning_takes_is_unwrapped(form: str) -> None:
    class Lightning(Plain):
        def configure_optimizers(self) -> Any:
            return FORMS[form](adam(self))

    model = build(Lightning, seed=1)
    assert model.declaration.optimiser == "adam"
    assert model.declaration.learning_rate == pytest.approx(0.02)
    before = model.get_parameters()
    model.step(ROWS, LABELS)
    assert not np.array_equal(before["inner.weight"], model.get_parameters()["inner.weight"])


UNFIT: dict[str, tuple[Any, str]] = {
    "nothing": (lambda module: None, "returned None"),
    "two": (lambda module: [adam(module), adam(module)], "returned a list of 2"),
    "a dict without one": (lambda module: {"optimiser": adam(module)}, "returned a dict"),
    "a name": (lambda module: "adam", "returned 'adam'"),
}


@pytest.mark.parametrize("form", UNFIT)
def test_what_is_no_optimiser_is_said_in_one_sentence(form: str) -> None:
    class Lightning(Plain):
        def configure_optimizers(self) -> Any:
            return UNFIT[form][0](self)

    with pytest.raises(
        UsageError, match=rf"Lightning.configure_optimizers\(\) {UNFIT[form][1]}; a step takes one"
    ) as said:
        build(Lightning)
    assert "\n" not in str(said.value)
    assert build(Lightning, optimiser="rprop").declaration.optimiser == "rprop"  # the option goes before it


def test_an_attribute_that_is_no_optimiser_is_said() -> None:
    class Named(Plain):
        optimizer = "adam"

    with pytest.raises(UsageError, match=r"Named.optimizer is 'adam', no torch.optim.Optimizer; set it to one"):
        build(Named)


def test_an_optimiser_that_asks_for_the_loss_itself_is_given_it() -> None:
    class Newton(Plain):
        def configure_optimizers(self) -> Any:
            return torch.optim.LBFGS(self.parameters(), lr=0.5)

    model = build(Newton, seed=3)
    assert model.declaration.optimiser == "other"
    assert model.declaration.learning_rate == pytest.approx(0.5)
    before = model.loss(ROWS, LABELS)
    assert model.step(ROWS, LABELS) == pytest.approx(before, rel=1e-6)
    assert model.loss(ROWS, LABELS) < before


def test_a_ready_made_network_with_its_optimiser_trains_its_copy() -> None:
    module = net()
    module.optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    model = build(module)
    before, original = model.get_parameters(), module[0].weight.detach().clone()
    model.step(ROWS, LABELS)
    assert not np.array_equal(before["0.weight"], model.get_parameters()["0.weight"])
    assert torch.equal(module[0].weight, original)


def test_hidden_are_the_activation_layers_but_not_the_output() -> None:
    [layer] = build(net(nn.Linear(4, 1), nn.Sigmoid())).hidden(ROWS)
    assert layer.shape == (4, 4)
    assert not build(Plain).can(Capability.HIDDEN)  # activations inside `forward` cannot be seen


def test_frozen_parameters_are_not_offered() -> None:
    module = net()
    module[0].weight.requires_grad_(False)
    assert list(build(module).get_parameters()) == ["0.bias", "2.weight", "2.bias"]


def test_nothing_to_train_is_said() -> None:
    model = build(nn.Sequential(nn.Flatten()), loss="mse")
    with pytest.raises(UsageError, match="no parameter that requires a gradient"):
        model.step(np.zeros((4, 1)), LABELS)


@pytest.mark.parametrize(("option", "value"), [("loss", "bse"), ("optimiser", "adams")])
def test_a_wrong_choice_names_the_right_one(option: str, value: str) -> None:
    with pytest.raises(UsageError, match=rf"unknown {option} '{value}'; did you mean"):
        build(Plain, **{option: value})


def test_a_module_that_follows_the_contract_is_left_alone() -> None:
    class Own(Plain):
        def predict(self, inputs: Any) -> Any:
            return np.zeros(len(inputs))

    instance = Own()
    assert adapt(instance, target="t") is instance
    assert as_factory(Own) is Own


def test_targets_in_a_file(tmp_path: Any) -> None:
    (tmp_path / "nets.py").write_text(
        "from __future__ import annotations\n"
        "import torch\nfrom torch import nn\n"
        "class Net(nn.Module):\n"
        "    'A net.'\n"
        "    learns = ('xor', 'and')\n"
        "    def __init__(self, hidden=3):\n"
        "        super().__init__()\n"
        "        self.body = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, 1))\n"
        "    def forward(self, x):\n        return self.body(x)\n"
        "ready = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid())\n"
        "def make(width: int = 5) -> nn.Module:\n    body = [nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 1)]\n"
        "    return nn.Sequential(*body)\n"
        "def unsaid():\n    return nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))\n"
    )
    found: dict[str, Implementation] = {
        name: resolve(f"{tmp_path}/nets.py:{name}")
        for name in ("Net", "Net[hidden=6,optimiser=adam]", "ready", "make", "unsaid")
    }
    assert found["Net"].entry.learns == ("xor", "and")
    assert found["Net"].entry.summary == "A net."
    assert found["Net[hidden=6,optimiser=adam]"].build().get_parameters()["body.0.weight"].shape == (6, 2)
    assert found["Net[hidden=6,optimiser=adam]"].build().declaration.optimiser == "adam"
    assert {name: one.accepts("seed") for name, one in found.items()} == {
        "Net": True, "Net[hidden=6,optimiser=adam]": True, "ready": True, "make": True, "unsaid": False,
    }  # fmt: skip
    for one in found.values():
        assert one.build().step(ROWS, LABELS) > 0
    with pytest.raises(UsageError, match="no option 'hiden'; did you mean 'hidden'"):
        resolve(f"{tmp_path}/nets.py:Net[hiden=6]")
    assert len({one.source for name, one in found.items() if "[" not in name}) == 4


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu() -> None:
    state = torch.cuda.get_rng_state()
    model = build(Plain, seed=1, device="cuda")
    assert model.step(ROWS, LABELS) == pytest.approx(build(Plain, seed=1, device="cpu").step(ROWS, LABELS), rel=0.5)
    assert model.predict(ROWS).shape == (4,)
    assert torch.equal(torch.cuda.get_rng_state(), state)
