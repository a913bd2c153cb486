"""Hypothesis strategies for the engine, and how many examples its property tests try."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

bounded = settings(max_examples=50)
"""For examples that cost about a millisecond."""

few = settings(max_examples=12)
"""For examples that cost tens of milliseconds."""


def seeds() -> st.SearchStrategy[int]:
    """Of NumPy's own generators, which draw the data that an engine is tried on."""
    return st.integers(0, 2**32 - 1)


def sizes(largest: int) -> st.SearchStrategy[int]:
    """Of an axis."""
    return st.integers(1, largest)


def shapes_IO(largest: int) -> st.SearchStrategy[tuple[int, int]]:
    """Of a weight: fan in, fan out."""
    return st.tuples(sizes(largest), sizes(largest))


def shapes_BTIO(samples: int, positions: int, fan: int) -> st.SearchStrategy[tuple[int, int, int, int]]:
    """Of the rows an affine map sees: samples, positions, fan in, fan out."""
    return st.tuples(sizes(samples), sizes(positions), sizes(fan), sizes(fan))


def precisions() -> st.SearchStrategy[type[np.floating]]:
    """float32 and float64."""
    return st.sampled_from([np.float32, np.float64])
