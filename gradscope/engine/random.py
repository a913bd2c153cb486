"""Where every random number comes from: streams addressed by (seed, trial, path, block), and the draw
algorithm.

The algorithm and its chunk size are part of every number ever published: changing them changes `NUMERICS`.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from gradscope.engine import Array
from gradscope.engine.pages import room

NUMERICS = 1
"""The numerical version: raised whenever the same config and seed would give other numbers."""

CHUNK = 1 << 14
"""Pairs drawn at once: large enough to hide the calls, small enough to stay in cache (measured 2.3 ns a
normal)."""

_STEP = np.float32(2.0**-32)
_HALF_STEP = np.float32(2.0**-33)
_TURN = np.float32(2.0 * np.pi * 2.0**-32)
_MINUS_TWO = np.float32(-2.0)


class Stream(NamedTuple):
    """The address of a sequence of random numbers; equal addresses give equal numbers, in any process or
    thread."""

    seed: int
    trial: int
    path: str

    def generator(self, block: int = 0) -> np.random.Generator:
        """A fresh generator at the start of this stream's block; blocks are independent of each other."""
        address = f"{self.seed}/{self.trial}/{self.path}/{block}"
        key = int.from_bytes(blake2b(address.encode(), digest_size=32).digest(), "little")
        return np.random.Generator(np.random.SFC64(key))


Draw = Callable[[np.random.Generator, int], Array]
"""(rng, count) -> count standard float32 numbers of one family."""


def standard_normal(rng: np.random.Generator, count: int) -> Array:
    """N(0, 1) in float32 by Box & Muller 1958, vectorised: r = √(−2 ln u), (r cos v, r sin v).

    u has 32 bits and is never 0, so |value| reaches 6.8; NumPy's ziggurat takes four times as long.
    """
    out = room(count)
    radius = np.empty(min(CHUNK, (count + 1) // 2), dtype=np.float32)
    angle = np.empty_like(radius)
    for start in range(0, count, 2 * CHUNK):
        stop = min(start + 2 * CHUNK, count)
        pairs = (stop - start + 1) // 2
        bits = _bits(rng, 2 * pairs)
        r, v = radius[:pairs], angle[:pairs]
        np.copyto(r, bits[:pairs], casting="unsafe")
        np.copyto(v, bits[pairs:], casting="unsafe")
        np.multiply(r, _STEP, out=r)
        np.add(r, _HALF_STEP, out=r)
        np.log(r, out=r)
        np.multiply(r, _MINUS_TWO, out=r)
        np.sqrt(r, out=r)
        np.multiply(v, _TURN, out=v)
        cosines, sines = out[start : start + pairs], out[start + pairs : stop]
        np.cos(v, out=cosines)
        np.multiply(cosines, r, out=cosines)
        np.sin(v[: sines.size], out=sines)
        np.multiply(sines, r[: sines.size], out=sines)
    return out


def standard_uniform(rng: np.random.Generator, count: int) -> Array:
    """U(−1, 1) in float32."""
    out = _bits(rng, count).view(np.int32).astype(np.float32)
    return np.multiply(out, np.float32(2.0**-31), out=out)


def truncated_normal(rng: np.random.Generator, count: int) -> Array:
    """N(0, 1) in float32, redrawn until every value lies within ±2."""
    out = standard_normal(rng, count)
    while (beyond := np.flatnonzero(np.abs(out) > 2.0)).size:
        out[beyond] = standard_normal(rng, beyond.size)
    return out


def _bits(rng: np.random.Generator, count: int) -> Array:
    words: Array = rng.bit_generator.random_raw((count + 1) // 2)
    return words.view(np.uint32)[:count]
