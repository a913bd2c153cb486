"""The columns of the per-layer table, each with its head, what it means, and how a row's cell is written."""

import math
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from gradscope.probe.summary import LayerSummary, StateSummary
from gradscope.render.quantities import NOTHING, factor, norm, share, value
from gradscope.render.rows import Row
from gradscope.render.sparkline import sparkline
from gradscope.rules.beside import UNLIKE


def plain(row: Row, reference: float) -> str:
    """No style."""
    return ""


class Column(Struct, frozen=True, kw_only=True):
    """One quantity of the table."""

    head: str
    meaning: str
    rank: int
    """The smaller, the narrower the terminal that still shows it."""
    text: Callable[[Row], str]
    style: Callable[[Row, float], str] = plain
    """(row, log10 L2 of the gradient at the last flow point) -> style."""
    right: bool = True


def _field(path: str) -> Callable[[LayerSummary], float | None]:
    """Reads a quantity of a layer by its name in the JSON report; None when the layer has none."""
    *outer, last = path.split(".")

    def read(layer: LayerSummary) -> float | None:
        record: object = layer
        for name in outer:
            record = getattr(record, name)
            if record is None:
                return None
        number: float | None = getattr(record, last)
        return number

    return read


def distance_style(log10: float, reference: float) -> str:
    """Green within one power of ten of the reference, red from three on; red also for what is no number."""
    distance = abs(log10 - reference)
    if distance <= 1.0:
        return "green"
    return "yellow" if distance < 3.0 else "red"


def _share_style(read: Callable[[Row], float | None], alarming: bool) -> Callable[[Row, float], str]:
    def style(row: Row, reference: float) -> str:
        found = read(row)
        if not found:
            return "dim"
        if found < 0.5 or not (alarming or math.isnan(found)):
            return ""
        return "yellow" if found < 0.9 else "red"

    return style


def _number_style(read: Callable[[Row], float | None]) -> Callable[[Row, float], str]:
    def style(row: Row, reference: float) -> str:
        found = read(row)
        if found is None:
            return "dim"
        return "" if math.isfinite(found) else "red"

    return style


def _gradient_style(row: Row, reference: float) -> str:
    return distance_style(row.layer.output_grad.log10_l2, reference)


def _numbers(
    head: str, meaning: str, rank: int, path: str, write: Callable[[float | None], str] = value
) -> Column:
    """A quantity of the row's own layer."""
    of_layer = _field(path)

    def read(row: Row) -> float | None:
        return of_layer(row.layer)

    return Column(
        head=head, meaning=meaning, rank=rank, text=lambda row: write(read(row)), style=_number_style(read)
    )


def _shares(head: str, meaning: str, rank: int, path: str, *, alarming: bool = True) -> Column:
    """The largest share among the row's layer and those behind it; a NaN counts as the largest."""
    of_layer = _field(path)

    def read(row: Row) -> float | None:
        found = [of_layer(layer) for layer in (row.layer, *row.behind)]
        shares = [number for number in found if number is not None]
        return max(shares, key=lambda number: math.inf if math.isnan(number) else number, default=None)

    return Column(
        head=head,
        meaning=meaning,
        rank=rank,
        text=lambda row: share(read(row)),
        style=_share_style(read, alarming),
    )


def _words(head: str, meaning: str, rank: int, write: Callable[[Row], str], *, right: bool = False) -> Column:
    return Column(
        head=head, meaning=meaning, rank=rank, text=write, style=lambda row, reference: "dim", right=right
    )


def _behind(row: Row) -> str:
    return " ".join(layer.kind for layer in row.behind) or NOTHING


def _shape(row: Row) -> str:
    return "x".join(map(str, row.layer.output_shape))


def _power_of_two(exponent: float | None) -> str:
    return NOTHING if exponent is None else f"2^{exponent:.0f}"


def _decades(number: float | None) -> str:
    return NOTHING if number is None else f"{number:.2f}"


def _whole(number: float | None) -> str:
    return NOTHING if number is None else f"{number:,.0f}"


def _directions(row: Row) -> list[StateSummary]:
    time = row.layer.time
    return [] if time is None else [state for state in (time.forward, time.backward) if state is not None]


def _through_time(row: Row) -> str:
    """Of each direction the bars and the factor a step."""
    return (
        " ".join(f"{sparkline(state.log10_rms)} {factor(state.gain_per_step)}" for state in _directions(row))
        or NOTHING
    )


