"""Large arrays are worked on in pieces of a batch: the same numbers as in one piece, however many threads there are."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.engine import Array, pieces
from gradscope.engine.activations import ACTIVATIONS
from gradscope.engine.layer import Layer
from gradscope.engine.layers.elementwise import Elementwise, PRelu
from gradscope.engine.layers.normalization import BATCH, LAYER, RMS, Normalization, group_scheme
from gradscope.engine.threads import jobs_limit, side_by_side
from gradscope.probe.stats import active_counts, moments, numeric_ranges, saturated_fractions
from tests.engine.making import info
from tests.strategies import bounded

CHANNELS = 6
SHAPES = {
    "image": (9, CHANNELS, 5, 7),
    "sequence": (9, 11, CHANNELS),
    "image in even pieces": (8, CHANNELS, 5, 7),
    "sequence in even pieces": (8, 35, CHANNELS),
}
VECTORS = np.random.default_rng(7)
GAIN, BIAS = VECTORS.uniform(0.5, 2.0, CHANNELS), VECTORS.standard_normal(CHANNELS)

LAYERS: dict[str, Callable[[], Layer]] = {
    **{
        scheme.name: (lambda scheme=scheme: Normalization(info("norm"), scheme, 1e-5, GAIN, BIAS))
        for scheme in (BATCH, LAYER, RMS, group_scheme(3))
    },
    "batch without gain": lambda: Normalization(info("norm"), BATCH, 1e-5, None, None),
    "relu": lambda: Elementwise(info("relu"), ACTIVATIONS["relu"]()),
    "gelu": lambda: Elementwise(info("gelu"), ACTIVATIONS["gelu"]()),
    "prelu": lambda: PRelu(info("prelu"), ACTIVATIONS["leaky_relu"](), GAIN),
}


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every array a large one, and two samples a piece."""

    def begin() -> None:
        monkeypatch.setattr(pieces, "LARGE", 1)
        monkeypatch.setattr(pieces, "WORTH_HANDING_OUT", 1)
        monkeypatch.setattr(pieces, "PIECE_ENTRIES", 2 * CHANNELS * 35)

    return begin


def passed(layer: Layer, shape: tuple[int, ...], *, channel_last: bool) -> Iterator[Array]:
    """y, dx and the gradients of the parameters."""
    rng = np.random.default_rng(3)
    x, dy = rng.standard_normal((2, *shape))
    if channel_last and len(shape) == 4:
        x, dy = (np.ascontiguousarray(each.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2) for each in (x, dy))
    y, cache = layer.forward(x)
    dx, gradients = layer.backward(dy, cache)
    yield from (y, dx, *(gradients[name].matrix() for name in sorted(gradients)))


@pytest.mark.parametrize("channel_last", [False, True])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", LAYERS)
def test_pieces_change_nothing_but_rounding(
    name: str, shape: tuple[int, ...], in_pieces: Callable[[], None], *, channel_last: bool
) -> None:
    whole = list(passed(LAYERS[name](), shape, channel_last=channel_last))
    in_pieces()
    alone = list(passed(LAYERS[name](), shape, channel_last=channel_last))
    with jobs_limit(3):
        together = list(passed(LAYERS[name](), shape, channel_last=channel_last))
    for expected, found, in_threads in zip(whole, alone, together, strict=True):
        npt.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        npt.assert_array_equal(in_threads, found)


def test_statistics_of_large_arrays_are_those_of_small_ones(in_pieces: Callable[[], None]) -> None:
    rows = np.random.default_rng(5).standard_normal((2, 3000)) ** 3
    rows[:, ::7] = 0.0
    slopes = rows.reshape(1, 10, CHANNELS, 10, 10)

    def found() -> tuple[object, ...]:
        ranges = numeric_ranges(rows, [-40, -25])
        shares = saturated_fractions(rows, [40.0, 7.0])
        return ranges, shares, [counts.tolist() for counts in active_counts(slopes)]

    def sums() -> list[tuple[float, ...]]:
        return [(own.mean, own.std, own.rms, own.zero_fraction, own.min, own.max) for own in moments(rows)]

    small, whole = found(), sums()
    in_pieces()
    with jobs_limit(2):
        assert found() == small
        npt.assert_allclose(sums(), whole, rtol=1e-12)
    assert all(each.loss_scale_log2 for each in numeric_ranges(rows, [-40, -25]))


@bounded
@given(count=st.integers(1, 300), most=st.integers(0, 320))
def test_runs_are_even_and_keep_the_lanes_busy(count: int, most: int) -> None:
    runs = pieces.even_runs(count, most)
    assert [i for run in runs for i in range(run.start, run.stop)] == list(range(count))
    lengths = [run.stop - run.start for run in runs]
    assert max(lengths) <= max(1, most)
    assert max(lengths) - min(lengths) <= 1
    assert len(runs) % pieces.LANES == 0 or len(runs) == count


@bounded
@given(
    count=st.integers(1, 300), most=st.integers(1, 320), together=st.integers(0, 9), jobs=st.integers(1, 9)
)
def test_stretches_are_of_even_runs_and_keep_the_threads_busy(
    count: int, most: int, together: int, jobs: int
) -> None:
    runs = pieces.even_runs(count, most)
    found = pieces.stretches(runs, together, jobs)
    assert [i for each in found for i in range(each.first, each.first + each.runs)] == list(range(len(runs)))
    assert len(found) >= min(jobs, len(runs))
    assert max(each.runs for each in found) <= max(1, together)
    for each in found:
        inside = runs[each.first : each.first + each.runs]
        assert each.part == slice(inside[0].start, inside[-1].stop)
        assert len({run.stop - run.start for run in inside}) == 1


def test_the_error_state_goes_along_and_an_error_ends_the_work() -> None:
    """What fails in any thread fails for the caller, after all threads are done with it."""
    with jobs_limit(2), np.errstate(divide="raise"):
        for number in range(4):
            with pytest.raises(FloatingPointError):
                side_by_side(lambda i, n=number: np.float64(1.0) / (i != n), list(range(4)))
