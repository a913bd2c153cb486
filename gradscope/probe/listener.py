"""Listens to one trial: reduces every array to floats soon after it passed, and notes where the first NaN
came from."""

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from gradscope.engine import Array
from gradscope.engine.activations import Activation
from gradscope.engine.axes import entries, sample_rows
from gradscope.engine.gradients import Factored, Gradient
from gradscope.engine.layer import Cache, Gradients, Listener, Step
from gradscope.engine.magnitude import joint_log2_l2
from gradscope.engine.sequence import SILENT
from gradscope.engine.signal import Signal
from gradscope.probe.attending import attending
from gradscope.probe.samples import sample_squares, samples, sums
from gradscope.probe.stats import active_counts, cosine_gaps, moments, numeric_ranges, saturated_fractions
from gradscope.probe.together import ALONE, AT_ONCE, can_wait, each, find_norms
from gradscope.probe.trace import BACK_THROUGH, LOG10_2, Attending, Moments, Norm, NumericRange, Samples


class Heard:
    """What was heard of one layer so far: one entry a batch in each list."""

    __slots__ = (
        "active",
        "attention",
        "cosine_gap",
        "entries",
        "gradients",
        "output",
        "output_grad",
        "parts",
        "range",
        "samples",
        "saturated",
        "time",
        "weight_log10_rms",
    )

    def __init__(self) -> None:
        self.output: list[Moments] = []
        self.cosine_gap: list[float] = []
        self.output_grad: list[Norm] = []
        self.gradients: defaultdict[str, list[Norm]] = defaultdict(list)
        self.samples: list[Samples] = []
        self.saturated: list[float] = []
        self.range: list[NumericRange] = []
        self.active: Array | None = None
        """Times each unit was active, over all batches (U,)."""
        self.entries = 0
        """Samples and positions a unit was seen at."""
        self.weight_log10_rms: float | None = None
        self.parts: defaultdict[str, list[Norm]] = defaultdict(list)
        self.time: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
        self.attention: list[Attending] = []


class Output(NamedTuple):
    """What went by on the way forward."""

    step: Step
    y: Array
    activity: tuple[Activation, Array] | None


class Backward(NamedTuple):
    """What went by on the way back."""

    step: Step
    dy: Signal
    gradients: Gradients


class Weights(NamedTuple):
    """The weight gradients of one layer."""

    heard: Heard
    parts: Sequence[Factored]
    exponent: int


