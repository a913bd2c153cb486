"""Every activation of the table against finite differences, PyTorch, published moments and its own claims."""

import inspect
import math
import pickle
from typing import get_type_hints

import numpy as np
import numpy.testing as npt
import pytest

from gradscope.engine.activations import ACTIVATIONS, ALIASES, Activation, Softmax
from gradscope.engine.options import Within
from tests.finite_differences import directional_check, numerical_gradient

VARIANTS = [
    ("scaled_sigmoid", {"scale": 0.5, "shift": 3.0, "slope": 2.5}),
    ("scaled_sigmoid", {"scale": 7.0, "shift": 0.0, "slope": 0.3}),
    ("leaky_relu", {"slope": 0.0}),
    ("leaky_relu", {"slope": 0.2}),
    ("leaky_relu", {"slope": 1.0}),
    ("leaky_relu", {"slope": 3.0}),
    ("leaky_relu", {"slope": -0.5}),
    ("leaky_relu", {"slope": -2.0}),
    ("prelu", {"slope": 0.0, "learned": False}),
    ("prelu", {"slope": 1.5}),
    ("elu", {"alpha": 0.3}),
    ("elu", {"alpha": 2.0}),
    ("celu", {"alpha": 0.25}),
    ("celu", {"alpha": 2.0}),
]
RECORDS = [
    pytest.param(ACTIVATIONS[name](**options), id="-".join([name, *(f"{k}={v}" for k, v in options.items())]))
    for name, options in [*((name, {}) for name in ACTIVATIONS), *VARIANTS]
    if name != "softmax"
]
every_activation = pytest.mark.parametrize("activation", RECORDS)
both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])

NEVER_SATURATE = {"linear", "relu", "leaky_relu", "prelu", "squared_relu"}


def away_from_kinks(activation, z, distance=1e-4):
    for kink in activation.kinks:
        z = z[np.abs(z - kink) > distance]
    return z


def slopes(activation, z):
    return activation.derivative(z, activation.fn(z))


def is_flat(activation, z):
    inside = np.zeros(z.shape, dtype=bool)
    for low, high in activation.flat:
        inside |= (z > low) & (z < high)
    return inside


# The table


def test_every_entry_carries_its_own_name():
    for name, make in ACTIVATIONS.items():
        assert make().name == name


def test_every_option_has_limits_and_a_default_and_is_varied_here():
    varied = {(name, option) for name, options in VARIANTS for option in options}
    for name, make in ACTIVATIONS.items():
        hints = get_type_hints(make, include_extras=True)
        for option, parameter in inspect.signature(make).parameters.items():
            assert parameter.default is not parameter.empty
            assert hints[option] is bool or isinstance(hints[option].__metadata__[0], Within)
            assert (name, option) in varied


def test_aliases_lead_to_entries():
    assert ALIASES["swish"] == "silu"
    assert set(ALIASES.values()) <= set(ACTIVATIONS)
    assert not set(ALIASES) & set(ACTIVATIONS)


@every_activation
def test_records_can_be_pickled(activation):
    z = np.linspace(-4.0, 4.0, 33)
    copy = pickle.loads(pickle.dumps(activation))
    npt.assert_array_equal(copy.fn(z), activation.fn(z))
    npt.assert_array_equal(slopes(copy, z), slopes(activation, z))


# The derivative


@every_activation
def test_derivative_is_the_slope_of_the_function(activation):
    rng = np.random.default_rng(0)
    z = away_from_kinks(activation, np.concatenate((rng.standard_normal(200), rng.uniform(-9.0, 9.0, 200))))
    numerical = numerical_gradient(lambda v: activation.fn(v).sum(), z[:60])
    npt.assert_allclose(slopes(activation, z[:60]), numerical, rtol=1e-5, atol=1e-7)
    pointwise = (activation.fn(z + 1e-6) - activation.fn(z - 1e-6)) / 2e-6
    npt.assert_allclose(slopes(activation, z), pointwise, rtol=1e-5, atol=1e-8)


@every_activation
def test_derivative_at_a_kink_is_the_one_from_the_left(activation):
    for kink in activation.kinks:
        at = np.array([kink])
        left = (activation.fn(at) - activation.fn(at - 1e-7)) / 1e-7
        right = (activation.fn(at + 1e-7) - activation.fn(at)) / 1e-7
        npt.assert_allclose(slopes(activation, at), left, rtol=1e-5, atol=1e-6)
        assert abs(left[0] - right[0]) > 1e-3


