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

TOGETHER = 4
"""Chunks worked on with one call: threads that draw wait for each other between calls (measured)."""

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
        key = np.frombuffer(blake2b(address.encode(), digest_size=32).digest(), dtype="<u4")
        # NumPy reads words faster than the number they make up; but that number has no zeros at its end.
        seed = key if key[-1] else int.from_bytes(key.tobytes(), "little")
        return np.random.Generator(np.random.SFC64(seed))


Draw = Callable[[np.random.Generator, int], Array]
"""(rng, count) -> count standard float32 numbers of one family."""


def standard_normal(rng: np.random.Generator, count: int) -> Array:
    """N(0, 1) in float32 by Box & Muller 1958, vectorised: r = √(−2 ln u), (r cos v, r sin v).

    u has 32 bits and is never 0, so |value| reaches 6.8; NumPy's ziggurat takes four times as long.
    """
    out = room(count)
    whole = count // (2 * CHUNK)
    for start in range(0, whole, TOGETHER):
        stop = min(start + TOGETHER, whole)
        drawn = out[2 * CHUNK * start : 2 * CHUNK * stop].reshape(-1, 2, CHUNK)
        _box_muller(_bits(rng, drawn.size).reshape(drawn.shape), drawn[:, 0], drawn[:, 1])
    rest = out[2 * CHUNK * whole :]
    if rest.size:
        pairs = (rest.size + 1) // 2
        _box_muller(_bits(rng, 2 * pairs).reshape(2, pairs), rest[:pairs], rest[pairs:])
    return out


def _box_muller(bits: Array, cosines: Array, sines: Array) -> None:
    """Fill both from bits (..., 2, pairs); there may be one sine less than there are pairs."""
    radius, angle = bits[..., 0, :].astype(np.float32), bits[..., 1, :].astype(np.float32)
    np.multiply(radius, _STEP, out=radius)
    np.add(radius, _HALF_STEP, out=radius)
    np.log(radius, out=radius)
    np.multiply(radius, _MINUS_TWO, out=radius)
    np.sqrt(radius, out=radius)
    np.multiply(angle, _TURN, out=angle)
    np.cos(angle, out=cosines)
    np.multiply(cosines, radius, out=cosines)
    used = slice(sines.shape[-1])
    np.sin(angle[..., used], out=sines)
    np.multiply(sines, radius[..., used], out=sines)


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
