import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.sweeping.shuffle import Shuffle
from tests.strategies import bounded


@bounded
@given(st.integers(1, 3000), st.integers(0, 2**64))
def test_every_number_comes_once(size: int, seed: int) -> None:
    shuffle = Shuffle(size, seed)
    assert sorted(shuffle[position] for position in range(size)) == [*range(size)]


def test_the_order_depends_on_the_seed_and_on_nothing_else() -> None:
    first = [Shuffle(1000, 1)[position] for position in range(1000)]
    assert first == [Shuffle(1000, 1)[position] for position in range(1000)]
    assert first != [Shuffle(1000, 2)[position] for position in range(1000)]
    # Fixed: results are stored under the numbers that this order gives.
    assert first[:5] == [477, 448, 526, 281, 265]


def test_it_looks_shuffled() -> None:
    size = 20_000
    order = [Shuffle(size, 0)[position] for position in range(0, size, 10)]
    mean = (size - 1) / 2
    covariance = sum((10 * k - mean) * (value - mean) for k, value in enumerate(order)) / len(order)
    assert abs(covariance / (size**2 / 12)) < 4 / len(order) ** 0.5


def test_sizes_beyond_memory() -> None:
    shuffle = Shuffle(10**30, 7)
    found = {shuffle[position] for position in range(100)}
    assert len(found) == 100
    assert max(found) < 10**30
    with pytest.raises(IndexError):
        shuffle[10**30]