@pytest.mark.parametrize(
    ("name", "at_kinks"),
    [
        ("relu", [0.0]),
        ("relu6", [0.0, 1.0]),
        ("leaky_relu", [0.01]),
        ("prelu", [0.25]),
        ("selu", [1.0507009873554805 * 1.6732632423543772]),
        ("hardtanh", [0.0, 1.0]),
        ("hard_sigmoid", [0.0, 1.0 / 6.0]),
        ("hardswish", [0.0, 1.5]),
    ],
)
@both_precisions
def test_known_slopes_at_the_kinks(name, at_kinks, dtype):
    activation = ACTIVATIONS[name]()
    npt.assert_array_equal(
        slopes(activation, np.array(activation.kinks, dtype=dtype)), np.array(at_kinks, dtype)
    )


@every_activation
def test_derivative_is_continuous_but_for_the_kinks(activation):
    z = np.linspace(-9.0, 9.0, 180_002)
    jumps = np.abs(np.diff(slopes(activation, z))) > 2e-3
    for position in np.flatnonzero(jumps):
        assert any(z[position] <= kink <= z[position + 1] for kink in activation.kinks)
    assert np.count_nonzero(jumps) == len(activation.kinks)


@pytest.mark.parametrize("slope", [0.01, 0.1, 0.2, 0.25, 0.3, 1.0])
@both_precisions
def test_the_positive_side_of_leaky_relus_has_slope_one_exactly(slope, dtype):
    z = np.array([1e-30, 0.5, 1e30], dtype=dtype)
    npt.assert_array_equal(slopes(ACTIVATIONS["leaky_relu"](slope), z), 1.0)
    npt.assert_array_equal(slopes(ACTIVATIONS["leaky_relu"](slope), -z), dtype(slope))


# What a record claims


@every_activation
def test_max_slope_is_the_largest_slope(activation):
    edges = [np.nextafter(kink, side) for kink in activation.kinks for side in (-99.0, 99.0)]
    z = np.concatenate((np.linspace(-45.0, 45.0, 90_001), activation.kinks, edges))
    steepest = np.abs(slopes(activation, z))
    assert steepest.max() <= activation.max_slope * (1.0 + 1e-12)
    if math.isinf(activation.max_slope):
        assert np.abs(slopes(activation, np.array([1e12])))[0] > 1e11
        return
    span = 1e-3
    for _ in range(3):
        z = np.append(z[steepest.argmax()] + np.linspace(-span, span, 2001), z[steepest.argmax()])
        steepest = np.abs(slopes(activation, z))
        span /= 1000.0
    npt.assert_allclose(steepest.max(), activation.max_slope, rtol=1e-12)


@every_activation
def test_value_range_is_where_the_values_are(activation):
    far = np.logspace(1.0, 15.0, 2001)
    values = activation.fn(np.concatenate((-far, np.linspace(-10.0, 10.0, 200_001), far)))
    low, high = activation.value_range
    assert low <= values.min() + 1e-12 * abs(values.min())
    assert high >= values.max() - 1e-12 * abs(values.max())
    for reached, claimed in ((values.min(), low), (values.max(), high)):
        if math.isfinite(claimed):
            npt.assert_allclose(reached, claimed, atol=1e-8)
        else:
            assert reached * math.copysign(1.0, claimed) > 1e12


@every_activation
@both_precisions
def test_the_slope_is_exactly_zero_where_it_is_said_to_be_flat_and_nowhere_else(activation, dtype):
    z = np.random.default_rng(2).uniform(-8.0, 8.0, 20_000).astype(dtype)
    npt.assert_array_equal(slopes(activation, z) == 0.0, is_flat(activation, z))
    far = np.array([-1e30, -100.0, 100.0, 1e30], dtype)
    npt.assert_array_equal(slopes(activation, far)[is_flat(activation, far)], 0.0)
    for end in (end for interval in activation.flat for end in interval if math.isfinite(end)):
        around = np.array([end - 1e-3, end + 1e-3], dtype)
        npt.assert_array_equal(slopes(activation, around) == 0.0, is_flat(activation, around))
        assert is_flat(activation, around).sum() == 1


@every_activation
def test_is_linear_only_where_it_is_a_line(activation):
    z = np.linspace(-5.0, 5.0, 101)
    is_line = np.ptp(slopes(activation, z)) == 0.0
    assert activation.is_linear == is_line


