"""One line for every layer: how it is made from given parameters, and the shape of what it is tried on."""

from itertools import product

from gradscope.engine import Array
from gradscope.engine.activations import ACTIVATIONS, Activation, Softmax
from gradscope.engine.axes import feature_axis
from gradscope.engine.layer import Step
from gradscope.engine.layers.concat import Concat
from gradscope.engine.layers.dense import Dense
from gradscope.engine.layers.dropout import Dropout
from gradscope.engine.layers.elementwise import Elementwise, PRelu, SoftmaxLayer
from gradscope.engine.layers.flatten import Flatten
from gradscope.engine.layers.normalization import BATCH, LAYER, RMS, Normalization, Scheme, group_scheme
from gradscope.engine.layers.residual import Residual
from gradscope.engine.random import Stream
from gradscope.engine.sequence import Sequence
from tests.engine.image_cases import IMAGE_CASES
from tests.engine.making import LayerCase, Parameters, given_weight, info
from tests.engine.sequence_cases import SEQUENCE_CASES


def dense(take: Parameters, name: str, fan_in: int, fan_out: int, *, bias: bool = True) -> Step:
    """W (I, O), b (1, O)."""
    weight = given_weight(take(f"{name}.weight", fan_in, fan_out))
    return Dense(info(name), weight, given_weight(take(f"{name}.bias", 1, fan_out)) if bias else None)


def activation(name: str) -> Step:
    """With its default options."""
    made = ACTIVATIONS[name]()
    return SoftmaxLayer(info(name), made) if isinstance(made, Softmax) else Elementwise(info(name), made)


def prelu(take: Parameters, units: int) -> Step:
    """A learned slope a unit."""
    leaky = ACTIVATIONS["prelu"]()
    assert isinstance(leaky, Activation)
    return PRelu(info("prelu"), leaky, take("prelu.slope", units))


def norm(take: Parameters, scheme: Scheme, features: int, eps: float, *, affine: bool) -> Step:
    """With a gain, and a bias where the mean is taken out."""
    gain = take("norm.gain", features) if affine else None
    bias = take("norm.bias", features) if affine and scheme.centred else None
    return Normalization(info("norm"), scheme, eps, gain, bias)


def dropout(rate: float, number: int = 0) -> Step:
    """With the mask of one pass."""
    return Dropout(info("dropout"), rate, Stream(0, 0, "dropout.mask")).at_pass(number)


def residual(
    *branch: Step, shortcut: tuple[Step, ...] = (), scale: float = 1.0, learned: Array | None = None
) -> Step:
    """`learned` (1,) is the scale as a parameter."""
    return Residual(info("residual"), Sequence(branch), Sequence(shortcut), scale, learned=learned)


def concat(*branch: Step, name: str = "concat") -> Step:
    """Dense connectivity."""
    return Concat(info(name), Sequence(branch))


NORM_SHAPES = [(5, 4), (3, 2, 4), (3, 4, 2, 3)]
SCHEMES = [BATCH, LAYER, RMS, group_scheme(2)]


def _norm_case(scheme: Scheme, shape: tuple[int, ...], eps: float, affine: bool) -> LayerCase:
    features = shape[feature_axis(len(shape))]
    return LayerCase(shape, lambda take: norm(take, scheme, features, eps, affine=affine))


LAYER_CASES: dict[str, LayerCase] = {
    "dense": LayerCase((4, 3), lambda take: dense(take, "a", 3, 5)),
    "dense without bias": LayerCase((4, 3), lambda take: dense(take, "a", 3, 5, bias=False)),
    "dense of one sample": LayerCase((1, 3), lambda take: dense(take, "a", 3, 5)),
    "dense on a sequence": LayerCase((3, 4, 5), lambda take: dense(take, "a", 5, 2)),
    "flatten a sequence": LayerCase((3, 4, 5), lambda take: Flatten(info("flatten"))),
    "flatten an image": LayerCase((3, 2, 4, 5), lambda take: Flatten(info("flatten"))),
    "dropout": LayerCase((6, 5), lambda take: dropout(0.4)),
    "dropout at a later pass": LayerCase((6, 5), lambda take: dropout(0.4, number=3)),
    "softmax": LayerCase((4, 5), lambda take: activation("softmax")),
    "softmax on a sequence": LayerCase((2, 3, 5), lambda take: activation("softmax")),
    "prelu": LayerCase((4, 5), lambda take: prelu(take, 5)),
    "prelu on a sequence": LayerCase((2, 3, 5), lambda take: prelu(take, 5)),
    "prelu on an image": LayerCase((2, 3, 4, 5), lambda take: prelu(take, 3)),
    "residual": LayerCase((4, 3), lambda take: residual(dense(take, "a", 3, 3), activation("tanh"))),
    "residual, scaled": LayerCase((4, 3), lambda take: residual(dense(take, "a", 3, 3), scale=-0.3)),
    "residual, branch off": LayerCase((4, 3), lambda take: residual(dense(take, "a", 3, 3), scale=0.0)),
    "residual, learned scale": LayerCase(
        (4, 3), lambda take: residual(dense(take, "a", 3, 3), learned=take("residual.scale", 1))
    ),
    "residual, projection": LayerCase(
        (4, 3), lambda take: residual(dense(take, "a", 3, 5), shortcut=(dense(take, "b", 3, 5, bias=False),))
    ),
    "residual on a sequence": LayerCase((2, 3, 4), lambda take: residual(dense(take, "a", 4, 4))),
    "concat": LayerCase((4, 3), lambda take: concat(dense(take, "a", 3, 2), activation("tanh"))),
    "concat on a sequence": LayerCase((2, 3, 4), lambda take: concat(dense(take, "a", 4, 2))),
    "concat of images": LayerCase((2, 3, 2, 2), lambda take: concat(activation("gelu"))),
    "nested": LayerCase(
        (4, 3),
        lambda take: concat(
            residual(
                dense(take, "a", 3, 2),
                concat(activation("tanh"), dense(take, "b", 2, 3), name="inner"),
                shortcut=(dense(take, "c", 3, 5), norm(take, LAYER, 5, 1e-5, affine=True)),
                learned=take("residual.scale", 1),
            )
        ),
    ),
    **{
        f"{scheme.name} norm {shape} eps={eps}{' affine' if affine else ''}": _norm_case(
            scheme, shape, eps, affine
        )
        for scheme, shape, eps, affine in product(SCHEMES, NORM_SHAPES, (0.0, 1e-5, 1.0), (False, True))
    },
    **IMAGE_CASES,
    **SEQUENCE_CASES,
    **{name: LayerCase((4, 5), lambda take, name=name: activation(name)) for name in ACTIVATIONS},  # type: ignore[misc]
}
