"""A listener that keeps everything it hears, as matrices: what a test compares norms and reports with."""

import numpy as np

from gradscope.engine import Array
from gradscope.engine.layer import Cache, Gradients, Step
from gradscope.engine.network import Network
from gradscope.engine.sequence import Sequence
from gradscope.engine.signal import Signal


class Collector:
    """Outputs, output gradients and parameter gradients by the names of layers and parameters."""

    def __init__(self) -> None:
        self.outputs: dict[str, Array] = {}
        self.output_gradients: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.log2_l2: dict[str, float] = {}
        """Of the output gradients, also where these are out of the range of their precision."""

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """Keep a copy: an engine that wrote into its outputs would be caught."""
        self.outputs[step.info.name] = y.copy()

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """Keep them with their exponent put back."""
        self.output_gradients[step.info.name] = np.ldexp(dy.mantissa, dy.exponent)
        self.log2_l2[step.info.name] = dy.log2_l2
        for name, gradient in gradients.items():
            self.gradients[f"{step.info.name}.{name}"] = np.ldexp(gradient.matrix(), dy.exponent)


def collect(sequence: Sequence, x: Array, dy: Array) -> tuple[Array, Collector]:
    """∂⟨dy, y⟩/∂x of a sequence of layers, and what was heard on the way."""
    heard = Collector()
    caches = sequence.forward(x, heard)[1]
    dx = sequence.backward(Signal(dy), caches, heard)
    return np.ldexp(dx.mantissa, dx.exponent), heard


def collect_network(network: Network, inputs: Array, targets: Array) -> Collector:
    """What is heard of one pass through a network."""
    heard = Collector()
    network.backpropagate(inputs, targets, heard)
    return heard
