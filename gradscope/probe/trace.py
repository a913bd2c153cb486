"""What was measured: one record a layer and trial, all plain numbers. Averages over trials are made in
`summary`."""

import math

from msgspec import Struct

from gradscope.engine.outline import LayerInfo, Outline

LOG10_2 = math.log10(2.0)

BACK_THROUGH = "gradient of "
"""What stands before a layer's name when a NaN or infinity came from its backward pass."""


class Norm(Struct, frozen=True):
    """The L2 norm of a gradient: its log10 (−inf for an exact zero) and the number of entries."""

    log10_l2: float
    size: int

    @property
    def log10_rms(self) -> float:
        """log10 of L2/√size."""
        return self.log10_l2 - 0.5 * math.log10(self.size)


class Moments(Struct, frozen=True):
    """The entries of an output: population std, share of exact zeros."""

    mean: float
    std: float
    rms: float
    zero_fraction: float
    min: float
    max: float

    @property
    def is_finite(self) -> bool:
        """Whether every entry was a finite number."""
        return math.isfinite(self.min) and math.isfinite(self.max)


class Units(Struct, frozen=True):
    """The units of an activation with a flat piece, over all samples and positions: shares in [0, 1]."""

    dead_fraction: float
    inactive_fraction: float
    rarely_active_fraction: float


class Samples(Struct, frozen=True):
    """The gradients of single samples: log10 of their mean L2 norm, and the simple noise scale."""

    log10_mean_l2: float
    noise_scale: float | None


class NumericRange(Struct, frozen=True):
    """What half precision would lose of an output gradient's non-zero entries."""

    fp16_underflow_fraction: float
    bf16_underflow_fraction: float
    loss_scale_log2: int | None


class Attending(Struct, frozen=True):
    """How attention spreads over its keys; shares in [0, 1]."""

    entropy: float
    """Of the weights of a query, over the logarithm of how many keys it sees; a mean over queries, heads and
    samples. 1 looks at all keys alike, 0 at one."""
    top_key_weight: float
    """What the key that a head favours gets from a query on average; of the head where it gets most."""


class Measured(Struct, frozen=True):
    """One layer in one trial, over all its batches. None where a layer cannot have a quantity."""

    output: Moments
    cosine_gap: float | None
    """1 − the mean cosine between two samples' outputs: near 0, all samples look the same; None for weighted
    layers and for a single sample."""
    output_grad: Norm
    gradients: dict[str, Norm]
    weight_log10_rms: float | None = None
    samples: Samples | None = None
    units: Units | None = None
    saturated_fraction: float | None = None
    range: NumericRange | None = None
    parts: dict[str, Norm] = {}
    """Gradients of the matrices, by name, where there are several."""
    time: dict[str, tuple[float, ...]] = {}
    """By direction, log10 RMS of the gradient of the state at every step, in the order the steps are taken,
    given a Gaussian one at the last."""
    attention: Attending | None = None


class Flow(Struct, frozen=True):
    """How the gradient changes over the flow points; `gain_per_layer` and `r2` need at least two of them."""

    log10_ratio: float
    gain_per_layer: float | None
    r2: float | None

    @property
    def risk(self) -> float:
        """|log10 ratio| / 3: above 1, networks were not seen to train with SGD."""
        return abs(self.log10_ratio) / 3.0


class TrialTrace(Struct, frozen=True):
    """One trial: its layers in forward order, and where the first NaN or infinity came from, if any did."""

    inputs: Moments
    input_cosine_gap: float | None
    layers: tuple[Measured, ...]
    loss: float | None
    flow: Flow
    origin: str | None = None
    """Name of the first layer to produce a NaN or infinity; `input`, `loss` and `gradient of NAME` have names
    too."""


class Trace(Struct, frozen=True):
    """All trials of one network."""

    outline: Outline
    trials: tuple[TrialTrace, ...]

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The facts of the layers, in the order of every trial's measurements."""
        return self.outline.layers
