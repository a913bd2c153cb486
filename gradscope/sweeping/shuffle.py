"""A shuffled order of the numbers below any size, one at a time and without a list of them; seeded."""

from __future__ import annotations

from hashlib import blake2b

_ROUNDS = 6


class Shuffle:
    """A permutation of range(size); `self[k]` is the k-th number, whatever others are asked for.

    A Feistel network on the smallest even number of bits that holds them all, walked on until it is back
    below the size (Black & Rogaway 2002).
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self._half = max(1, (max(0, size - 1).bit_length() + 1) // 2)
        self._mask = (1 << self._half) - 1
        self._keys = [
            blake2b(f"{seed}/{number}".encode(), digest_size=16).digest() for number in range(_ROUNDS)
        ]

    def __getitem__(self, position: int) -> int:
        if not 0 <= position < self.size:
            raise IndexError(position)
        number = self._mixed(position)
        while number >= self.size:
            number = self._mixed(number)
        return number

    def _mixed(self, number: int) -> int:
        left, right = number >> self._half, number & self._mask
        width = (self._half + 7) // 8
        for key in self._keys:
            digest = blake2b(right.to_bytes(width, "little"), digest_size=width, key=key).digest()
            left, right = right, left ^ (int.from_bytes(digest, "little") & self._mask)
        return left << self._half | right