@every_activation
def test_saturates_unless_the_inactive_side_is_all_there_is(activation):
    assert activation.saturates == (activation.name not in NEVER_SATURATE)


@every_activation
def test_what_saturates_fades_on_some_side(activation):
    if activation.saturates:
        assert np.abs(slopes(activation, np.array([-50.0, 50.0]))).min() < 0.01 * activation.max_slope


# PyTorch


def torch_functions(torch):
    F = torch.nn.functional
    return {
        "linear": lambda z: z * 1.0,
        "sigmoid": torch.sigmoid,
        "scaled_sigmoid": lambda z, scale=4.0, shift=-2.0, slope=1.0: (
            scale * torch.sigmoid(slope * z) + shift
        ),
        "tanh": torch.tanh,
        "lecun_tanh": lambda z: 1.7159 * torch.tanh(2.0 * z / 3.0),
        "arctan": torch.arctan,
        "softsign": F.softsign,
        "softplus": lambda z: F.softplus(z, threshold=1000.0),
        "relu": F.relu,
        "relu6": F.relu6,
        "leaky_relu": lambda z, slope=0.01: F.leaky_relu(z, slope),
        "prelu": lambda z, slope=0.25, learned=True: F.prelu(z, torch.tensor([slope], dtype=z.dtype)),
        "elu": lambda z, alpha=1.0: F.elu(z, alpha),
        "selu": F.selu,
        "celu": lambda z, alpha=1.0: F.celu(z, alpha),
        "gelu": F.gelu,
        "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
        "silu": F.silu,
        "mish": F.mish,
        "hardtanh": F.hardtanh,
        "hard_sigmoid": F.hardsigmoid,
        "hardswish": F.hardswish,
        "squared_relu": lambda z: F.relu(z) ** 2,
    }


@pytest.mark.parametrize(
    ("name", "options"), [*((name, {}) for name in ACTIVATIONS if name != "softmax"), *VARIANTS]
)
def test_agrees_with_pytorch_in_value_and_slope(name, options):
    torch = pytest.importorskip("torch")
    activation = ACTIVATIONS[name](**options)
    rng = np.random.default_rng(3)
    z = np.concatenate(
        (rng.standard_normal(500), rng.uniform(-30.0, 30.0, 500), [1e-8, -1e-8, 100.0, -100.0])
    )
    z = away_from_kinks(activation, z, distance=1e-9)
    theirs = torch.tensor(z, requires_grad=True)
    values = torch_functions(torch)[name](theirs, **options)
    values.sum().backward()
    npt.assert_allclose(activation.fn(z), values.detach().numpy(), rtol=1e-12, atol=1e-12)
    # PyTorch's backward kernel has 1/6 in float32 whatever the precision of the tensors.
    rtol = 1e-7 if name == "hard_sigmoid" else 1e-12
    npt.assert_allclose(slopes(activation, z), theirs.grad.numpy(), rtol=rtol, atol=1e-12)


# Published moments under z ~ N(0, 1): E φ, E φ², E φ′, E φ′², E φ′⁴, E z φ φ′ / E φ²

