"""What was measured while a network trained: the course of one trial, stage by stage. Averages over trials
are made in `steps`."""

from msgspec import Struct

from gradscope.probe.trace import Norm, TrialTrace


class LayerMoves(Struct, frozen=True):
    """How a layer's weights moved; None for a layer without any, or whose weights were all zero."""

    step_ratio: float | None = None
    """RMS of the last change over RMS of the weights it changed; None before the first update."""
    distance: float | None = None
    """RMS of all changes so far together, W − W₀, over RMS(W₀)."""


class Stage(Struct, frozen=True):
    """One measured step: the pass after `step` updates, on the batch of the next one."""

    step: int
    trace: TrialTrace
    gradient: Norm
    """The gradient of all parameters together, before clipping."""
    moves: tuple[LayerMoves, ...]
    """In the order of the layers."""
    is_clipped: bool = False


class Course(Struct, frozen=True):
    """One trial's training. The first stage is before the first update; a NaN or infinity is in the last."""

    stages: tuple[Stage, ...]
    losses: tuple[float, ...]
    """Of every pass, measured or not."""

    @property
    def failed_at(self) -> int | None:
        """The step at which a NaN or an infinity came up."""
        last = self.stages[-1]
        return None if last.trace.origin is None else last.step

    @property
    def sound(self) -> tuple[Stage, ...]:
        """The stages at which every number was finite."""
        return self.stages if self.failed_at is None else self.stages[:-1]
