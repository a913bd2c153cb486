"""What is kept of a point beside its axes: the columns of the store and of every export, in their order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradscope.report import Report

MEASURED: dict[str, Callable[[Report], Any]] = {
    "verdict": lambda report: report.verdict,
    "flow.gain_per_layer": lambda report: report.flow.gain_per_layer,
    "flow.log10_ratio": lambda report: report.flow.log10_ratio,
    "flow.r2": lambda report: report.flow.r2,
    "parameters": lambda report: report.parameters,
    "worst_dead_fraction": lambda report: _worst(layer.dead_fraction for layer in report.layers),
    "rules": lambda report: " ".join(dict.fromkeys(finding.rule for finding in report.findings)),
    "seed": lambda report: report.seed,
}
"""Taken from the report; None where it has no such number. `rules` are those that fired, worst first."""

COLUMNS: tuple[str, ...] = (*MEASURED, "error")
"""The measured ones, and why there are none."""

NUMBERS = ("flow.gain_per_layer", "flow.log10_ratio", "flow.r2", "worst_dead_fraction")
"""Columns of floats, some of which may not be finite."""

FAILED = "failed"
"""What stands in the place of a verdict for a point that failed."""


def measured(report: Report) -> tuple[Any, ...]:
    """The values of `MEASURED`."""
    return tuple(take(report) for take in MEASURED.values())


def unmeasured(values: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of `MEASURED` for a point that failed: its seed is known where it is one of its axes."""
    seed = values.get("seed")
    return tuple(seed if name == "seed" and type(seed) is int else None for name in MEASURED)


def headings(names: Sequence[str]) -> dict[str, str]:
    """The column of each axis: its name, or `axis.NAME` where a column is called that already.

    SQL does not tell large letters from small ones, so neither does this. The seed is a column of its own
    that an axis may share: it says the same.
    """
    taken = {column.casefold() for column in (*COLUMNS, *STORED) if column != "seed"}
    found: dict[str, str] = {}
    for name in names:
        heading = name
        while heading.casefold() in taken:
            heading = f"axis.{heading}"
        taken.add(heading.casefold())
        found[name] = heading
    return found


STORED = ("id", "key", "seconds", "gradscope_version")
"""What the store has besides."""


def headers(headings: Mapping[str, str]) -> list[str]:
    """The heads of an export: the axes, then the columns."""
    return [*dict.fromkeys([*headings.values(), *COLUMNS])]


def line(heads: Sequence[str], values: Sequence[Any], columns: Sequence[Any]) -> dict[str, Any]:
    """One line of an export under its `headers`; `rules` as a list."""
    found = dict(zip(heads, values, strict=False))
    for name, value in zip(COLUMNS, columns, strict=True):
        found.setdefault(name, value.split() if name == "rules" and value is not None else value)
    return found


def _worst(fractions: Any) -> float | None:
    known = [fraction for fraction in fractions if fraction is not None]
    return max(known, key=lambda fraction: math.inf if math.isnan(fraction) else fraction, default=None)
