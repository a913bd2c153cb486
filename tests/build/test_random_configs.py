"""Whatever list of layers is written, building it ends in a network or in a ConfigError."""

import contextlib
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gradscope import ConfigError, build_network, load_config, make_batch
from gradscope.config.schema import LAYERS

SIZES = st.integers(1, 6)
INITS = st.sampled_from(["he_normal", "orthogonal", "identity", "zeros", "glorot_uniform", "torch_default"])


SHAPED: dict[str, st.SearchStrategy[Any]] = {
    "conv1d": st.fixed_dictionaries({"filters": SIZES, "kernel": SIZES}, optional={"stride": SIZES}),
    "conv2d": st.fixed_dictionaries({"filters": SIZES, "kernel": SIZES}, optional={"groups": SIZES}),
    "max_pool": SIZES,
    "avg_pool": SIZES,
    "rnn": SIZES,
    "lstm": st.fixed_dictionaries({"units": SIZES}, optional={"bidirectional": st.booleans()}),
    "gru": st.fixed_dictionaries({"units": SIZES}, optional={"return_sequences": st.booleans()}),
    "embedding": SIZES,
    "attention": st.integers(1, 3),
    "transformer_block": st.integers(1, 3),
    "maxout": SIZES,
    "glu": SIZES,
    "positional": st.sampled_from(["learned", "sinusoidal"]),
}
"""Kinds that take some shapes only."""
BARE = (
    *(
        "global_avg_pool",
        "mean_over_time",
        "last_step",
        "first_step",
        "flatten",
        "to_sequence",
        "class_token",
    ),
    *("batch_norm", "layer_norm", "rms_norm"),
)


def shaped() -> st.SearchStrategy[Any]:
    return st.one_of(
        [
            options.map(lambda value, kind=kind: {kind: value})
            for kind, options in SHAPED.items()
            if kind in LAYERS
        ]
    )


def leaves() -> st.SearchStrategy[Any]:
    dense = st.fixed_dictionaries(
        {"units": SIZES}, optional={"bias": st.booleans(), "init": INITS, "bias_init": INITS}
    )
    return st.one_of(
        SIZES.map(lambda units: {"dense": units}),
        dense.map(lambda options: {"dense": options}),
        SIZES.map(lambda groups: {"group_norm": groups}),
        st.sampled_from(["relu", "tanh", "softmax", *(kind for kind in BARE if kind in LAYERS)]),
        shaped(),
        st.just({"prelu": {"learned": True}}),
        st.just({"dropout": 0.5}),
    )


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"repeat": st.integers(1, 3), "layers": some, "share": st.booleans()}),
        st.fixed_dictionaries(
            {"layers": some}, optional={"shortcut": some, "scale": st.just({"learned": 0.5})}
        ).map(lambda options: {"residual": options}),
        some.map(lambda layers: {"concat": layers}),
    )


INPUTS = st.one_of(
    SIZES,
    st.lists(SIZES, min_size=3, max_size=3),
    st.fixed_dictionaries({"length": SIZES, "features": SIZES}),
    st.fixed_dictionaries({"length": SIZES, "vocab": st.integers(2, 9)}),
)
CONFIGS = st.fixed_dictionaries(
    {
        "input": INPUTS,
        "layers": st.lists(st.recursive(leaves(), containers, max_leaves=6), min_size=1, max_size=5),
        "batch": st.fixed_dictionaries({"size": st.integers(1, 3)}),
        "loss": st.sampled_from(["cross_entropy", "mse", "random_cotangent", "binary_cross_entropy"]),
    }
)


@settings(max_examples=250)
@given(source=CONFIGS)
def test_building_ends_in_a_network_or_a_config_error(source: dict[str, Any]) -> None:
    with contextlib.suppress(ConfigError):
        config = load_config(source)
        network = build_network(config)
        inputs, targets = make_batch(config)
        with np.errstate(all="ignore"):
            outputs = network.forward(inputs)
            _, dx = network.backpropagate(inputs, targets)
        assert outputs.shape[0] == config.batch.size
        assert config.input.vocab is not None or dx.mantissa.shape == inputs.shape
        names = [step.info.name for step in network.layers()]
        assert len(set(names)) == len(names)
