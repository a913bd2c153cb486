"""Every initialiser of the table against the law it claims, closed forms and PyTorch's own functions."""

import inspect
import math
from collections.abc import Callable
from typing import Any, get_type_hints

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given

from gradscope.engine import Array
from gradscope.engine.initializers import ALIASES, INITIALIZERS, Fans, Initializer, Mode
from gradscope.engine.options import Within
from gradscope.engine.random import Stream
from tests.strategies import bounded, few, shapes_IO, sizes

NEEDED: dict[str, dict[str, Any]] = {"constant": {"value": 0.7}}
"""Options without a default."""

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("he_normal", {"gain": 2.0, "mode": "fan_out"}),
    ("he_uniform", {"gain": 0.5, "mode": "fan_avg"}),
    ("glorot_normal", {"mode": "fan_in"}),
    ("glorot_uniform", {"gain": 5 / 3}),
    ("lecun_normal", {"mode": "fan_out"}),
    ("lecun_uniform", {"gain": 3.0}),
    ("variance", {"scale": 1.7}),
    ("normal", {"mean": 0.5, "std": 0.02}),
    ("truncated_normal", {"mean": -1.0, "std": 0.3}),
    ("uniform", {"low": -3.0, "high": 1.0}),
    ("orthogonal", {"gain": 1.02}),
    ("delta_orthogonal", {"gain": 0.5}),
]
CASES = [(name, NEEDED.get(name, {})) for name in INITIALIZERS] + VARIANTS
PARAMETERS = [
    pytest.param(INITIALIZERS[name](**options), id=f"{name}{options or ''}") for name, options in CASES
]
every_initializer = pytest.mark.parametrize("initializer", PARAMETERS)
IN_BLOCKS = [parameter for parameter in PARAMETERS if parameter.values[0].in_blocks]  # type: ignore[union-attr]
WHOLE = [parameter for parameter in PARAMETERS if parameter not in IN_BLOCKS]

NORMAL_FAMILY = ["glorot_normal", "he_normal", "lecun_normal", "variance", "normal"]
UNIFORM_FAMILY = ["torch_default", "glorot_uniform", "he_uniform", "lecun_uniform"]
SCHEMES = [name for name in INITIALIZERS if name.startswith(("glorot", "he_", "lecun"))]

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def filled(
    initializer: Initializer,
    shape: tuple[int, int],
    dtype: np.dtype[np.floating] = FLOAT64,
    *,
    fans: Fans | None = None,
    path: str = "w",
) -> Array:
    return initializer.fill(Stream(0, 0, path).generator(), shape, fans or Fans(*shape), dtype)


# The table


def test_every_option_has_limits() -> None:
    for make in INITIALIZERS.values():
        hints = get_type_hints(make, include_extras=True)
        for option in inspect.signature(make).parameters:
            assert hints[option] == Mode or isinstance(hints[option].__metadata__[0], Within)


def test_aliases_name_entries_and_hide_none() -> None:
    assert set(ALIASES.values()) <= set(INITIALIZERS)
    assert not set(ALIASES) & set(INITIALIZERS)


def test_only_the_default_draws_biases_like_pytorch() -> None:
    assert {name for name in INITIALIZERS if INITIALIZERS[name](**NEEDED.get(name, {})).is_torch} == {
        "torch_default"
    }


# The law


@pytest.mark.parametrize("initializer", IN_BLOCKS)
@few
@given(fan_in=sizes(2000))
def test_mean_and_variance(initializer: Initializer, fan_in: int) -> None:
    """Of 300,000 entries: the mean within 5 standard errors, the variance within 2 %."""
    fans = Fans(fan_in, math.ceil(300_000 / fan_in))
    entries = filled(initializer, fans[:2])
    mean, variance = initializer.mean(fans), initializer.variance(fans)
    assert abs(entries.mean() - mean) <= 5.0 * math.sqrt(variance / entries.size) + 1e-12
    assert abs(entries.var() - variance) <= 0.02 * variance + 1e-20


@pytest.mark.parametrize("initializer", WHOLE)
@few
@given(shape=shapes_IO(40))
def test_second_moment_of_what_is_drawn_whole(initializer: Initializer, shape: tuple[int, int]) -> None:
    """Such matrices have their norm exactly, whatever is drawn."""
    entries = filled(initializer, shape)
    second = initializer.mean(Fans(*shape)) ** 2 + initializer.variance(Fans(*shape))
    npt.assert_allclose(np.mean(np.square(entries)), second, rtol=1e-12)


