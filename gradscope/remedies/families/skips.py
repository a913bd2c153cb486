"""Remedies by residual connections: around layers that are repeated, and the scale of branches there are."""

import math
from collections.abc import Iterator
from typing import Any

from gradscope.remedies.changes import Change
from gradscope.remedies.remedy import Option, Situation, changing
from gradscope.remedies.written import Item, Loop, Written

_REZERO = {"learned": 0.0}


def branch_scale(at: Situation) -> Iterator[Option]:
    """Branches scaled down, so that a sum of all of them stays of the size of one."""
    branches = at.written.of_kind("residual")
    count = sum(1 for info in at.outline.layers if info.container and not info.joins)
    if count:
        scale = _scale(count)
        yield Option(f"residual scale {scale} = 1/√{count}", _with_scale(at, branches, scale))
        yield Option("residual scale learned from 0 (ReZero)", _with_scale(at, branches, _REZERO))


def residual(at: Situation) -> Iterator[Option]:
    """A residual connection around the layers of every repeat, its scale 1/√L or learned from 0.

    Where the first copy changes the shape, it stays in front of the others without one.
    """
    loops = [loop for loop in at.written.loops if not _has_container(loop)]
    count = sum(loop.copies for loop in loops)
    if not count:
        return
    for words, scale in ((f"scale {_scale(count)} = 1/√{count}", _scale(count)), ("ReZero", _REZERO)):
        around = f"residual connections, {words}"
        yield Option(around, tuple(change for loop in loops for change in _enclosed(loop, scale)))
        apart = tuple(change for loop in loops for change in _apart(at.written, loop, scale))
        if len(loops) == 1:
            yield Option(f"{around}, behind the first", apart)


def _scale(count: int) -> float:
    return float(f"{1.0 / math.sqrt(count):.3g}")


def _with_scale(at: Situation, branches: list[Item], scale: Any) -> tuple[Change, ...]:
    return changing([at.written.with_option(item, "scale", scale) for item in branches])


def _enclosed(loop: Loop, scale: Any) -> list[Change]:
    return [Change("enclose", (*loop.path, "layers"), {"scale": scale}, loop.layers, "residual")]


def _apart(written: Written, loop: Loop, scale: Any) -> list[Change]:
    if loop.copies < 2:
        return []
    first = [Change("insert", loop.path, entry) for entry in loop.layers]
    return [*first, written.set((*loop.path, "repeat"), loop.copies - 1), *_enclosed(loop, scale)]


def _has_container(loop: Loop) -> bool:
    containers = {"residual", "concat", "repeat", "transformer_block"}
    return any(isinstance(entry, dict) and containers & entry.keys() for entry in loop.layers)
