"""The draw algorithm against the distributions it claims, and the addresses that random numbers have."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import numpy.testing as npt
import pytest

from gradscope.engine import Array
from gradscope.engine.random import (
    CHUNK,
    NUMERICS,
    Draw,
    Stream,
    standard_normal,
    standard_uniform,
    truncated_normal,
)

COUNT = 1 << 21
SIGMAS = 5.0
"""Standard errors allowed: a right algorithm exceeds them once in 1.7 million statistics."""

STREAM = Stream(seed=0, trial=0, path="dense1.weight")


class Law(NamedTuple):
    """What a family of draws claims to be."""

    draw: Draw
    moments: tuple[float, float, float]
    """Of the second, fourth and eighth order; odd ones are zero."""
    cdf: Callable[[float], float]


def phi(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def truncated_moment(order: int) -> float:
    """E z^order of N(0, 1) cut at ±2, by parts: m_k = (k − 1) m_(k−2) − 2·2^(k−1) φ(2)/(2 Φ(2) − 1)."""
    if order == 0:
        return 1.0
    edge = 2.0 * math.exp(-2.0) / math.sqrt(2.0 * math.pi) / (2.0 * phi(2.0) - 1.0)
    return (order - 1) * truncated_moment(order - 2) - 2.0 ** (order - 1) * edge


LAWS = {
    "normal": Law(standard_normal, (1.0, 3.0, 105.0), phi),
    "uniform": Law(standard_uniform, (1 / 3, 1 / 5, 1 / 9), lambda x: min(max(0.5 + 0.5 * x, 0.0), 1.0)),
    "truncated": Law(
        truncated_normal,
        (truncated_moment(2), truncated_moment(4), truncated_moment(8)),
        lambda x: min(max((phi(x) - phi(-2.0)) / (phi(2.0) - phi(-2.0)), 0.0), 1.0),
    ),
}
every_family = pytest.mark.parametrize("family", LAWS)


@pytest.fixture(scope="module")
def drawn() -> dict[str, Array]:
    """Two million numbers of each family, widened so that sums do not round."""
    return {name: law.draw(STREAM.generator(), COUNT).astype(np.float64) for name, law in LAWS.items()}


# The distribution


@every_family
def test_mean_and_skewness_are_zero(family: str, drawn: dict[str, Array]) -> None:
    values, (second, _, _) = drawn[family], LAWS[family].moments
    assert abs(values.mean()) < SIGMAS * math.sqrt(second / COUNT)
    cubes = values**3
    assert abs(cubes.mean()) < SIGMAS * cubes.std() / math.sqrt(COUNT)


@every_family
def test_variance_and_kurtosis(family: str, drawn: dict[str, Array]) -> None:
    values, (second, fourth, eighth) = drawn[family], LAWS[family].moments
    squares = values**2
    assert abs(squares.mean() - second) < SIGMAS * math.sqrt((fourth - second**2) / COUNT) < 0.02 * second
    fourth_powers = squares**2
    assert abs(fourth_powers.mean() - fourth) < SIGMAS * math.sqrt((eighth - fourth**2) / COUNT)


@every_family
def test_distribution_function(family: str, drawn: dict[str, Array]) -> None:
    """Kolmogorov's distance, over 2000 places: √n·D exceeds 2.5 once in 130,000 tries."""
    places = np.linspace(-4.0, 4.0, 2001)
    below = np.searchsorted(np.sort(drawn[family]), places, side="right") / COUNT
    expected = np.array([LAWS[family].cdf(place) for place in places.tolist()])
    assert np.abs(below - expected).max() * math.sqrt(COUNT) < 2.5


def test_tails_of_the_normal() -> None:
    """Sixteen million draws, of which ten lie beyond five standard deviations."""
    parts = 8
    beyond = dict.fromkeys((1, 2, 3, 4, 5), 0)
    for block in range(parts):
        sizes = np.abs(standard_normal(STREAM.generator(block), COUNT))
        for limit in beyond:
            beyond[limit] += int(np.count_nonzero(sizes > limit))
    for limit, found in beyond.items():
        expected = parts * COUNT * math.erfc(limit / math.sqrt(2.0))
        assert abs(found - expected) < SIGMAS * math.sqrt(expected) + SIGMAS
    assert beyond[5] > 0


def test_bounds(drawn: dict[str, Array]) -> None:
    assert np.abs(drawn["truncated"]).max() <= 2.0
    assert np.abs(drawn["uniform"]).max() <= 1.0


class FixedBits:
    """Stands for a generator whose every word of 64 bits is the same."""

    def __init__(self, word: int):
        self.word = word
        self.bit_generator = self

    def random_raw(self, size: int) -> Array:
        return np.full(size, self.word, dtype=np.uint64)


