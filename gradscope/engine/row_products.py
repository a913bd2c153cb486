"""Norms of sums of outer products, ‖Σ x⊗dy‖², without the sum being formed where that is cheaper.

Where the rows nearly cancel, what float32 has left is computed again in float64.
"""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.magnitude import PIECE, sum_of_squares, sums_of_squares
from gradscope.engine.threads import side_by_side
from gradscope.engine.tiles import multiply

CANCELLED = {np.dtype(np.float32): 0.05, np.dtype(np.float64): 1e-3}
"""Below this share of its diagonal part an inner product has too few digits left for 1e-5, or 1e-12 in
float64."""

_FORMED_ENTRIES = 1 << 18

_PASSES_OVER_FORMED = 20
"""What writing a sample's product and reading it twice costs, in multiplications an entry (measured)."""

WORTH_HANDING_OUT = 1 << 25
"""Multiplications of two Gram matrices from which one thread makes each."""

_SAMPLES_TOGETHER = 8
"""Samples whose products are summed by one thread: fixed, so that the sum has the same bits on any number."""


def inner_product(x: Array, dy: Array) -> tuple[float, Array]:
    """‖xᵀ dy‖² = ⟨xxᵀ, dy dyᵀ⟩ by whichever is cheaper, and again more exactly where the rows nearly cancel.

    Shapes:
        x: (R, I), dy: (R, O) -> scalar >= 0, or nan; and ‖x_r‖²‖dy_r‖² of each row (R,)
    """
    squares, own = inner_products(x[np.newaxis], dy[np.newaxis])
    return squares[0], own[0]


def inner_products(x: Array, dy: Array) -> tuple[list[float], Array]:
    """The same of several pairs of one shape, with a few calls for all.

    Shapes:
        x: (N, R, I), dy: (N, R, O) -> N; and (N, R)
    """
    count, rows, fan_in = x.shape
    fan_out = dy.shape[2]
    # Half of each Gram matrix is copied from the other, so that both cost as much as the product at half its
    # arithmetic (measured).
    factored = rows * (fan_in + fan_out) < fan_in * fan_out
    if factored:
        of_x, of_dy = _grams(x, dy)
        squares = np.vecdot(of_x.reshape(count, -1), of_dy.reshape(count, -1)).tolist()
    else:
        squares = _formed_squares(x, dy)
    own = np.vecdot(x, x) * np.vecdot(dy, dy)
    least = (CANCELLED[x.dtype] * np.add.reduce(own, axis=1).astype(np.float64)).tolist()
    for number, square in enumerate(squares):
        if not square < least[number]:
            continue
        if x.dtype == np.float32:
            wide = (part[number].astype(np.float64) for part in (x, dy))
            squares[number] = inner_product(*wide)[0]
        elif factored:
            squares[number] = _formed_square(x[number], dy[number])
    return squares, own


def _grams(x: Array, dy: Array) -> tuple[Array, Array]:
    """The inner products of the rows of each matrix; side by side where that takes long enough."""
    count, rows, _ = x.shape
    if count * rows * rows * (x.shape[2] + dy.shape[2]) < WORTH_HANDING_OUT:
        return x @ x.mT, dy @ dy.mT
    of_x, of_dy = side_by_side(lambda factor: factor @ factor.mT, (x, dy))
    return of_x, of_dy


def sample_products(x: Array, dy: Array) -> tuple[float, Array]:
    """‖Σ_b x_bᵀ dy_b‖², and ‖x_bᵀ dy_b‖² of each sample (B,).   x (B, T, I), dy (B, T, O)."""
    samples, steps, fan_in = x.shape
    fan_out = dy.shape[2]

    def whole() -> tuple[float, Array]:
        return inner_product(x.reshape(-1, fan_in), dy.reshape(-1, fan_out))

    if steps == 1:
        return whole()
    if _is_factored(samples * steps, fan_in, fan_out):
        square, squares, own = _by_grams(x.reshape(-1, fan_in), dy.reshape(-1, fan_out), samples)
    elif steps * steps * (fan_in + fan_out) > _PASSES_OVER_FORMED * fan_in * fan_out:
        square, squares, own = _by_forming(x, dy)
    else:
        return whole()[0], np.array([inner_product(*rows)[0] for rows in zip(x, dy, strict=True)])
    least = CANCELLED[x.dtype]
    for sample in np.flatnonzero(squares < least * own):
        squares[sample] = inner_product(x[sample], dy[sample])[0]
    return (whole()[0] if square < least * float(own.sum()) else square), squares


def _is_factored(rows: int, fan_in: int, fan_out: int) -> bool:
    """Whether the Gram matrices of the rows cost less than the product itself."""
    return rows * (fan_in + fan_out) <= 2 * fan_in * fan_out


def _by_grams(x: Array, dy: Array, samples: int) -> tuple[float, Array, Array]:
    """The square of the whole, of each sample, and the diagonal part of each: all are in the same matrix."""
    products = x @ x.T
    products *= dy @ dy.T
    steps = len(x) // samples
    blocks = products.reshape(samples, steps, samples, steps)
    squares = np.array([blocks[sample, :, sample].sum(dtype=np.float64) for sample in range(samples)])
    own = products.diagonal().reshape(samples, steps).sum(axis=1, dtype=np.float64)
    return float(products.sum(dtype=np.float64)), squares, own


def _by_forming(x: Array, dy: Array) -> tuple[float, Array, Array]:
    """The same, by forming each sample's product and adding it to the others: two for the price of one."""
    if x.shape[2] < dy.shape[2]:  # tall products are formed up to a fifth faster (measured)
        x, dy = dy, x

    def form(start: int) -> tuple[Array, list[float]]:
        total = np.empty((x.shape[2], dy.shape[2]), dtype=x.dtype)
        multiply(dy[start].T, x[start], total.T)
        squares = [sum_of_squares(total)]
        product = np.empty_like(total)
        for sample in range(start + 1, min(start + _SAMPLES_TOGETHER, len(x))):
            multiply(dy[sample].T, x[sample], product.T)
            squares.append(sum_of_squares(product))
            total += product
        return total, squares

    formed = side_by_side(form, range(0, len(x), _SAMPLES_TOGETHER))
    whole = formed[0][0]
    for total, _ in formed[1:]:
        whole += total
    own = np.vecdot(x, x) * np.vecdot(dy, dy)
    squares = np.array([square for _, found in formed for square in found])
    return sum_of_squares(whole), squares, own.sum(axis=1, dtype=np.float64)


def _formed_squares(x: Array, dy: Array) -> list[float]:
    """‖xᵀ dy‖² of several pairs:   (N, R, I), (N, R, O) -> N."""
    if x.shape[2] * dy.shape[2] > PIECE:
        return [_formed_square(*pair) for pair in zip(x, dy, strict=True)]
    return sums_of_squares((x.mT @ dy).reshape(len(x), -1))


def _formed_square(x: Array, dy: Array) -> float:
    """‖xᵀ dy‖², a few columns at a time, so that what is formed stays in cache."""
    width = max(1, _FORMED_ENTRIES // x.shape[1])
    return sum(sum_of_squares(x.T @ dy[:, start : start + width]) for start in range(0, dy.shape[1], width))
