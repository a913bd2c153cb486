"""A finished point, as scripts and exports see it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gradscope.sweeping.columns import COLUMNS, headers, headings, line

if TYPE_CHECKING:
    from gradscope.report import Report


class SweepPoint(Struct, frozen=True, kw_only=True):
    """One point of a sweep and what came of it."""

    number: int
    """Its place in the design."""
    axes: dict[str, Any]
    """The values of the axes."""
    key: str
    """What its result is stored under."""
    columns: tuple[Any, ...]
    """The values of `columns.COLUMNS`."""
    is_stored: bool = False
    """Whether it was computed by an earlier call."""
    compressed_report: bytes | None = None

    def __repr__(self) -> str:
        """What a script prints of it: the point and what came of it, not the whole report."""
        came = f"error={self.error!r}" if self.error is not None else f"verdict={self.verdict!r}"
        return f"SweepPoint(number={self.number}, axes={self.axes!r}, {came})"

    @property
    def verdict(self) -> str | None:
        """The word for its config; None when it failed."""
        verdict: str | None = self._column("verdict")
        return verdict

    @property
    def error(self) -> str | None:
        """Why it failed, if it did."""
        error: str | None = self._column("error")
        return error

    @property
    def gain_per_layer(self) -> float | None:
        """The factor on the gradient at each flow point, going towards the input."""
        gain: float | None = self._column("flow.gain_per_layer")
        return gain

    @property
    def log10_ratio(self) -> float | None:
        """log10 of the first flow point's gradient over the last one's."""
        ratio: float | None = self._column("flow.log10_ratio")
        return ratio

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that fired, worst first."""
        return tuple((self._column("rules") or "").split())

    @property
    def report(self) -> Report | None:
        """The whole report; None when the point failed, or its report was not asked for."""
        if self.compressed_report is None:
            return None
        import msgspec

        from gradscope.report import Report

        # Not strict: the strings for numbers that are not finite are numbers again.
        text = zlib.decompress(self.compressed_report)
        return msgspec.json.decode(text, type=Report, strict=False)

    def to_dict(self) -> dict[str, Any]:
        """A line of an export: the axes, then the columns; numbers that are not finite as strings."""
        from gradscope.report import json_safe

        heads = headers(headings([*self.axes]))
        told: dict[str, Any] = json_safe(line(heads, [*self.axes.values()], self.columns))
        return told

    def _column(self, name: str) -> Any:
        return self.columns[COLUMNS.index(name)]