@every_initializer
@few
@given(shape=shapes_IO(40))
def test_both_precisions_see_the_same_network(initializer: Initializer, shape: tuple[int, int]) -> None:
    single, double = filled(initializer, shape, FLOAT32), filled(initializer, shape, FLOAT64)
    assert (single.dtype, double.dtype) == (FLOAT32, FLOAT64)
    assert single.shape == double.shape == shape
    npt.assert_allclose(single, double, rtol=1e-6, atol=1e-7 * (1.0 + np.abs(double).max()))


EXPECTED_STD = {
    ("glorot_normal", "fan_in"): math.sqrt(1 / 64),
    ("glorot_normal", "fan_out"): math.sqrt(1 / 256),
    ("glorot_normal", "fan_avg"): math.sqrt(2 / (64 + 256)),
    ("he_normal", "fan_in"): math.sqrt(2 / 64),
    ("he_normal", "fan_out"): math.sqrt(2 / 256),
    ("he_normal", "fan_avg"): math.sqrt(4 / (64 + 256)),
    ("lecun_normal", "fan_in"): math.sqrt(1 / 64),
    ("lecun_normal", "fan_out"): math.sqrt(1 / 256),
    ("lecun_normal", "fan_avg"): math.sqrt(2 / (64 + 256)),
}
DEFAULT_MODE = {"glorot": "fan_avg", "he": "fan_in", "lecun": "fan_in"}


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("gain", [1.0, 0.25])
@pytest.mark.parametrize("name", SCHEMES)
def test_schemes_divide_by_the_fan_they_are_told(name: str, gain: float, mode: str) -> None:
    scheme = name.split("_", maxsplit=1)[0]
    fans = Fans(64, 256)
    expected = gain * EXPECTED_STD[f"{scheme}_normal", mode]
    npt.assert_allclose(
        math.sqrt(INITIALIZERS[name](gain=gain, mode=mode).variance(fans)), expected, rtol=1e-14
    )
    if mode == DEFAULT_MODE[scheme]:
        npt.assert_allclose(math.sqrt(INITIALIZERS[name](gain=gain).variance(fans)), expected, rtol=1e-14)


def test_the_other_laws_in_closed_form() -> None:
    fans = Fans(50, 80)
    assert INITIALIZERS["variance"](1.3).variance(fans) == pytest.approx(1.3 / 50, rel=1e-14)
    assert INITIALIZERS["torch_default"]().variance(fans) == pytest.approx(1 / 150, rel=1e-14)
    assert INITIALIZERS["uniform"](low=-1.0, high=2.0).variance(fans) == pytest.approx(9 / 12, rel=1e-14)
    assert INITIALIZERS["uniform"](low=-1.0, high=2.0).mean(fans) == 0.5
    assert INITIALIZERS["normal"](mean=2.0, std=3.0).variance(fans) == 9.0
    assert INITIALIZERS["truncated_normal"](std=2.0).variance(fans) == pytest.approx(4 * 0.7737412802)


# Families


@pytest.mark.parametrize("family", [NORMAL_FAMILY, UNIFORM_FAMILY], ids=["normal", "uniform"])
@few
@given(shape=shapes_IO(60))
def test_one_family_scales_the_same_draws(family: list[str], shape: tuple[int, int]) -> None:
    standardised = [
        filled(INITIALIZERS[name](), shape) / math.sqrt(INITIALIZERS[name]().variance(Fans(*shape)))
        for name in family
    ]
    for other in standardised[1:]:
        npt.assert_allclose(other, standardised[0], rtol=1e-14)


@pytest.mark.parametrize("name", [*SCHEMES, "orthogonal", "delta_orthogonal"])
@few
@given(shape=shapes_IO(30))
def test_gain_multiplies(name: str, shape: tuple[int, int]) -> None:
    plain, scaled = filled(INITIALIZERS[name](), shape), filled(INITIALIZERS[name](gain=3.7), shape)
    npt.assert_allclose(scaled, 3.7 * plain, rtol=1e-14)


@pytest.mark.parametrize("name", [*UNIFORM_FAMILY, "uniform"])
def test_uniform_entries_fill_their_interval_and_stay_inside(name: str) -> None:
    initializer, fans = INITIALIZERS[name](), Fans(300, 200)
    entries = filled(initializer, (300, 200)) - initializer.mean(fans)
    half_width = math.sqrt(3.0 * initializer.variance(fans))
    assert 0.999 * half_width < np.abs(entries).max() <= half_width * (1.0 + 1e-15)


def test_truncated_entries_stay_within_two_standard_deviations() -> None:
    entries = filled(INITIALIZERS["truncated_normal"](mean=10.0, std=0.5), (300, 200))
    assert 9.0 <= entries.min() < 9.001
    assert 10.999 < entries.max() <= 11.0


# Matrices drawn whole


