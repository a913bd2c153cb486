"""Listens to one trial: reduces every array to floats the moment it passes, and notes where the first NaN
came from."""

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from gradscope.engine import Array
from gradscope.engine.gradients import Factored, Gradient
from gradscope.engine.layer import Cache, Gradients, Listener, Step
from gradscope.engine.magnitude import exp2, joint_log2_l2
from gradscope.engine.sequence import SILENT
from gradscope.engine.signal import Signal
from gradscope.probe.attending import attending
from gradscope.probe.stats import active_counts, cosine_gap, moments, numeric_range, saturated_fraction
from gradscope.probe.trace import BACK_THROUGH, LOG10_2, Attending, Moments, Norm, NumericRange, Samples

EXACT = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}
"""How exact a norm is: a difference of squares below this share of them is rounding."""


class Heard:
    """What was heard of one layer so far: one entry a batch in each list."""

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


class TrialListener:
    """A listener for all batches of one trial.

    Args:
        beside: told of each gradient too.
        briefly: whether what takes long is left out: directions and gradients of single samples, the range of
            numbers, time and attention.
    """

    def __init__(self, beside: Listener = SILENT, *, briefly: bool = False) -> None:
        self._beside = beside
        self._briefly = briefly
        self.heard: defaultdict[str, Heard] = defaultdict(Heard)
        self.origin: str | None = None
        self._last = "loss"
        self._other_uses: defaultdict[str, list[tuple[Gradients, int]]] = defaultdict(list)

    def begin(self, inputs: Moments) -> None:
        """A new batch."""
        self._last = "loss"
        self._note("input", inputs.is_finite)

    def loss(self, value: float | None) -> None:
        """The loss of the batch."""
        self._note("loss", value is None or math.isfinite(value))

    def output(self, step: Step, y: Array, cache: Cache) -> None:
        """Moments of the output, and the activity of its units."""
        heard = self.heard[step.info.name]
        found = moments(y)
        heard.output.append(found)
        self._note(step.info.name, found.is_finite)
        if not self._briefly:
            self._details(step, y, cache, heard)
        activity = step.activity(cache)
        if activity is None:
            return
        activation, slopes = activity
        if activation.flat:
            counts = active_counts(slopes)
            heard.active = counts if heard.active is None else heard.active + counts
            heard.entries += slopes.size // counts.size
        if activation.saturates:
            heard.saturated.append(saturated_fraction(slopes, activation.max_slope))

    def _details(self, step: Step, y: Array, cache: Cache, heard: Heard) -> None:
        if heard.output[-1].is_finite and not step.info.weighted and len(y) > 1:
            heard.cosine_gap.append(cosine_gap(y))
        for direction, norms in (step.state_gradients(cache) or {}).items():
            heard.time[direction].append(tuple((norms * LOG10_2).tolist()))
        attended = step.attention(cache)
        if attended is not None:
            found_attention = attending(attended[0], causal=attended[1])
            heard.attention += [found_attention] if found_attention else []

    def gradient(self, step: Step, dy: Signal, gradients: Gradients) -> None:
        """Norms of the output gradient and of the parameters' gradients."""
        self._beside.gradient(step, dy, gradients)
        name = step.info.name
        heard = self.heard[name]
        self._note(
            self._last if self._last == "loss" else f"{BACK_THROUGH}{self._last}",
            math.isfinite(dy.log2_l2) or dy.log2_l2 == -math.inf,
        )
        self._last = name
        heard.output_grad.append(Norm(dy.log2_l2 * LOG10_2, dy.mantissa.size))
        if step.info.weighted and not self._briefly:
            heard.range.append(numeric_range(dy))
        if step.info.shares is not None:
            self._other_uses[step.info.shares].append((gradients, dy.exponent))
            gradients = {key: gradients[key] for key in step.info.own if key in gradients}
        self._parameters(step, heard, self._with_other_uses(name, gradients, dy.exponent), dy.exponent)

    def _note(self, name: str, is_finite: bool) -> None:
        if self.origin is None and not is_finite:
            self.origin = name

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
        matrices = [name for name in gradients if name.endswith(".weight")]
        for name in matrices if len(matrices) > 1 else ():
            heard.parts[name.removesuffix(".weight")].append(_norm([gradients[name]], exponent))
        if heard.weight_log10_rms is None:
            heard.weight_log10_rms = _weight_log10_rms(step)
        if self._briefly:
            return
        factored = [part for part in by_role["weight"] if isinstance(part, Factored)]
        heard.samples.append(_samples(factored, exponent))


def _norm(parts: list[Gradient], exponent: int) -> Norm:
    log2 = joint_log2_l2(part.log2_l2 for part in parts) if len(parts) > 1 else parts[0].log2_l2
    return Norm((log2 + exponent) * LOG10_2, sum(part.size for part in parts))


def _weight_log10_rms(step: Step) -> float:
    weights = step.weights()
    size = sum(weight.size for weight in weights)
    total = joint_log2_l2(weight.log2_rms + 0.5 * math.log2(weight.size) for weight in weights)
    return (total - 0.5 * math.log2(size)) * LOG10_2


def _samples(parts: Sequence[Factored], exponent: int) -> Samples:
    """Mean norm of the samples' own gradients and the simple noise scale (McCandlish et al. 2018, appendix
    A.1).

    The gradient of a sample's own loss is its contribution to the batch's mean times the number of samples B.
    """
    base = max(part.sample_exponent for part in parts)
    squares: Array = sum(
        (np.ldexp(part.sample_squares, 2 * (part.sample_exponent - base)) for part in parts[1:]),
        start=np.ldexp(parts[0].sample_squares, 2 * (parts[0].sample_exponent - base), dtype=np.float64),
    )
    count = len(squares)
    mean = float(np.add.reduce(np.sqrt(squares)))
    if not 0.0 < mean < math.inf:
        return Samples(-math.inf if mean == 0.0 else mean, None)
    log10_mean = (math.log2(mean) + base + exponent) * LOG10_2
    if count < 2:
        return Samples(log10_mean, None)
    of_samples = float(np.add.reduce(squares)) * count
    of_batch = exp2(2.0 * (joint_log2_l2(part.log2_l2 for part in parts) - base))
    true_square = (count * of_batch - of_samples) / (count - 1)
    trace = max((of_samples - of_batch) * count / (count - 1), 0.0)
    # Samples whose gradients are orthogonal, one-hot ones for example, have |𝒢|² = 0 but for rounding.
    is_positive = true_square > EXACT[parts[0].dtype] * of_samples
    return Samples(log10_mean, trace / true_square if is_positive else None)
