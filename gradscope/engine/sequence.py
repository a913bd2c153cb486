"""Layers one after the other: carries the backward signal through them and tells the listener."""

from collections.abc import Iterator
from typing import Any

from gradscope.engine import Array
from gradscope.engine.layer import Cache, Container, Gradients, Layer, Listener, Step
from gradscope.engine.signal import Signal
from gradscope.engine.threads import go_on


class Silence:
    """A listener that hears nothing."""

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """Let it pass."""

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """Let it pass."""


SILENT = Silence()


class Sequence:
    """Steps strung together: the trunk of a network, or a branch of a container. Empty, it is the
    identity."""

    def __init__(self, steps: tuple[Step, ...]):
        self.steps = steps

    def forward(self, x: Array, listener: Listener = SILENT) -> tuple[Array, list[Any]]:
        """The output and the caches of all steps."""
        caches = []
        for step in self.steps:
            go_on()
            x, cache = _forward(step, x, listener)
            listener.output(step, x, cache)
            caches.append(cache)
        return x, caches

    def backward(self, dy: Signal, caches: list[Any], listener: Listener = SILENT) -> Signal:
        """∂L/∂x; the caches are used up, so that their memory is free as soon as a step is done."""
        dy = dy.rescaled()
        for step in reversed(self.steps):
            go_on()
            dx, gradients = _backward(step, dy, caches.pop(), listener)
            listener.gradient(step, dy, gradients)
            dy = dx.rescaled()
        return dy

    def walk(self) -> Iterator[Step]:
        """Every step at any depth in forward order, a container after what is inside it."""
        for step in self.steps:
            if inner := step.inner():
                yield from Sequence(inner).walk()
            yield step

    def at_pass(self, number: int) -> "Sequence":
        """The sequence for one pass of a trial; itself when no step draws anything new."""
        steps = tuple(step.at_pass(number) for step in self.steps)
        return (
            self if all(new is old for new, old in zip(steps, self.steps, strict=True)) else Sequence(steps)
        )


def _forward(step: Step, x: Array, listener: Listener) -> tuple[Array, Cache]:
    if isinstance(step, Layer):
        return step.forward(x)
    assert isinstance(step, Container)
    return step.forward(x, listener)


def _backward(step: Step, dy: Signal, cache: Cache, listener: Listener) -> tuple[Signal, Gradients]:
    if isinstance(step, Layer):
        mantissa, gradients = step.backward(dy.mantissa, cache)
        return dy.with_mantissa(mantissa), gradients
    assert isinstance(step, Container)
    return step.backward(dy, cache, listener)
