"""Hypothesis draws networks over sequences and tokens: recurrence, attention, gates; as the dictionaries a
user would write."""

from typing import Any

from hypothesis import strategies as st

from tests.oracle.random_networks import BIAS_INITS, INITS, INPUTS, activations, dense_layers, norms
from tests.oracle.torch_functions import LOSSES

Draw = Any
Shape = tuple[int, int]
"""Steps, features."""

CELL_ACTIVATIONS = st.sampled_from(["tanh", "tanh", "relu", "linear", "softsign", "elu"])
GATES = st.sampled_from(["sigmoid", "silu", "gelu", "relu", "tanh", "linear"])
SMALL = st.integers(1, 6)


@st.composite
def maps(draw: Draw, **options: Any) -> dict[str, Any]:
    """Options of all that multiplies with matrices."""
    options |= {"bias": draw(st.booleans()), "init": draw(INITS)}
    if options["bias"] and draw(st.booleans()):
        options["bias_init"] = draw(BIAS_INITS)
    return options


@st.composite
def recurrences(draw: Draw, *, sequences: bool = True) -> tuple[Any, int]:
    """A recurrent layer and the features behind it."""
    kind, units, both = draw(st.sampled_from(["rnn", "lstm", "gru"])), draw(SMALL), draw(st.booleans())
    options = draw(maps(units=units, activation=draw(CELL_ACTIVATIONS), bidirectional=both))
    options |= {"recurrent_init": draw(INITS), "return_sequences": sequences}
    if kind == "lstm" and options["bias"]:
        options["forget_bias"] = draw(st.sampled_from([1.0, None, -0.5, {"chrono": 20}]))
    return {kind: options}, units * (1 + both)


def heads_of(features: int) -> st.SearchStrategy[int]:
    return st.sampled_from([n for n in range(1, features + 1) if features % n == 0])


@st.composite
def attentions(draw: Draw, features: int) -> Any:
    options = draw(maps(heads=draw(heads_of(features)), causal=draw(st.booleans())))
    return {"attention": options | ({"out_init": draw(INITS)} if draw(st.booleans()) else {})}


@st.composite
def blocks(draw: Draw, features: int) -> Any:
    """Transformer blocks, with all that may be said of them."""
    kinds = ["layer_norm", "rms_norm"] if features > 1 else ["rms_norm"]
    return {
        "transformer_block": draw(
            maps(
                heads=draw(heads_of(features)),
                causal=draw(st.booleans()),
                norm=draw(st.sampled_from(["pre", "post"])),
                norm_kind=draw(st.sampled_from(kinds)),
                gated=draw(st.booleans()),
                activation=draw(GATES),
                mlp_ratio=draw(st.sampled_from([0.5, 2.0, 4])),
                out_init=draw(INITS),
            )
        )
    }


@st.composite
def trunks(draw: Draw, shape: Shape) -> list[Any]:
    """Up to four layers over a sequence."""
    length, features = shape
    layers: list[Any] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(KINDS))
        layer: Any
        if kind == "recurrence":
            layer, features = draw(recurrences())
        elif kind in ("glu", "maxout"):
            gate = {"activation": draw(GATES)} if kind == "glu" else {"pieces": draw(st.integers(1, 3))}
            units = draw(SMALL)
            layer, features = {kind: draw(maps(units=units, **gate))}, units
        elif kind == "positional":
            # Of one feature with N(0, 1) positions nothing would be left by a norm.
            layer = {"positional": {"form": draw(st.sampled_from(["learned", "sinusoidal"]))}}
        elif kind == "class_token":
            layer, length = {"class_token": {"init": draw(INITS)}}, length + 1
        elif kind == "transpose":
            layer, (length, features) = "transpose", (features, length)
        elif kind == "shared":
            inner = [draw(attentions(features)), draw(activations())]
            layer = {"repeat": 2, "share": draw(st.booleans()), "layers": [{"residual": inner}]}
        else:
            layer = draw(ALIKE[kind](features))
        layers.append(layer)
    return layers


ALIKE = {
    "attention": attentions,
    "block": blocks,
    "norm": norms,
    "activation": lambda features: activations(),
}
"""What gives back the shape it takes."""

KINDS = [
    "recurrence",
    "recurrence",
    "glu",
    "maxout",
    "positional",
    "transpose",
    "class_token",
    "shared",
    *ALIKE,
    "attention",
]


@st.composite
def single_layers(draw: Draw) -> dict[str, Any]:
    """A network of one layer, or of what one stands for, that is told its gradient."""
    length, features = draw(st.integers(1, 6)), draw(SMALL)
    (layer, *_) = draw(trunks((length, features)))
    return {
        "input": {"length": length, "features": features},
        "batch": {"size": draw(st.integers(2, 4))},  # of one sample, batch normalisation makes nothing
        "layers": [draw(st.sampled_from([layer, layer, layer, "mean_over_time", "last_step", "first_step"]))],
        "loss": "random_cotangent",
        "seed": draw(st.integers(0, 10_000)),
        "trials": 1,
        "dtype": "float64",
    }


@st.composite
def networks(draw: Draw) -> dict[str, Any]:
    """A config: one trial, float64, tokens or a sequence, a head behind a reduction or over all steps."""
    length, features = draw(st.integers(1, 5)), draw(SMALL)
    vocab = draw(st.integers(2, 7)) if draw(st.booleans()) else None
    before = [] if vocab is None else [{"embedding": {"units": features, "init": draw(INITS)}}]
    layers = draw(trunks((length, features)))
    reduction = draw(
        st.sampled_from(["mean_over_time", "last_step", "first_step", "recurrent", "flatten", None])
    )
    if reduction == "recurrent":
        layers.append(draw(recurrences(sequences=False))[0])
    elif reduction is not None:
        layers.append(reduction)
    if vocab is not None and reduction != "flatten" and draw(st.booleans()):
        # A tied head takes as many features as the embedding gives.
        layers += [
            draw(dense_layers(features)),
            {"dense": {"tied": "embedding1", "bias": draw(st.booleans())}},
        ]
    else:
        layers.append(draw(dense_layers(draw(st.integers(2, 6)))))
    return {
        "input": {"length": length} | ({"features": features} if vocab is None else {"vocab": vocab}),
        "batch": {"size": draw(st.integers(2, 4)), **({} if vocab else {"inputs": draw(INPUTS)})},
        "init": draw(INITS),
        "layers": [*before, *layers],
        "loss": draw(st.sampled_from(sorted(LOSSES))),
        "seed": draw(st.integers(0, 10_000)),
        "trials": 1,
        "dtype": "float64",
    }
