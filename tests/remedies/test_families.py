"""Every remedy offers what its source says, for a config that calls for it."""

import math
from typing import Any

import pytest

from gradscope.config.load import read_config, read_document
from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.errors import Problems
from gradscope.remedies.catalogue import CATALOGUE
from gradscope.remedies.families.start import critical_scale
from gradscope.remedies.trials import Workshop
from gradscope.rules import RULES

DENSE = (
    "input: 64\ninit: glorot_normal\nlayers:\n  - {repeat: 20, layers: [dense: 64, relu]}\n  - dense: 10\n"
)
BIASED = "input: 9\nlayers: [dense: {units: 9, bias_init: {constant: -5}}, relu, dense: 4]\n"
NORMED = "input: 9\nlayers: [{repeat: 5, layers: [dense: 9, batch_norm, relu]}, dense: 4]\n"
BRANCHES = "input: 9\nlayers: [dense: 9, {repeat: 16, layers: [residual: [dense: 9, relu]]}, dense: 4]\n"
POST = "input: {length: 6, features: 8}\nlayers: [transformer_block: {heads: 2, norm: post}]\n"
BYTES = "input: 9\nbatch: {inputs: {uniform: {low: 0, high: 255}}}\nlayers: [dense: 9, relu, dense: 4]\n"
SQUASHED = "input: 9\nlayers: [dense: 9, relu, dense: 4, softmax]\n"
SQUASHED_MSE = "input: 9\nlayers: [dense: 9, relu, dense: 4, sigmoid]\nloss: mse\n"
LINEAR = "input: 9\nlayers: [dense: 9, dense: 9, tanh, dense: 4]\n"


def recurrent(kind: str) -> str:
    return f"input: {{length: 50, features: 8}}\nlayers: [{kind}: 8, last_step, dense: 4]\n"


OFFERS: dict[tuple[str, str], set[str]] = {
    ("scaled inputs", BYTES): {"standardised inputs"},
    ("zero biases", BIASED): {"bias_init: zeros"},
    ("no useless biases", NORMED): {"without biases that normalisation cancels"},
    ("matched initialiser", DENSE): {"init: he_normal", "init: lecun_normal"},
    ("critical gain", DENSE): {"init: variance 2"},
    ("orthogonal weights", DENSE): {"init: orthogonal", "init: orthogonal, gain √2"},
    ("recurrent weights", recurrent("rnn")): {"recurrent_init: orthogonal, gain 1.6"},
    ("recurrent weights", recurrent("rnn").replace("rnn: 8", "rnn: {units: 8, recurrent_init: he_normal}")): {
        *("recurrent_init: orthogonal", "recurrent_init: orthogonal, gain 1.6"),
    },
    ("open gates", recurrent("lstm")): {"forget_bias: chrono 50"},
    ("logits", SQUASHED): {"without the last softmax"},
    ("logits", SQUASHED_MSE): {"binary_cross_entropy from logits", "without the last sigmoid"},
    ("branch scale", BRANCHES): {"residual scale 0.25 = 1/√16", "residual scale learned from 0 (ReZero)"},
    ("pre-norm", POST): {"norm: pre"},
    ("other activation", DENSE): {
        *("activation: elu", "activation: leaky_relu", "activation: gelu", "activation: tanh"),
    },
    ("activation between", LINEAR): {"tanh between"},
    ("gated cells", recurrent("rnn")): {
        *("lstm instead of rnn", "lstm with forget_bias chrono 50 instead of rnn", "gru instead of rnn"),
    },
    ("activation with its initialiser", DENSE): {
        *("activation: selu, init: lecun_normal", "activation: leaky_relu, init: he_normal"),
        "activation: gelu, init: he_normal",
    },
    ("other normalisation", NORMED): {
        *("layer_norm instead of batch_norm", "rms_norm instead of batch_norm", "without normalisation"),
    },
    ("normalisation", DENSE): {
        *("layer_norm before each activation", "layer_norm after each activation"),
        *("batch_norm before each activation", "batch_norm after each activation"),
    },
    ("residual connections", DENSE): {
        "residual connections, scale 0.224 = 1/√20",
        "residual connections, ReZero",
        "residual connections, ReZero, behind the first",
        "residual connections, scale 0.224 = 1/√20, behind the first",
    },
}