def _time_style(row: Row, reference: float) -> str:
    """That of the direction which fares worse, its first step against its last."""
    styles = [distance_style(state.log10_rms[0], state.log10_rms[-1]) for state in _directions(row)]
    return next((style for style in ("red", "yellow", "green") if style in styles), "dim")


GRADIENT = Column(
    head="|∂L/∂y|",
    meaning="L2 norm of the gradient at the layer's output; the bar is its log10",
    rank=0,
    text=lambda row: norm(row.layer.output_grad.log10_l2),
    style=_gradient_style,
)


def _theory(row: Row) -> str:
    expected = row.layer.theory
    return NOTHING if expected is None else f"{'≠' if _strays(row) else ''}{norm(expected.log10_l2)}"


def _strays(row: Row) -> bool:
    expected = row.layer.theory
    # Inside containers less is known of the spread.
    if not row.layer.flow_point or expected is None or expected.deviation is None:
        return False
    return not abs(expected.deviation) <= row.sigmas


THEORY = Column(
    head="theory",
    meaning="what mean-field theory expects |∂L/∂y| to be, given that at the last flow point; ≠ where the "
    f"measurement is further away than {UNLIKE.id} allows: {UNLIKE.limits['sigmas']:g} standard deviations, "
    "unless the config says otherwise",
    rank=6,
    text=_theory,
    style=lambda row, reference: "yellow" if _strays(row) else "dim",
)

COLUMNS: tuple[Column, ...] = (
    _words("kind", "what the layer is", 23, lambda row: row.layer.kind),
    _words("then", "the layers without weights behind it", 8, _behind),
    GRADIENT,
    THEORY,
    Column(
        head="in time",
        meaning="gradient of the state step by step, given one at the last alone; its factor per step back",
        rank=2,
        text=_through_time,
        style=_time_style,
        right=False,
    ),
    _numbers("±", "spread of that over trials, in powers of ten", 17, "output_grad.log10_l2_std", _decades),
    _numbers("|∂L/∂W|", "L2 norm of the weight gradient", 1, "weight_grad.log10_l2", norm),
    _numbers("|∂L/∂b|", "L2 norm of the bias gradient", 15, "bias_grad.log10_l2", norm),
    _numbers("update", "RMS(∂L/∂W) / RMS(W), the relative step at learning rate 1", 9, "update_ratio"),
    _numbers("y mean", "mean of the layer's output, before its activation", 11, "output.mean"),
    _numbers("y std", "standard deviation of the layer's output, before its activation", 3, "output.std"),
    _numbers("y rms", "root mean square of the same", 20, "output.rms"),
    _shares("dead", "units of the activation with slope zero on every sample", 4, "dead_fraction"),
    # About half of them are inactive in a sound ReLU layer: no cause for alarm.
    _shares(
        "inactive",
        "entries where the activation has slope zero",
        10,
        "inactive_fraction",
        alarming=False,
    ),
    _shares("rare", "units active on fewer than 1% of the samples", 19, "rarely_active_fraction"),
    _shares(
        "saturated", "entries with less than 1% of the activation's largest slope", 5, "saturated_fraction"
    ),
    _numbers(
        "entropy",
        "of attention weights, 1 when all keys count alike, 0 when a single one does",
        7,
        "attention.entropy",
    ),
    _shares(
        "top key", "of its attention that a head gives its favourite key", 12, "attention.top_key_weight"
    ),
    _numbers(
        "noise", "simple noise scale, the batch at which noise equals signal", 14, "sample_grad.noise_scale"
    ),
    _shares("fp16", "gradient entries that fp16 rounds to zero", 13, "range.fp16_underflow_fraction"),
    _numbers("scale", "the loss scale that saves them", 21, "range.loss_scale_log2", _power_of_two),
    _words("shape", "of one sample's output", 16, _shape, right=True),
    _numbers("params", "number of parameters", 22, "parameters", _whole),
    _words("init", "initialiser of the weights", 18, lambda row: row.layer.init or NOTHING),
)
"""In the order in which they are shown."""


def filled(columns: Iterable[Column], rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns in which some row has something to say."""
    return tuple(column for column in columns if any(column.text(row) != NOTHING for row in rows))
