"""The columns of the per-layer table, each with its head, what it means, and how a row's cell is written."""

import math
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from msgspec import Struct

from gradscope.probe.summary import LayerSummary
from gradscope.render.quantities import NOTHING, norm, share, value
from gradscope.render.rows import Row


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


def field(path: str) -> Callable[[Row], float | None]:
    """Reads a quantity of the row's layer by its name in the JSON report; None when the layer has none."""
    *outer, last = path.split(".")

    def read(row: Row) -> float | None:
        record: object = row.layer
        for name in outer:
            record = getattr(record, name)
            if record is None:
                return None
        number: float | None = getattr(record, last)
        return number

    return read


def distance_style(log10: float, reference: float) -> str:
    """Green within one power of ten of the reference, red from three on; also for what is no number."""
    distance = 0.0 if log10 == reference else abs(log10 - reference)
    if distance <= 1.0:
        return "green"
    return "yellow" if distance < 3.0 else "red"


def _worst(read: Callable[[LayerSummary], float | None]) -> Callable[[Row], float | None]:
    """The largest share among the row's layer and those behind it; a NaN counts as the largest."""

    def largest(row: Row) -> float | None:
        shares = [found for layer in (row.layer, *row.behind) if (found := read(layer)) is not None]
        return max(shares, key=lambda found: math.inf if math.isnan(found) else found, default=None)

    return largest


def _share_style(read: Callable[[Row], float | None]) -> Callable[[Row, float], str]:
    def style(row: Row, reference: float) -> str:
        found = read(row)
        if not found:
            return "dim"
        if found < 0.5:
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
    read = field(path)
    return Column(
        head=head, meaning=meaning, rank=rank, text=lambda row: write(read(row)), style=_number_style(read)
    )


def _shares(head: str, meaning: str, rank: int, read: Callable[[Row], float | None]) -> Column:
    return Column(
        head=head, meaning=meaning, rank=rank, text=lambda row: share(read(row)), style=_share_style(read)
    )


def _words(head: str, meaning: str, rank: int, write: Callable[[Row], str], *, right: bool = False) -> Column:
    return Column(
        head=head, meaning=meaning, rank=rank, text=write, style=lambda row, reference: "dim", right=right
    )


def _behind(row: Row) -> str:
    return " ".join(layer.kind for layer in row.behind) or NOTHING


def _log2(exponent: float | None) -> str:
    return NOTHING if exponent is None else f"2^{exponent}"


GRADIENT = Column(
    head="|∂L/∂y|",
    meaning="L2 norm of the gradient at the layer's output; the bar is its log10",
    rank=0,
    text=lambda row: norm(row.layer.output_grad.log10_l2),
    style=_gradient_style,
)

COLUMNS: tuple[Column, ...] = (
    _words("kind", "what the layer is", 15, lambda row: row.layer.kind),
    _words("then", "the layers without weights behind it", 5, _behind),
    GRADIENT,
    _numbers("±", "spread of that over trials, in powers of ten", 13, "output_grad.log10_l2_std"),
    _numbers("|∂L/∂W|", "L2 norm of the weight gradient", 1, "weight_grad.log10_l2", norm),
    _numbers("|∂L/∂b|", "L2 norm of the bias gradient", 11, "bias_grad.log10_l2", norm),
    _numbers("update", "RMS(∂L/∂W) / RMS(W): the relative step at learning rate 1", 6, "update_ratio"),
    _numbers("y mean", "mean of the layer's output, before its activation", 8, "output.mean"),
    _numbers("y std", "standard deviation of the same", 2, "output.std"),
    _numbers("y rms", "root mean square of the same", 16, "output.rms"),
    _shares(
        "dead",
        "units whose activation has slope zero on every sample",
        3,
        _worst(attrgetter("dead_fraction")),
    ),
    _shares(
        "idle", "entries where the activation has slope zero", 7, _worst(attrgetter("inactive_fraction"))
    ),
    _shares(
        "rare",
        "units active on fewer than 1% of the samples",
        14,
        _worst(attrgetter("rarely_active_fraction")),
    ),
    _shares(
        "sat",
        "entries where the activation has less than 1% of its largest slope",
        4,
        _worst(attrgetter("saturated_fraction")),
    ),
    _numbers(
        "noise",
        "simple noise scale: the batch size at which noise equals signal",
        10,
        "sample_grad.noise_scale",
    ),
    _shares(
        "fp16",
        "gradient entries that half precision rounds to zero",
        9,
        field("range.fp16_underflow_fraction"),
    ),
    _numbers("scale", "the loss scale that saves them", 17, "range.loss_scale_log2", _log2),
    _words(
        "shape",
        "of one sample's output",
        12,
        lambda row: "x".join(map(str, row.layer.output_shape)),
        right=True,
    ),
    _numbers("params", "number of parameters", 18, "parameters", lambda number: f"{number or 0:,.0f}"),
    _words("init", "initialiser of the weights", 19, lambda row: row.layer.init or NOTHING),
)
"""In the order in which they are shown."""


def filled(columns: Iterable[Column], rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns in which some row has something to say."""
    return tuple(column for column in columns if any(column.text(row) != NOTHING for row in rows))