def workshop(text: str) -> Workshop:
    problems = Problems()
    document = read_document("text", problems, text=text)
    assert document is not None
    config = read_config(document, {}, problems)
    assert config is not None, problems.found
    return Workshop(config, document, {}, "")


def offers(name: str, text: str) -> dict[str, Any]:
    """What the remedy offers and can be built, each with its config."""
    made = workshop(text)
    remedy = next(remedy for remedy in CATALOGUE if remedy.name == name)
    options = remedy.options(made.at_start) if remedy.options else ()
    trials = [made.trial(remedy, option) for option in options]
    return {trial.words: trial.config for trial in trials if trial is not None}


@pytest.mark.parametrize(("name", "text"), OFFERS, ids=lambda part: part if "\n" not in part else "")
def test_what_a_remedy_offers(name: str, text: str) -> None:
    assert offers(name, text).keys() == OFFERS[name, text]


def test_every_remedy_is_looked_at() -> None:
    sought = {remedy.name for remedy in CATALOGUE if remedy.sought is not None}
    assert {name for name, _ in OFFERS} | sought == {remedy.name for remedy in CATALOGUE}
    assert sought == {"unit variance", "shallower"}


@pytest.mark.parametrize("name", ["critical gain", "matched initialiser", "orthogonal weights"])
def test_no_scale_is_offered_where_a_normalisation_divides_it_out(name: str) -> None:
    text = NORMED.replace("dense: 4", "dense: 9, batch_norm")
    assert not offers(name, text)


def test_a_data_file_stays_what_it_is(tmp_path: Any) -> None:
    import numpy as np

    np.save(tmp_path / "rows.npy", np.full((64, 9), 200.0))
    text = BYTES.replace("{uniform: {low: 0, high: 255}}", f"{{file: {tmp_path}/rows.npy}}")
    assert [*offers("scaled inputs", text)] == ["batch_norm in front"]


def test_tokens_have_no_scale() -> None:
    text = "input: {length: 5, vocab: 30}\nlayers: [embedding: 8, rnn: 4, last_step, dense: 3]\n"
    assert not offers("scaled inputs", text)


@pytest.mark.parametrize(
    ("name", "sigma_b2", "sigma_w2"),
    [
        ("relu", 0.0, 2.0),
        ("relu", 0.3, 2.0),
        ("linear", 0.0, 1.0),
        ("leaky_relu", 0.0, 2.0 / (1.0 + 0.01**2)),
        ("tanh", 0.0, 1.0),
        ("tanh", 0.05, 1.76095),
    ],
)
def test_the_critical_variance(name: str, sigma_b2: float, sigma_w2: float) -> None:
    activation = ACTIVATIONS[name]()
    assert isinstance(activation, Activation)
    found = critical_scale(activation, sigma_b2)
    assert found is not None
    assert math.isclose(found, sigma_w2, rel_tol=2e-4)


def test_no_variance_is_critical_where_the_gradient_always_fades() -> None:
    activation = ACTIVATIONS["linear"]()
    assert isinstance(activation, Activation)
    # A bias alone moves nothing, so that what fades is only what the weights do.
    assert critical_scale(activation, 1e6) == pytest.approx(1.0, rel=1e-4)
    flat = ACTIVATIONS["hard_sigmoid"]()
    assert isinstance(flat, Activation)
    assert critical_scale(flat, 1e6) is None


def test_every_remedy_is_called_for_by_rules_that_exist() -> None:
    for remedy in CATALOGUE:
        assert remedy.rules, remedy.name
        assert remedy.rules <= RULES.keys(), remedy.name
        assert remedy.source, remedy.name
        assert (remedy.options is None) != (remedy.sought is None), remedy.name
