"""Every input distribution of the table against the moments it claims and the shapes it is asked for."""

import inspect
import math
from collections.abc import Callable
from typing import Any, get_type_hints

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import Array
from gradscope.engine.batches import INPUTS, Form, Inputs
from gradscope.engine.options import Within
from gradscope.engine.random import Stream
from tests.strategies import few, sizes

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
SIGMAS = 5.0

CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in INPUTS if name not in {"file", "tokens"}),
    ("normal", {"mean": -1.5, "std": 0.3}),
    ("normal", {"mean": 0.5, "std": 0.0}),
    ("uniform", {"low": -2.0, "high": 6.0}),
    ("bernoulli", {"p": 0.1}),
    ("lognormal", {"mean": -1.0, "std": 0.4}),
    ("correlated", {"rho": 0.0}),
    ("correlated", {"rho": 0.9}),
]
every_distribution = pytest.mark.parametrize(
    ("name", "options"), CASES, ids=[f"{name}{options or ''}" for name, options in CASES]
)


def draw(
    inputs: Inputs,
    batch_size: int,
    shape: tuple[int, ...],
    dtype: np.dtype[np.floating] = FLOAT64,
    *,
    vocab: int | None = None,
    trial: int = 0,
) -> Array:
    return inputs.draw(Stream(0, trial, "inputs").generator(), Form(batch_size, shape, dtype, vocab), 0)


# The table


def test_every_option_of_a_distribution_has_limits_and_a_default() -> None:
    for name, make in INPUTS.items():
        hints = get_type_hints(make, include_extras=True)
        for option, parameter in inspect.signature(make).parameters.items():
            if name != "file":
                assert parameter.default is not parameter.empty
                assert isinstance(hints[option].__metadata__[0], Within)


def test_what_is_known_of_the_distributions() -> None:
    made = {name: make() for name, make in INPUTS.items() if name != "file"}
    assert {name for name, inputs in made.items() if inputs.is_tokens} == {"tokens"}
    assert {name for name, inputs in made.items() if inputs.is_sparse} == {"one_hot"}


# Shapes and moments


@every_distribution
@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64], ids=str)
@few
@given(batch_size=sizes(5), shape=st.lists(sizes(4), min_size=1, max_size=3))
def test_shape_and_precision(
    dtype: np.dtype[np.floating], name: str, options: dict[str, Any], batch_size: int, shape: list[int]
) -> None:
    batch = draw(INPUTS[name](**options), batch_size, tuple(shape), dtype)
    assert batch.shape == (batch_size, *shape)
    assert batch.dtype == dtype


@every_distribution
def test_both_precisions_see_the_same_batch(name: str, options: dict[str, Any]) -> None:
    inputs = INPUTS[name](**options)
    single, double = draw(inputs, 20, (30,), FLOAT32), draw(inputs, 20, (30,), FLOAT64)
    npt.assert_allclose(single, double, rtol=2e-6, atol=1e-6)


@every_distribution
def test_moments(name: str, options: dict[str, Any]) -> None:
    """Over many batches, since the samples of one may be correlated."""
    inputs = INPUTS[name](**options)
    assert inputs.moments is not None
    mean, second, fourth, pair, squares = inputs.moments((2000,))
    batches = [draw(inputs, 4, (2000,), trial=trial) for trial in range(50)]
    found = {
        mean: [np.mean(x) for x in batches],
        second: [np.mean(x**2) for x in batches],
    }
    if not inputs.is_sparse:  # of one-hot samples hardly any two share an entry
        found |= {
            pair: [np.mean(x[:2] * x[2:]) for x in batches],
            fourth: [np.mean(x**4) for x in batches],
            squares: [np.mean(x[:2] ** 2 * x[2:] ** 2) for x in batches],
        }
    for expected, means in found.items():
        standard_error = np.std(means, ddof=1) / math.sqrt(len(means))
        assert abs(np.mean(means) - expected) <= 6.0 * standard_error + 1e-12