MOMENTS = {
    ("linear", None): (0.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    ("sigmoid", None): (
        0.5,
        0.293379035858,
        0.206620964142,
        0.0448362413502,
        0.00228565128668,
        0.106341074741,
    ),
    ("tanh", None): (0.0, 0.394294490398, 0.605705509602, 0.464402902448, 0.341509207317, 0.461070830478),
    ("relu", None): (0.398942280401, 0.5, 0.5, 0.5, 0.5, 1.0),
    ("leaky_relu", 0.01): (0.394952857597, 0.50005, 0.505, 0.50005, 0.500000005, 1.0),
    ("leaky_relu", 0.1): (0.359048052361, 0.505, 0.55, 0.505, 0.50005, 1.0),
    ("leaky_relu", 0.2): (0.319153824321, 0.52, 0.6, 0.52, 0.5008, 1.0),
    ("prelu", 0.25): (0.299206710301, 0.53125, 0.625, 0.53125, 0.501953125, 1.0),
    ("elu", 1.0): (
        0.160520572267,
        0.644945417493,
        0.761578291865,
        0.668102001223,
        0.594410641302,
        0.890967971856,
    ),
    ("selu", None): (0.0, 1.0, 0.985231116186, 1.07157499246, 1.51135290239, 0.782647883197),
    ("gelu", None): (0.282094791774, 0.42522148257, 0.5, 0.455850865649, 0.433955838856, 1.14406319687),
    ("gelu_tanh", None): (0.282038588079, 0.425193711033, 0.5, 0.455817845963, 0.433901338125, 1.14429826616),
    ("softplus", None): (0.806059183347, 0.921245908859, 0.5, 0.293379035858, 0.131594313066, 0.492053172905),
    ("arctan", None): (0.0, 0.449700916435, 0.655679542419, 0.5, 0.359279923736, 0.560819031809),
    ("silu", None): (0.206620964142, 0.355775519817, 0.5, 0.379482351633, 0.28658057688, 1.1725940541),
    ("mish", None): (
        0.240403888375,
        0.452342192376,
        0.563747557288,
        0.479083758374,
        0.421736381747,
        1.07633881636,
    ),
    ("hardtanh", None): (0.0, 0.516058550962, 0.682689492137, 0.682689492137, 0.682689492137, 0.385126925479),
    ("relu6", None): (
        0.398942280245,
        0.499999998075,
        0.499999999013,
        0.499999999013,
        0.499999999013,
        0.999999928966,
    ),
    ("softsign", None): (0.0, 0.183014021267, 0.412755100339, 0.227671340422, 0.110741500834, 0.476711560442),
    ("hard_sigmoid", None): (
        0.5,
        0.277639091057,
        0.166216700656,
        0.0277027834427,
        0.000769521762297,
        0.0971194003629,
    ),
    ("hardswish", None): (0.166216700656, 0.331567375138, 0.5, 0.358531517179, 0.258463636801, 1.22392026198),
}


def gaussian_nodes(activation):
    """Gauss–Legendre nodes and N(0, 1) weights on cells of |z| <= 12 whose ends include the kinks."""
    corners = [0.0, *activation.kinks]  # softsign's second derivative jumps at 0
    ends = np.unique(np.concatenate((np.linspace(-12.0, 12.0, 97), corners)))
    x, w = np.polynomial.legendre.leggauss(16)
    half = np.diff(ends)[:, np.newaxis] / 2.0
    z = (ends[:-1, np.newaxis] + half + half * x).ravel()
    weights = (half * w).ravel() * np.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)
    return z, weights


@pytest.mark.parametrize(("name", "option"), MOMENTS)
def test_gaussian_moments_are_the_published_ones(name, option):
    activation = ACTIVATIONS[name]() if option is None else ACTIVATIONS[name](option)
    z, weights = gaussian_nodes(activation)
    a = activation.fn(z)
    slope = activation.derivative(z, a)
    second = weights @ a**2
    found = (weights @ a, second, weights @ slope, weights @ slope**2, weights @ slope**4)
    npt.assert_allclose(
        (*found, weights @ (z * a * slope) / second), MOMENTS[name, option], rtol=2e-11, atol=1e-12
    )


@every_activation
def test_steins_lemma_ties_the_derivative_to_the_function(activation):
    z, weights = gaussian_nodes(activation)
    a = activation.fn(z)
    npt.assert_allclose(weights @ (z * a), weights @ activation.derivative(z, a), rtol=1e-11, atol=1e-12)


def test_closed_forms_of_the_moments():
    e, phi_minus_1, phi_minus_2 = math.e, 0.5 * math.erfc(1 / math.sqrt(2)), 0.5 * math.erfc(2 / math.sqrt(2))
    forms = {
        "gelu": (1 / 3 + 1 / (2 * math.pi * math.sqrt(3)), 1 / 3 + 2 / (3 * math.pi * math.sqrt(3))),
        "elu": (1 - 2 * math.exp(0.5) * phi_minus_1 + e**2 * phi_minus_2, 0.5 + e**2 * phi_minus_2),
    }
    for name, (second_moment, squared_slope) in forms.items():
        z, weights = gaussian_nodes(ACTIVATIONS[name]())
        npt.assert_allclose(weights @ ACTIVATIONS[name]().fn(z) ** 2, second_moment, rtol=1e-13)
        npt.assert_allclose(weights @ slopes(ACTIVATIONS[name](), z) ** 2, squared_slope, rtol=1e-13)


# Precision and extremes


