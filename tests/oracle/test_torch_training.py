"""Twenty steps of every optimiser against torch.optim: same weights, batches and clipping, equal losses."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

import gradscope
from gradscope.build import Plan, plan_of
from gradscope.config.schema import Config
from gradscope.engine.layers.dropout import Dropout
from gradscope.training.course import Lessons, Pupil
from gradscope.training.run import train

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

from tests.collecting import collect_network  # noqa: E402
from tests.oracle.torch_network import TorchNetwork  # noqa: E402

STEPS = 20

OPTIMIZERS: dict[str, tuple[float, Callable[..., Any]]] = {
    "sgd": (0.2, torch.optim.SGD),
    "momentum": (0.05, lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9)),
    "adam": (0.01, torch.optim.Adam),
    "adamw": (0.01, torch.optim.AdamW),
}

FEATURES = {
    "input": 12,
    "layers": [
        {"dense": 16},
        {"prelu": {"learned": True}},
        {"residual": {"layers": [{"dense": 16}, "tanh"], "scale": {"learned": 0.5}}},
        {"repeat": 2, "share": True, "layers": [{"dense": 16}, "batch_norm", "relu", {"dropout": 0.2}]},
        {"concat": [{"dense": 4}, "gelu"]},
        {"dense": {"units": 8, "bias": False}},
        "layer_norm",
        "softplus",
        {"dense": 5},
    ],
}
IMAGES = {
    "input": [2, 6, 6],
    "layers": [
        {"conv2d": {"filters": 6, "kernel": 3}},
        {"group_norm": 2},
        "elu",
        {"conv2d": {"filters": 6, "kernel": 3, "stride": 2, "groups": 3}},
        "sigmoid",
        {"max_pool": 2},
        "flatten",
        {"dense": 4},
    ],
    "loss": "mse",
}
TOKENS = {
    "input": {"length": 6, "vocab": 11},
    "layers": [
        {"embedding": 8},
        {"positional": "learned"},
        {"rnn": {"units": 8}},
        {"dense": {"tied": "embedding1"}},
    ],
}


def common(config: dict[str, Any], optimizer: str, clip: float | None) -> Config:
    training = {"steps": STEPS, "lr": OPTIMIZERS[optimizer][0], "optimizer": optimizer, "clip": clip}
    chosen = {"batch": {"size": 8}, "dtype": "float64", "trials": 1, "training": training}
    return gradscope.load_config(config | chosen)


def torch_losses(
    loaded: Config, parameters: list[Tensor], loss_of: Callable[[int, Any, Any], Tensor]
) -> list[float]:
    """The same loop by torch.optim; `loss_of` takes the number of the pass, inputs and targets."""
    training = loaded.training
    optimizer = OPTIMIZERS[training.optimizer.name][1](parameters, lr=training.lr)
    lessons = Lessons(plan_of(loaded), 0)
    losses = []
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        loss = loss_of(step, *lessons(step))
        if training.clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, training.clip)
        losses.append(loss.item())
        optimizer.step()
    return losses


@pytest.mark.parametrize("clip", [None, 0.3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("config", [FEATURES, IMAGES], ids=["features", "images"])
def test_losses_of_twenty_steps(config: dict[str, Any], optimizer: str, clip: float | None) -> None:
    loaded = common(config, optimizer, clip)
    network = gradscope.build_network(loaded)
    oracle = TorchNetwork(config, network.parameters())

    def loss_of(step: int, inputs: Any, targets: Any) -> Tensor:
        oracle._masks = {  # nobody else can draw the masks of a pass
            layer.info.name: torch.tensor(
                layer.at_pass(step).forward(np.ones((len(inputs), *layer.info.output_shape)))[0]
            )
            for layer in network.layers()
            if isinstance(layer, Dropout)
        }
        return oracle.run(inputs, targets).loss

    expected = torch_losses(loaded, [*oracle.parameters.values()], loss_of)
    found = train(loaded, jobs=1).losses
    assert len(set(found)) == STEPS + 1
    npt.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_tokens_recurrence_and_a_tied_head(optimizer: str) -> None:
    loaded = common(TOKENS, optimizer, 0.3)
    arrays = gradscope.build_network(loaded).parameters()
    named = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}

    def loss_of(step: int, tokens: Any, targets: Any) -> Tensor:
        x = functional.embedding(torch.tensor(tokens), named["embedding1.weight"])
        x = x + named["positional1.table"]
        h = torch.zeros(len(tokens), 8, dtype=torch.float64)
        states = []
        for t in range(x.shape[1]):
            z = x[:, t] @ named["rnn2.input.weight"] + named["rnn2.bias"]
            h = torch.tanh(z + h @ named["rnn2.recurrent.weight"])
            states.append(h)
        logits = torch.stack(states, dim=1) @ named["embedding1.weight"].T
        if "dense3.bias" in named:
            logits = logits + named["dense3.bias"]
        loss = functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())
        loss.backward()
        return loss

    expected = torch_losses(loaded, [*named.values()], loss_of)
    npt.assert_allclose(train(loaded, jobs=1).losses, expected, rtol=1e-8)


def test_a_step_takes_off_the_rate_times_the_gradient() -> None:
    """Gates, attention and both directions, whose gradients are compared with PyTorch's elsewhere."""
    config = {
        "input": {"length": 5, "features": 6},
        "layers": [
            {"lstm": {"units": 4, "bidirectional": True}},
            {"gru": 6},
            {"attention": {"heads": 2}},
            {"glu": 6},
            "rms_norm",
            {"maxout": 5},
            "mean_over_time",
            {"dense": 3},
        ],
    }
    loaded = common(config, "sgd", None)
    plan: Plan = plan_of(loaded)
    network = plan.network(0)
    before = network.parameters()
    gradients = collect_network(network, *Lessons(plan, 0)(0)).gradients
    pupil = Pupil(plan, 0)
    pupil.advance(1)
    after = pupil.parameters()
    assert before.keys() == after.keys() == gradients.keys()
    for name, array in after.items():
        change = 0.2 * gradients[name].reshape(array.shape)
        assert np.any(change), name
        npt.assert_allclose(array, before[name] - change, rtol=1e-12, err_msg=name)