@pytest.mark.parametrize("name", ["orthogonal", "delta_orthogonal"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(FLOAT32, 1e-6), (FLOAT64, 1e-12)], ids=str)
@bounded
@given(shape=shapes_IO(70))
def test_rows_or_columns_are_orthonormal(
    name: str, dtype: np.dtype[np.floating], tolerance: float, shape: tuple[int, int]
) -> None:
    q = filled(INITIALIZERS[name](), shape, dtype).astype(np.float64)
    fewer = q if shape[0] <= shape[1] else q.T
    npt.assert_allclose(fewer @ fewer.T, np.eye(min(shape)), atol=tolerance)


def test_orthogonal_matrices_are_spread_evenly() -> None:
    """QR alone gives R's diagonal one sign, and the first entry too; Haar measure has mean 0, E q² = 1/n."""
    drawn = np.array([filled(INITIALIZERS["orthogonal"](), (3, 3), path=f"w{k}") for k in range(2000)])
    standard_error = math.sqrt(1 / 3 / 2000)
    assert np.abs(drawn.mean(axis=0)).max() < 5.0 * standard_error
    assert np.abs(np.square(drawn).mean(axis=0) - 1 / 3).max() < 5.0 * standard_error
    assert abs(np.linalg.det(drawn).mean()) < 5.0 / math.sqrt(2000)


def test_delta_orthogonal_kernel_is_zero_but_for_its_centre() -> None:
    """Xiao et al. 2018, algorithm 1, for nine positions, four channels in and six out."""
    fans = Fans(36, 54, positions=9, centre=4)
    kernel = filled(INITIALIZERS["delta_orthogonal"](), (36, 6), fans=fans).reshape(9, 4, 6)
    npt.assert_allclose(kernel[4] @ kernel[4].T, np.eye(4), atol=1e-12)
    assert not np.delete(kernel, 4, axis=0).any()
    npt.assert_allclose(
        np.mean(np.square(kernel)), INITIALIZERS["delta_orthogonal"]().variance(fans), rtol=1e-12
    )


def test_orthogonal_kernel_with_more_channels_out_than_in() -> None:
    fans = Fans(36, 432, positions=9)
    kernel = filled(INITIALIZERS["orthogonal"](), (36, 48), fans=fans)
    npt.assert_allclose(np.mean(np.square(kernel)), INITIALIZERS["orthogonal"]().variance(fans), rtol=1e-12)


def test_constants() -> None:
    npt.assert_array_equal(filled(INITIALIZERS["identity"](), (2, 3)), [[1, 0, 0], [0, 1, 0]])
    assert (filled(INITIALIZERS["zeros"](), (2, 3)) == 0.0).all()
    assert (filled(INITIALIZERS["ones"](), (2, 3)) == 1.0).all()
    assert (filled(INITIALIZERS["constant"](-0.5), (2, 3)) == -0.5).all()


# PyTorch


def torch_functions(torch: Any) -> dict[str, Callable[[Any], Any]]:
    init = torch.nn.init
    return {
        "glorot_uniform": init.xavier_uniform_,
        "glorot_normal": init.xavier_normal_,
        "he_uniform": lambda w: init.kaiming_uniform_(w, nonlinearity="relu"),
        "he_normal": lambda w: init.kaiming_normal_(w, nonlinearity="relu"),
        "lecun_uniform": lambda w: init.kaiming_uniform_(w, nonlinearity="linear"),
        "lecun_normal": lambda w: init.kaiming_normal_(w, nonlinearity="linear"),
        "torch_default": lambda w: w.copy_(torch.nn.Linear(w.shape[1], w.shape[0]).weight),
        "normal": init.normal_,
        "truncated_normal": init.trunc_normal_,
        "uniform": init.uniform_,
        "orthogonal": init.orthogonal_,
        "identity": init.eye_,
        "zeros": init.zeros_,
        "ones": init.ones_,
        "constant": lambda w: init.constant_(w, 0.7),
    }


@pytest.mark.parametrize(
    "name", [name for name in INITIALIZERS if name not in {"variance", "delta_orthogonal"}]
)
def test_spread_is_that_of_pytorch(name: str) -> None:
    """Mean, RMS and bounds of 60,000 entries; two such samples of one law differ by a few thousandths."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    with torch.no_grad():
        theirs = torch_functions(torch)[name](torch.empty(200, 300, dtype=torch.float64)).numpy().T
    ours = filled(INITIALIZERS[name](**NEEDED.get(name, {})), (300, 200))
    npt.assert_allclose(np.sqrt(np.mean(np.square(ours))), np.sqrt(np.mean(np.square(theirs))), rtol=0.015)
    npt.assert_allclose(ours.mean(), theirs.mean(), atol=0.02 * theirs.std() + 1e-12)
    if name in {"truncated_normal", "uniform", *UNIFORM_FAMILY}:
        npt.assert_allclose(np.abs(ours).max(), np.abs(theirs).max(), rtol=0.01)