@every_activation
@both_precisions
def test_precision_is_kept_and_nothing_is_overwritten(activation, dtype):
    z = np.random.default_rng(4).standard_normal((5, 7, 3)).astype(dtype).transpose(2, 0, 1)
    before = z.copy()
    a = activation.fn(z)
    values = a.copy()
    slope = activation.derivative(z, a)
    assert a.dtype == slope.dtype == dtype
    assert a.shape == slope.shape == z.shape
    npt.assert_array_equal(z, before)
    npt.assert_array_equal(a, values)


@every_activation
def test_float32_is_float64_to_rounding(activation):
    z = np.random.default_rng(5).uniform(-12.0, 12.0, 5000).astype(np.float32)
    z = away_from_kinks(activation, z)
    wide = z.astype(np.float64)
    npt.assert_allclose(activation.fn(z), activation.fn(wide), rtol=1e-6, atol=1e-6)
    npt.assert_allclose(slopes(activation, z), slopes(activation, wide), rtol=1e-6, atol=1e-6)


@every_activation
@both_precisions
def test_every_finite_input_is_silent_and_finite(activation, dtype):
    sizes = [
        1e-40,
        1e-30,
        1e-20,
        1e-8,
        5.0,
        9.0,
        17.0,
        20.0,
        40.0,
        60.0,
        88.0,
        90.0,
        104.0,
        710.0,
        750.0,
        1e4,
        1e18,
        1e30,
    ]
    largest = float(np.finfo(dtype).max) / 8.0
    z = np.array([0.0, -0.0, *sizes, *(-size for size in sizes), largest, -largest], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        a = activation.fn(z)
        slope = activation.derivative(z, a)
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() <= 1.0001 * activation.max_slope
    representable = np.abs(z) < 1e18 if activation.name == "squared_relu" else np.ones(z.shape, bool)
    assert np.isfinite(a[representable]).all()
    low, high = activation.value_range
    assert (a >= np.nextafter(dtype(low), dtype(-np.inf))).all()
    assert (a <= np.nextafter(dtype(high), dtype(np.inf))).all()


@every_activation
@both_precisions
def test_huge_inputs_reach_the_limits(activation, dtype):
    z = np.array([-1e30, 1e30], dtype=dtype)
    a, slope = activation.fn(z).astype(np.float64), slopes(activation, z)
    if not activation.saturates:
        return
    npt.assert_allclose(slope[0], 0.0, atol=1e-35)
    npt.assert_allclose(slope[1], 0.0 if math.isfinite(activation.value_range[1]) else slope[1], atol=1e-35)
    if math.isfinite(activation.value_range[1]):
        npt.assert_allclose(a, activation.value_range, rtol=1e-6)
    else:
        depth = activation.value_range[0] if activation.name in {"elu", "selu", "celu"} else 0.0
        npt.assert_allclose(a[0], depth, rtol=1e-6, atol=1e-35)
        npt.assert_allclose(a[1], 1e30 * float(slope[1]), rtol=1e-6)


@every_activation
@both_precisions
def test_what_is_not_finite_gives_nan_or_the_limit(activation, dtype):
    with np.errstate(all="ignore"):
        values = activation.fn(np.array([np.nan, -np.inf, np.inf], dtype=dtype)).astype(np.float64)
        limits = activation.fn(np.array([-1e37, 1e37], dtype=np.float64))
    assert np.isnan(values[0])
    for value, limit in zip(values[1:], limits, strict=True):
        expected = limit if abs(limit) < 1e30 else math.copysign(math.inf, limit)
        assert np.isnan(value) or math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-30)


@pytest.mark.parametrize(
    ("name", "options"), [("relu", {}), ("leaky_relu", {"slope": 0.0}), ("prelu", {"slope": 0})]
)
def test_minus_infinity_is_rectified_to_zero(name, options):
    npt.assert_array_equal(ACTIVATIONS[name](**options).fn(np.array([-np.inf, np.inf])), [0.0, np.inf])


