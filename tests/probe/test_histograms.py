import math

import numpy as np
import pytest

from gradscope.probe.histograms import BINS, histogram


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_finite_entry_is_in_a_bin(dtype: type) -> None:
    entries = np.random.default_rng(0).standard_normal((30, 20)).astype(dtype)
    entries[0, 0], entries[0, 1], entries[0, 2] = math.nan, math.inf, -math.inf
    found = histogram(entries)
    assert found is not None
    assert (len(found.limits), sum(found.counts)) == (BINS, 597)
    kept = entries[np.isfinite(entries)].astype(np.float64)
    assert (found.least, found.largest, found.limits[-1]) == (kept.min(), kept.max(), kept.max())
    assert (found.total, found.squares) == pytest.approx((kept.sum(), (kept**2).sum()))


@pytest.mark.parametrize("number", [0.0, 1.0, -3e38, 5e-324, 1e300])
def test_entries_that_are_alike_are_one_bin(number: float) -> None:
    found = histogram(np.full((4, 2), number))
    assert found is not None
    assert (found.limits, found.counts) == ((number,), (8,))


def test_the_widest_and_the_narrowest_are_counted() -> None:
    for ends in ((-1.7e308, 1.7e308), (1.0, np.nextafter(1.0, 2.0)), (-5e-324, 5e-324), (0.0, 5e-324)):
        found = histogram(np.array(ends))
        assert found is not None
        assert sum(found.counts) == 2


def test_nothing_finite_is_nothing() -> None:
    assert histogram(np.array([math.nan, math.inf])) is None
    assert histogram(np.empty((0, 3))) is None