class TrialListener:
    """A listener for all batches of one trial. Small arrays wait until there are several to measure at once.

    Args:
        beside: told of each output and gradient too.
        briefly: whether what takes long is left out: directions and gradients of single samples, the range of
            numbers, time and attention.
    """

    def __init__(self, beside: Listener = SILENT, *, briefly: bool = False) -> None:
        self._beside = beside
        self._briefly = briefly
        self._heard: defaultdict[str, Heard] = defaultdict(Heard)
        self._origin: str | None = None
        self._last = "loss"
        self._other_uses: defaultdict[str, list[tuple[Gradients, int]]] = defaultdict(list)
        self._outputs: list[Output] = []
        self._backwards: list[Backward] = []
        self._factored: list[Weights] = []
        self._waiting = 0
        """Bytes of what waits."""

    @property
    def heard(self) -> defaultdict[str, Heard]:
        """What was heard of each layer, by its name."""
        self._measure()
        return self._heard

    @property
    def origin(self) -> str | None:
        """Where the first NaN or infinity came from."""
        self._measure()
        return self._origin

    def begin(self, inputs: Moments) -> None:
        """A new batch."""
        self._measure()
        self._last = "loss"
        self._note("input", inputs.is_finite)

    def loss(self, value: float | None) -> None:
        """The loss of the batch."""
        self._measure()
        self._note("loss", value is None or math.isfinite(value))

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """A step's output, for its moments and the activity of its units."""
        self._beside.output(step, y, cache)
        if not self._briefly:
            self._inside(step, cache)
        self._outputs.append(Output(step, y, step.activity(cache)))
        self._wait(y.nbytes)

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """The gradient at a step's output and those of its parameters, for their norms."""
        self._beside.gradient(step, dy, gradients)
        self._backwards.append(Backward(step, dy, gradients))
        self._wait(dy.mantissa.nbytes if can_wait(gradients.values()) else ALONE)

    def _wait(self, size: int) -> None:
        self._waiting += size
        if size >= ALONE or self._waiting >= AT_ONCE:
            self._measure()

    def _measure(self) -> None:
        """Everything that waits, in the order in which it went by."""
        outputs, self._outputs = self._outputs, []
        backwards, self._backwards = self._backwards, []
        self._waiting = 0
        if outputs:
            self._measure_outputs(outputs)
        if backwards:
            self._measure_backwards(backwards)

    def _inside(self, step: Step, cache: Cache) -> None:
        for direction, norms in (step.state_gradients(cache) or {}).items():
            self._heard[step.info.name].time[direction].append(tuple((norms * LOG10_2).tolist()))
        attended = step.attention(cache)
        if attended is not None:
            found = attending(attended[0], causal=attended[1])
            self._heard[step.info.name].attention += [found] if found else []

    def _measure_outputs(self, outputs: list[Output]) -> None:
        found = each(moments, [entries(output.y) for output in outputs])
        directed = []
        for (step, y, _), own in zip(outputs, found, strict=True):
            self._heard[step.info.name].output.append(own)
            self._note(step.info.name, own.is_finite)
            if own.is_finite and not step.info.weighted and len(y) > 1 and not self._briefly:
                directed.append((step, sample_rows(y)))
        gaps = each(cosine_gaps, [rows for _, rows in directed])
        for (step, _), gap in zip(directed, gaps, strict=True):
            self._heard[step.info.name].cosine_gap.append(gap)
        active = [(step, *activity) for step, _, activity in outputs if activity is not None]
        self._measure_flat([(step, slopes) for step, activation, slopes in active if activation.flat])
        saturating = [one for one in active if one[1].saturates]
        shares = each(
            saturated_fractions,
            [entries(slopes) for _, _, slopes in saturating],
            [activation.max_slope for _, activation, _ in saturating],
        )
        for (step, _, _), share in zip(saturating, shares, strict=True):
            self._heard[step.info.name].saturated.append(share)

    def _measure_flat(self, active: list[tuple[Step, Array]]) -> None:
        found = each(active_counts, [slopes for _, slopes in active])
        for (step, slopes), counts in zip(active, found, strict=True):
            heard = self._heard[step.info.name]
            heard.active = counts if heard.active is None else heard.active + counts
            heard.entries += slopes.size // counts.size

    def _measure_backwards(self, backwards: list[Backward]) -> None:
        if len(backwards) > 1:
            own = [one.gradients.values() for one in backwards if one.step.info.shares is None]
            find_norms([*chain.from_iterable(own)])
        for step, dy, gradients in backwards:
            self._measure_backward(step, dy, gradients)
        if self._briefly:
            return
        self._measure_samples()
        weighted = [(step, dy) for step, dy, _ in backwards if step.info.weighted]
        mantissas = [entries(dy.mantissa) for _, dy in weighted]
        ranges = each(numeric_ranges, mantissas, [dy.exponent for _, dy in weighted])
        for (step, _), found in zip(weighted, ranges, strict=True):
            self._heard[step.info.name].range.append(found)

    def _measure_backward(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        name = step.info.name
        heard = self._heard[name]
        self._note(
            self._last if self._last == "loss" else f"{BACK_THROUGH}{self._last}",
            math.isfinite(dy.log2_l2) or dy.log2_l2 == -math.inf,
        )
        self._last = name
        heard.output_grad.append(Norm(dy.log2_l2 * LOG10_2, dy.mantissa.size))
        if step.info.shares is not None:
            self._other_uses[step.info.shares].append((gradients, dy.exponent))
            gradients = {key: gradients[key] for key in step.info.own if key in gradients}
        self._parameters(step, heard, self._with_other_uses(name, gradients, dy.exponent), dy.exponent)

    def _note(self, name: str, is_finite: bool) -> None:
        if self._origin is None and not is_finite:
            self._origin = name

    def _with_other_uses(self, name: str, gradients: Gradients, exponent: int) -> Gradients:
        """The gradients summed over every use of the parameters; the first use, this one, is heard last."""
        uses = self._other_uses.pop(name, None)
        if not uses:
            return gradients
        return {
            key: gradient.plus([(use[key], other - exponent) for use, other in uses])
            for key, gradient in gradients.items()
        }

    def _parameters(self, step: Step, heard: Heard, gradients: Gradients, exponent: int) -> None:
        by_role: dict[str, list[Gradient]] = {}
        for name, gradient in gradients.items():
            by_role.setdefault(name.rpartition(".")[2], []).append(gradient)
        for role, parts in by_role.items():
            heard.gradients[role].append(_norm(parts, exponent))
        if "weight" not in by_role or not step.info.weighted:
            return
        if len(by_role["weight"]) > 1:
            for name in (name for name in gradients if name.endswith(".weight")):
                heard.parts[name.removesuffix(".weight")].append(_norm([gradients[name]], exponent))
        if heard.weight_log10_rms is None:
            heard.weight_log10_rms = _weight_log10_rms(step)
        if not self._briefly:
            factored = [part for part in by_role["weight"] if isinstance(part, Factored)]
            self._factored.append(Weights(heard, factored, exponent))

    def _measure_samples(self) -> None:
        """The samples of the weight gradients that went by."""
        factored, self._factored = self._factored, []
        found = each(sums, [sample_squares(parts) for _, parts, _ in factored])
        for (heard, parts, exponent), own in zip(factored, found, strict=True):
            heard.samples.append(samples(parts, exponent, own))


def _norm(parts: list[Gradient], exponent: int) -> Norm:
    log2 = joint_log2_l2(part.log2_l2 for part in parts) if len(parts) > 1 else parts[0].log2_l2
    return Norm((log2 + exponent) * LOG10_2, sum(part.size for part in parts))


def _weight_log10_rms(step: Step) -> float:
    weights = step.weights()
    if len(weights) == 1:
        return weights[0].log2_rms * LOG10_2
    size = sum(weight.size for weight in weights)
    total = joint_log2_l2(weight.log2_rms + 0.5 * math.log2(weight.size) for weight in weights)
    return (total - 0.5 * math.log2(size)) * LOG10_2