@pytest.mark.parametrize("half", [0x00000000, 0x00000001, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_extreme_bits_stay_finite_and_silent(half: int) -> None:
    rng = FixedBits(half << 32 | half)
    with np.errstate(all="raise"):
        normal = standard_normal(rng, 5)  # type: ignore[arg-type]
        uniform = standard_uniform(rng, 5)  # type: ignore[arg-type]
    assert np.isfinite(normal).all()
    assert np.abs(normal).max() < 6.8
    assert np.abs(uniform).max() <= 1.0


# Independence


def halves(values: Array) -> tuple[Array, Array]:
    """What came from the cosine and from the sine of the same radius and angle."""
    chunks = values.reshape(-1, 2, CHUNK)
    return chunks[:, 0].ravel(), chunks[:, 1].ravel()


def first_of_block(stream: Stream, block: int = 0) -> Array:
    return standard_normal(stream.generator(block), COUNT // 4).astype(np.float64)


PAIRS: dict[str, Callable[[Array], tuple[Array, Array]]] = {
    "halves": halves,
    "neighbours": lambda values: (values[:-1], values[1:]),
    "second neighbours": lambda values: (values[:-2], values[2:]),
    "chunks": lambda values: (values[: -2 * CHUNK], values[2 * CHUNK :]),
    "blocks": lambda _: (first_of_block(STREAM, 0), first_of_block(STREAM, 1)),
    "layers": lambda _: (first_of_block(STREAM), first_of_block(STREAM._replace(path="dense2.weight"))),
    "trials": lambda _: (first_of_block(STREAM), first_of_block(STREAM._replace(trial=1))),
    "seeds": lambda _: (first_of_block(STREAM), first_of_block(STREAM._replace(seed=1))),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_are_independent(pair: str, drawn: dict[str, Array]) -> None:
    """Correlation of values, of squares, and of one with the other: Box & Muller's pairs share a radius."""
    first, second = PAIRS[pair](drawn["normal"])
    of_squares = first**2 - 1.0, second**2 - 1.0
    limit = SIGMAS / math.sqrt(first.size)
    for x, y in [(first, second), of_squares, (first, of_squares[1]), (of_squares[0], second)]:
        assert abs(np.vdot(x, y) / math.sqrt(np.vdot(x, x) * np.vdot(y, y))) < limit


def test_the_first_numbers_of_many_streams_are_normal_too() -> None:
    firsts = np.array([standard_normal(Stream(0, trial, "a").generator(), 1)[0] for trial in range(10_000)])
    assert abs(firsts.mean()) < SIGMAS / 100.0
    assert abs(np.square(firsts).mean() - 1.0) < SIGMAS * math.sqrt(2.0) / 100.0


# Addresses


@every_family
def test_equal_addresses_give_equal_numbers(family: str) -> None:
    draw = LAWS[family].draw
    again = Stream(seed=0, trial=0, path="dense1.weight")
    npt.assert_array_equal(draw(STREAM.generator(3), 1000), draw(again.generator(3), 1000))


def test_every_part_of_an_address_counts() -> None:
    addresses = [
        (Stream(seed, trial, path), block)
        for seed in (0, 1, 11, 2**64)
        for trial in (0, 1, 11)
        for path in ("dense1.weight", "dense1.bias", "dense11.weight", "1")
        for block in (0, 1, 11)
    ]
    firsts = {int(stream.generator(block).bit_generator.random_raw()) for stream, block in addresses}
    assert len(firsts) == len(addresses)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 4 * CHUNK + 7])
@every_family
def test_any_count(family: str, count: int) -> None:
    values = LAWS[family].draw(STREAM.generator(), count)
    assert values.shape == (count,)
    assert values.dtype == np.float32
    assert np.unique(values).size >= 0.99 * count


GOLDEN = {
    "normal": (
        [0.396102995, 0.702882171, 0.505043209, 1.08417392, -0.0492981039],
        [0.725864589, -1.02713346, -0.468554437, 0.159723580],
        [-2.39189172, 0.784143567, -0.117332287],
    ),
    "uniform": (
        [-0.972650886, -0.439649671, 0.651369631, 0.388501227, -0.0222888831],
        [-0.622960627, -0.834803402, -0.182459742, 0.950894713],
        [0.113686673, -0.829328954, -0.984398127],
    ),
    "truncated": (
        [0.396102995, 0.702882171, 0.505043209, 1.08417392, -0.0492981039],
        [0.725864589, -1.02713346, -0.468554437, 0.159723580],
        [0.728133082, 0.784143567, -0.117332287],
    ),
}


def test_the_bits_of_a_stream_are_pinned() -> None:
    """Exact, on every machine; see below."""
    bits = STREAM.generator().bit_generator.random_raw(3).tolist()
    assert bits == [14391691509881646357, 3583291272286180531, 3602001058913952587]


@every_family
def test_the_first_numbers_are_pinned(family: str) -> None:
    """A change here changes every number ever published: raise NUMERICS and say so, or undo it.

    An odd count, another block, and the end of a draw that is one chunk and three numbers long.
    """
    draw = LAWS[family].draw
    first, other_block, behind_a_chunk = GOLDEN[family]
    assert NUMERICS == 1
    npt.assert_allclose(draw(STREAM.generator(), 5), first, rtol=1e-6)
    npt.assert_allclose(draw(STREAM.generator(1), 4), other_block, rtol=1e-6)
    npt.assert_allclose(draw(STREAM.generator(), 2 * CHUNK + 3)[-3:], behind_a_chunk, rtol=1e-6)


@pytest.mark.parametrize("last", [b"\x00\x00\x00\x00", b"\x01\x00\x00\x80"], ids=["zero", "not zero"])
def test_a_seed_is_the_number_that_the_digest_makes_up(last: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as words, one digest in 2^32 would be another seed: a number has no zeros at its end."""
    digest = bytes(range(1, 29)) + last
    monkeypatch.setattr(
        "gradscope.engine.random.blake2b", lambda *_, **__: SimpleNamespace(digest=lambda: digest)
    )
    expected = np.random.SFC64(int.from_bytes(digest, "little")).random_raw(8)
    npt.assert_array_equal(STREAM.generator().bit_generator.random_raw(8), expected)
