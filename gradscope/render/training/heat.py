"""The heat map of a training: a row a layer, a cell a step, the height and colour of a cell its gradient."""

import math
from collections.abc import Sequence

from msgspec import Struct

from gradscope.probe.steps import TrainingStep
from gradscope.render.columns import distance_style
from gradscope.render.spans import Span

LEAST_DECADES = 3.0
"""The height of a cell is worth at least that many powers of ten: a level gradient has level cells."""

_EIGHTHS = "▁▂▃▄▅▆▇█"


class Heat(Struct, frozen=True):
    """The gradients of all layers at the steps that are shown, on one scale."""

    steps: tuple[int, ...]
    norms: dict[str, tuple[float, ...]]
    """log10 L2 of ∂L/∂y by layer, in the order of the steps."""
    low: float
    high: float
    reference: float
    """What colours are measured against: the last layer before the first update."""

    @property
    def scale(self) -> str:
        """The steps at both ends."""
        first, last = (str(step) for step in (self.steps[0], self.steps[-1]))
        blanks = len(self.steps) - len(first) - len(last)
        return first + " " * max(1, blanks) + last if len(self.steps) > 1 else first

    def row(self, name: str) -> list[Span]:
        """The cells of a layer, neighbours of one style together."""
        spans: list[Span] = []
        for norm in self.norms[name]:
            text, style = self._cell(norm)
            if spans and spans[-1][1] == style:
                spans[-1] = (spans[-1][0] + text, style)
            else:
                spans.append((text, style))
        return spans

    def _cell(self, norm: float) -> Span:
        if norm == -math.inf:
            return " ", ""
        if not math.isfinite(norm):
            return "!", "bold red"
        height = (norm - self.low) / (self.high - self.low)
        return _EIGHTHS[round((len(_EIGHTHS) - 1) * height)], distance_style(norm, self.reference)


def heat_of(steps: Sequence[TrainingStep], names: Sequence[str], cells: int) -> Heat:
    """The map of some layers, at no more steps than there are cells, both ends among them."""
    shown = [steps[number] for number in sampled(len(steps), cells)]
    norms: dict[str, list[float]] = {name: [] for name in names}
    for step in shown:
        for layer in step.layers:
            if layer.name in norms:
                norms[layer.name].append(layer.output_grad.log10_l2)
    finite = [norm for row in norms.values() for norm in row if math.isfinite(norm)]
    high = max(finite, default=0.0)
    first = [row[0] for row in norms.values() if math.isfinite(row[0])]
    return Heat(
        steps=tuple(step.step for step in shown),
        norms={name: tuple(row) for name, row in norms.items()},
        low=min([*finite, high - LEAST_DECADES]),
        high=high,
        reference=first[-1] if first else high,
    )


def sampled(count: int, most: int) -> list[int]:
    """Evenly spaced numbers below the count, both ends among them."""
    if count <= max(1, most):
        return list(range(count))
    if most < 2:
        return [count - 1]
    return [round(cell * (count - 1) / (most - 1)) for cell in range(most)]
