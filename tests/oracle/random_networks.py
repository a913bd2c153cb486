"""Hypothesis draws whole networks, as the dictionaries a user would write; each is valid by construction."""

from typing import Any

from hypothesis import strategies as st

from tests.oracle.torch_functions import ACTIVATIONS, LOSSES

Shape = tuple[int, ...]
Drawn = tuple[list[Any], Shape]

WIDTHS = st.integers(1, 8)
EPS = st.sampled_from([1e-5, 1e-3, 0.1])

INITS = st.sampled_from(
    [
        "torch_default",
        "he_normal",
        "glorot_uniform",
        {"normal": {"std": 0.6}},
        {"variance": 1.5},
        {"orthogonal": 1.1},
        {"uniform": {"low": -0.5, "high": 0.9}},
    ]
)
BIAS_INITS = st.sampled_from(
    ["zeros", {"normal": {"std": 0.4}}, {"constant": 0.2}, {"uniform": {"low": -0.3}}]
)
INPUTS = st.sampled_from(["normal", {"normal": {"mean": 0.5, "std": 2}}, "uniform", "bernoulli", "lognormal"])

OPTIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "leaky_relu": st.fixed_dictionaries({"slope": st.sampled_from([0.1, 1.5, -0.2])}),
    "prelu": st.fixed_dictionaries({"slope": st.sampled_from([0.25, 1.1]), "learned": st.booleans()}),
    "elu": st.fixed_dictionaries({"alpha": st.sampled_from([0.5, 2.0])}),
    "celu": st.fixed_dictionaries({"alpha": st.sampled_from([0.5, 2.0])}),
    "scaled_sigmoid": st.fixed_dictionaries({"scale": st.just(2.0), "slope": st.just(1.3)}),
}
"""Options that are drawn now and then; a bare name stands for the defaults."""

Draw = Any


@st.composite
def activations(draw: Draw) -> Any:
    name = draw(st.sampled_from(sorted(ACTIVATIONS)))
    if name in OPTIONS and draw(st.booleans()):
        return {name: draw(OPTIONS[name])}
    return name


@st.composite
def norms(draw: Draw, features: int) -> Any:
    # A single value less its mean is zero: none is normalised alone.
    kinds = ["batch_norm", "rms_norm", *(["layer_norm", "group_norm"] if features > 1 else [])]
    kind = draw(st.sampled_from(kinds))
    options: dict[str, Any] = {"eps": draw(EPS), "affine": draw(st.booleans())}
    if kind == "group_norm":
        options["groups"] = draw(st.sampled_from([n for n in range(1, features) if features % n == 0]))
    return {kind: options}


@st.composite
def dense_layers(draw: Draw, units: int) -> Any:
    options: dict[str, Any] = {"units": units, "bias": draw(st.booleans()), "init": draw(INITS)}
    if options["bias"] and draw(st.booleans()):
        options["bias_init"] = draw(BIAS_INITS)
    if draw(st.integers(0, 3)) == 0:
        options["activation"] = draw(activations())
    return {"dense": options}


def features_of(shape: Shape) -> int:
    return shape[0] if len(shape) == 3 else shape[-1]


@st.composite
def layer_lists(draw: Draw, shape: Shape, length: int, depth: int) -> Drawn:
    """A list of layers and the shape behind it."""
    layers: list[Any] = []
    for _ in range(length):
        kinds = ["activation", "norm", "dropout", "container"] + (["dense"] * 3 if len(shape) < 3 else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "dense":
            units = draw(WIDTHS)
            layers.append(draw(dense_layers(units)))
            shape = (*shape[:-1], units)
        elif kind == "norm":
            layers.append(draw(norms(features_of(shape))))
        elif kind == "dropout":
            layers.append({"dropout": 0.3})
        elif kind == "activation" or depth == 0:
            layers.append(draw(activations()))
        else:
            layer, shape = draw(containers(shape, depth - 1))
            layers.append(layer)
    return layers, shape


@st.composite
def closed_lists(draw: Draw, shape: Shape, depth: int) -> list[Any]:
    """Layers that give back the shape they take."""
    if len(shape) == 3:
        return [draw(activations()), draw(norms(features_of(shape)))]
    layers, behind = draw(layer_lists(shape, draw(st.integers(1, 3)), depth))
    return layers if behind == shape else [*layers, draw(dense_layers(shape[-1]))]


@st.composite
def containers(draw: Draw, shape: Shape, depth: int) -> tuple[Any, Shape]:
    kind = draw(st.sampled_from(["residual", "concat", "repeat"]))
    if kind == "repeat":
        options = {"repeat": 2, "share": draw(st.booleans()), "layers": draw(closed_lists(shape, depth))}
        return options, shape
    if kind == "concat":
        inner = draw(closed_lists(shape, depth))
        if len(shape) == 3:
            return {"concat": inner}, (2 * shape[0], *shape[1:])
        units = draw(WIDTHS)
        inner.append(draw(dense_layers(units)))
        return {"concat": inner}, (*shape[:-1], shape[-1] + units)
    residual: dict[str, Any] = {"layers": draw(closed_lists(shape, depth))}
    if draw(st.booleans()):
        residual["scale"] = draw(st.sampled_from([0.5, 0.0, -1.5, {"learned": 0.0}, {"learned": 0.7}]))
    if len(shape) < 3 and draw(st.booleans()):
        units = draw(WIDTHS)
        residual["layers"].append(draw(dense_layers(units)))
        residual["shortcut"] = [draw(dense_layers(units))]
        shape = (*shape[:-1], units)
    return {"residual": residual}, shape


@st.composite
def networks(draw: Draw) -> dict[str, Any]:
    """A config: one trial, float64, one to six layers or containers and a head."""
    size: Any
    kind = draw(st.sampled_from(["features", "features", "sequence", "image"]))
    if kind == "features":
        shape: Shape = (draw(WIDTHS),)
        size = shape[0]
    elif kind == "sequence":
        shape = (draw(st.integers(1, 4)), draw(WIDTHS))
        size = {"length": shape[0], "features": shape[1]}
    else:
        shape = (draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        size = list(shape)
    layers, shape = draw(layer_lists(shape, draw(st.integers(0, 5)), 2))
    if len(shape) == 3 or (len(shape) == 2 and draw(st.booleans())):
        layers.append("flatten")
    loss = draw(st.sampled_from([*sorted(LOSSES), {"huber": {"delta": 0.5}}]))
    return {
        "input": size,
        "batch": {"size": draw(st.integers(2, 5)), "inputs": draw(INPUTS)},
        "init": draw(INITS),
        "layers": [*layers, draw(dense_layers(draw(st.integers(2, 8))))],
        "loss": loss,
        "seed": draw(st.integers(0, 10_000)),
        "trials": 1,
        "dtype": "float64",
    }