@pytest.mark.parametrize("z", [5.0, 9.5, 20.0, 40.0])
@both_precisions
def test_saturated_slopes_keep_their_digits_on_both_sides(z, dtype):
    both = np.array([-z, z], dtype=dtype)
    logistic = math.exp(-z) / (1.0 + math.exp(-z)) ** 2
    rtol = 1e-5 if dtype == np.float32 else 1e-14
    npt.assert_allclose(slopes(ACTIVATIONS["sigmoid"](), both), logistic, rtol=rtol)
    npt.assert_allclose(slopes(ACTIVATIONS["scaled_sigmoid"](), both), 4.0 * logistic, rtol=rtol)
    npt.assert_allclose(slopes(ACTIVATIONS["tanh"](), both), 1.0 / math.cosh(z) ** 2, rtol=rtol)
    npt.assert_allclose(
        slopes(ACTIVATIONS["lecun_tanh"](), both), 1.7159 * 2 / 3 / math.cosh(2 * z / 3) ** 2, rtol=rtol
    )
    npt.assert_allclose(slopes(ACTIVATIONS["softplus"](), both[:1]), 1.0 / (1.0 + math.exp(z)), rtol=rtol)
    npt.assert_allclose(slopes(ACTIVATIONS["elu"](), both[:1]), math.exp(-z), rtol=rtol)


@pytest.mark.parametrize(
    "name", ["elu", "celu", "tanh", "silu", "gelu", "gelu_tanh", "mish", "softsign", "arctan"]
)
@both_precisions
def test_vanishing_signals_keep_their_digits(name, dtype):
    activation = ACTIVATIONS[name]()
    at_zero = slopes(activation, np.zeros(1))[0]
    z = np.array([-1e-6, -1e-10, -1e-19, -1e-20, -1e-21, -1e-30, 1e-30, 1e-20, 1e-10], dtype=dtype)
    npt.assert_allclose(activation.fn(z), at_zero * z.astype(np.float64), rtol=2e-6)
    npt.assert_allclose(slopes(activation, z), at_zero, rtol=5e-6)


def test_a_squared_relu_beyond_the_range_of_float32_is_infinite_not_wrong():
    values = ACTIVATIONS["squared_relu"]().fn(np.array([-1e30, 1e18, 1e30], dtype=np.float32))
    npt.assert_array_equal(np.isinf(values), [False, False, True])


# Softmax


def test_softmax_is_a_record_of_its_own():
    softmax = ACTIVATIONS["softmax"]()
    assert isinstance(softmax, Softmax)
    assert not isinstance(softmax, Activation)


@both_precisions
def test_softmax_agrees_with_pytorch(dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(6)
    z, dy = (3.0 * rng.standard_normal((2, 4, 5, 6)).astype(dtype) for _ in range(2))
    theirs = torch.tensor(z, requires_grad=True)
    outputs = torch.softmax(theirs, dim=-1)
    outputs.backward(torch.tensor(dy))
    softmax = Softmax()
    a = softmax.forward(z)
    dz = softmax.backward(dy, a)
    assert a.dtype == dz.dtype == dtype
    tolerance = 1e-6 if dtype == np.float32 else 1e-13
    npt.assert_allclose(a, outputs.detach().numpy(), rtol=tolerance, atol=tolerance)
    npt.assert_allclose(dz, theirs.grad.numpy(), rtol=tolerance, atol=tolerance)


def test_softmax_gradient_against_finite_differences():
    rng = np.random.default_rng(7)
    z, dy = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    softmax = Softmax()
    dz = softmax.backward(dy, softmax.forward(z))
    npt.assert_allclose(
        dz, numerical_gradient(lambda v: float(np.sum(dy * softmax.forward(v))), z), rtol=1e-5, atol=1e-8
    )
    npt.assert_allclose(dz.sum(axis=-1), 0.0, atol=1e-15)
    directional_check(lambda v: float(np.sum(dy * softmax.forward(v))), dz, z, rng)


@both_precisions
def test_softmax_is_silent_and_right_for_huge_inputs(dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        a = Softmax().forward(
            np.array([[1e30, -1e30, 0.0], [-1e30, -1e30, -1e30], [1e30, 1e30, -5.0]], dtype=dtype)
        )
    npt.assert_allclose(a, [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]], rtol=1e-6)


@both_precisions
def test_softmax_is_silent_at_the_ends_of_the_precision(dtype):
    largest = np.finfo(dtype).max
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        a = Softmax().forward(np.array([[largest, -largest]], dtype=dtype))
    npt.assert_array_equal(a, [[1.0, 0.0]])


def test_softmax_of_what_is_not_finite_is_nan():
    with np.errstate(all="ignore"):
        a = Softmax().forward(np.array([[np.nan, 0.0], [np.inf, 0.0], [0.0, 1.0]]))
    npt.assert_array_equal(np.isnan(a).any(axis=-1), [True, True, False])
