"""Scaled dot-product attention of several heads: weights, what they mix, and the way back. No parameters
here."""

import math
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.activations import Softmax

_SOFTMAX = Softmax()


class Attended(NamedTuple):
    """What one pass of attention keeps."""

    query: Array
    """(B, H, T, D), a view of (B, T, H·D); key and value alike."""
    key: Array
    value: Array
    weights: Array
    """(B, H, T, S): query t of head h takes key s that much into account; they add up to 1 over s."""


def attend(query: Array, key: Array, value: Array, heads: int, *, causal: bool) -> tuple[Array, Attended]:
    """softmax(Q Kᵀ/√D) V in each head; causal ones see no key behind their own position (Vaswani et al.
    2017).

    Shapes:
        query, key, value: (B, T, H·D) -> (B, T, H·D)
    """
    q, k, v = (_by_head(array, heads) for array in (query, key, value))
    scores = q @ k.swapaxes(-1, -2)
    scores *= _scale(q)
    if causal:
        length = scores.shape[-1]
        np.copyto(scores, -np.inf, where=np.triu(np.ones((length, length), dtype=bool), k=1))
    kept = Attended(q, k, v, _SOFTMAX.forward(scores))
    y = np.empty(value.shape, dtype=value.dtype)
    np.matmul(kept.weights, v, out=_by_head(y, heads))
    return y, kept


def attend_backward(dy: Array, kept: Attended) -> tuple[Array, Array, Array]:
    """∂L/∂Q, ∂L/∂K and ∂L/∂V (B, T, H·D), given ∂L/∂y of the same shape."""
    heads = kept.query.shape[1]
    dquery, dkey, dvalue = (np.empty(dy.shape, dtype=dy.dtype) for _ in range(3))
    np.matmul(kept.weights.swapaxes(-1, -2), _by_head(dy, heads), out=_by_head(dvalue, heads))
    dscores = score_gradients(dy, kept)
    dscores *= _scale(kept.query)
    np.matmul(dscores, kept.key, out=_by_head(dquery, heads))
    np.matmul(dscores.swapaxes(-1, -2), kept.query, out=_by_head(dkey, heads))
    return dquery, dkey, dvalue


def score_gradients(dy: Array, kept: Attended) -> Array:
    """The gradient (B, H, T, S) of the scores that go into the softmax: over the keys it adds up to zero."""
    dweights = _by_head(dy, kept.query.shape[1]) @ kept.value.swapaxes(-1, -2)
    return _SOFTMAX.backward(dweights, kept.weights)


def _scale(query: Array) -> np.floating:
    scale: np.floating = query.dtype.type(1.0 / math.sqrt(query.shape[-1]))
    return scale


def _by_head(x: Array, heads: int) -> Array:
    """(B, T, H·D) as a view (B, H, T, D)."""
    samples, length, _ = x.shape
    return x.reshape(samples, length, heads, -1).transpose(0, 2, 1, 3)
