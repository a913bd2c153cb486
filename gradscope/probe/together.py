"""Measures arrays that have passed, those of one shape with one call: what small arrays cost is the calls."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeGuard, TypeVar

import numpy as np

from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts, RowSum
from gradscope.engine.gradients import Gradient

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 1 << 18
"""Bytes of arrays that wait to be measured together at most: few enough to be in cache still when their turn
comes, and a stack of them to be memory that was used before."""

ALONE = 1 << 16
"""Bytes from which an array is measured by itself: to lay it beside others would take as long as the calls
that it saves (measured)."""


def each(
    measure: Callable[..., Sequence[Result]], arrays: Sequence[Array], *columns: Sequence[Any]
) -> list[Result]:
    """What `measure` finds of each array, in their order.

    Args:
        measure: (stack of arrays of one shape, the same of each column) -> a result for each.
        arrays: of any shapes.
        columns: what it wants to know besides, one entry an array.
    """
    if len(arrays) == 1:
        return [*measure(arrays[0][np.newaxis], *columns)]
    found: list[Any] = [None] * len(arrays)
    for numbers in _alike(arrays, lambda array: (array.shape, array.dtype)):
        first = arrays[numbers[0]]
        if len(numbers) == 1:
            stack = first[np.newaxis]
        else:
            stack = np.concatenate([arrays[number] for number in numbers]).reshape(-1, *first.shape)
        chosen = ([column[number] for number in numbers] for column in columns)
        for number, result in zip(numbers, measure(stack, *chosen), strict=True):
            found[number] = result
    return found


def can_wait(gradients: Iterable[Gradient]) -> bool:
    """Whether these are gradients that are measured together with others. What they hold on to is then no
    more than the layer's input and the gradient at its output."""
    return all(type(gradient) is RowSum or _has_a_row_a_sample(gradient) for gradient in gradients)


def find_norms(gradients: Sequence[Gradient]) -> None:
    """Have those of one shape find their norms, which they keep."""
    unknown = [one for one in gradients if not one.is_measured]
    products = [one for one in unknown if _has_a_row_a_sample(one)]
    for numbers in _alike(products, lambda one: (one.x.shape, one.dy.shape, one.dtype)):
        if len(numbers) > 1:
            OuterProducts.measure_together([products[number] for number in numbers])
    sums = [one for one in unknown if type(one) is RowSum]
    for numbers in _alike(sums, lambda one: (one.dy.shape, one.dy.dtype)):
        if len(numbers) > 1:
            RowSum.measure_together([sums[number] for number in numbers])


def _has_a_row_a_sample(gradient: Gradient) -> TypeGuard[OuterProducts]:
    return type(gradient) is OuterProducts and gradient.x.shape[1] == 1


def _alike(items: Sequence[Item], key: Callable[[Item], Hashable]) -> Iterable[list[int]]:
    """The numbers of the items of each key."""
    groups: dict[Hashable, list[int]] = {}
    for number, item in enumerate(items):
        groups.setdefault(key(item), []).append(number)
    return groups.values()