MEANS: dict[str, Callable[..., float]] = {
    "normal": lambda mean=0.0, std=1.0: mean,
    "uniform": lambda low=0.0, high=1.0: (low + high) / 2.0,
    "bernoulli": lambda p=0.5: p,
    "one_hot": lambda: 1.0 / 2000.0,
    "lognormal": lambda mean=0.0, std=1.0: math.exp(mean + std**2 / 2.0),
    "correlated": lambda rho=0.5: 0.0,
}


@every_distribution
def test_mean(name: str, options: dict[str, Any]) -> None:
    means = [draw(INPUTS[name](**options), 4, (2000,), trial=trial).mean() for trial in range(50)]
    standard_error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert abs(np.mean(means) - MEANS[name](**options)) <= 6.0 * standard_error + 1e-12


# What is special about one


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_and_impossible_events(p: float) -> None:
    """Ten million draws: one in 2^26 rounds to the end of its interval."""
    inputs = INPUTS["bernoulli"](p)
    for trial in range(10):
        assert (draw(inputs, 1000, (1000,), FLOAT32, trial=trial) == p).all()


class EndOfInterval:
    """Stands for a generator that draws the largest number there is."""

    def __init__(self) -> None:
        self.bit_generator = self

    def random_raw(self, size: int) -> Array:
        return np.full(size, 0x7FFFFFFF_7FFFFFFF, dtype=np.uint64)


def test_a_certain_event_happens_even_at_the_end_of_the_interval() -> None:
    batch = INPUTS["bernoulli"](1.0).draw(EndOfInterval(), Form(3, (4,), FLOAT32), 0)  # type: ignore[arg-type]
    assert (batch == 1.0).all()


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 5), (2, 3, 4)])
def test_one_hot_has_a_single_one_along_the_last_axis(shape: tuple[int, ...]) -> None:
    batch = draw(INPUTS["one_hot"](), 50, shape)
    assert set(np.unique(batch)) <= {0.0, 1.0}
    assert (batch.sum(axis=-1) == 1.0).all()


def test_the_place_of_the_one_is_uniform() -> None:
    counts = draw(INPUTS["one_hot"](), 40_000, (8,)).sum(axis=0)
    assert np.abs(counts - 5000.0).max() < SIGMAS * math.sqrt(40_000 * 7 / 64)


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0])
def test_samples_are_correlated_as_told(rho: float) -> None:
    """Every pair of six samples, over 100,000 features; each feature is N(0, 1)."""
    batch = draw(INPUTS["correlated"](rho), 6, (100_000,))
    gram = batch @ batch.T / batch.shape[1]
    expected = np.full((6, 6), rho) + (1.0 - rho) * np.eye(6)
    npt.assert_allclose(gram, expected, atol=SIGMAS * math.sqrt(2.0 / batch.shape[1]))


@pytest.mark.parametrize("vocab", [1, 2, 50])
@pytest.mark.parametrize("zipf", [0.0, 1.0, 3.0, 1000.0])
def test_tokens(vocab: int, zipf: float) -> None:
    """The k-th with probability proportional to k^-zipf."""
    batch = draw(INPUTS["tokens"](zipf), 2000, (30,), vocab=vocab)
    assert batch.shape == (2000, 30)
    assert batch.dtype.kind == "i"
    assert batch.min() >= 0
    assert batch.max() < vocab
    shares = np.array([(k + 1.0) ** -zipf for k in range(vocab)])
    shares /= shares.sum()
    limits = SIGMAS * np.sqrt(batch.size * shares * (1.0 - shares)) + SIGMAS
    assert (np.abs(np.bincount(batch.ravel(), minlength=vocab) - batch.size * shares) < limits).all()


def test_moments_that_no_float_holds() -> None:
    moments = INPUTS["lognormal"](std=100.0).moments
    assert moments is not None
    assert moments((3,)).second == math.inf
