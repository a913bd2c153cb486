"""What is written of a gradient where it is formed: its entries, and the norm that is known from then on."""

from collections.abc import Callable

import numpy as np
import numpy.testing as npt
import pytest

from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts, RowSum
from gradscope.engine.gradients import Formed, Gradient
from gradscope.engine.token_rows import TokenRows

TOKENS = np.array([[0, 3, 3], [1, 0, 4]])

KINDS: dict[str, Callable[[Array, Array], tuple[Gradient, Array]]] = {
    "formed": lambda x, dy: (Formed(dy), dy),
    "row sum": lambda x, dy: (RowSum(dy), dy.sum(axis=(0, 1))),
    "outer products": lambda x, dy: (OuterProducts(x, dy), np.einsum("bti,bto->io", x, dy)),
    "token rows": lambda x, dy: (TokenRows(TOKENS, dy, 5), np.einsum("btv,bto->vo", np.eye(5)[TOKENS], dy)),
}


def factors(dtype: type[np.floating]) -> tuple[Array, Array]:
    """x (2, 3, 4) and dy (2, 3, 7)."""
    rng = np.random.default_rng(5)
    return rng.standard_normal((2, 3, 4)).astype(dtype), rng.standard_normal((2, 3, 7)).astype(dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("own", "exponent"), [(0, 0), (7, -30)])
def test_the_norm_is_that_of_the_entries(kind: str, own: int, exponent: int) -> None:
    """Of a gradient whose norm nobody has asked for before, times a power of two as it is written."""
    gradient, entries = KINDS[kind](*factors(np.float64))
    gradient = gradient.shifted(own)
    assert not gradient.is_measured
    out = np.full(entries.shape, np.nan)
    found = gradient.write(out, exponent)
    npt.assert_allclose(out, entries * 2.0 ** (own + exponent), rtol=1e-12)
    expected = np.log2(np.linalg.norm(entries)) + own
    assert gradient.is_measured
    npt.assert_allclose([found, gradient.log2_l2], [expected + exponent, expected], rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("exponent", "written"), [(-400, -np.inf), (200, np.inf)])
def test_what_no_array_can_hold_keeps_the_norm_of_its_factors(
    kind: str, exponent: int, written: float
) -> None:
    """In float32 the entries are zero or infinite, the gradient is neither."""
    gradient, entries = KINDS[kind](*factors(np.float32))
    out = np.full(entries.shape, np.nan, dtype=np.float32)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        assert gradient.write(out, exponent) == written
    npt.assert_allclose(gradient.log2_l2, np.log2(np.linalg.norm(entries.astype(np.float64))), rtol=1e-6)
