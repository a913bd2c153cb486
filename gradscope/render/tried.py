"""What was tried against a finding and what came of it, in words."""

import shlex
from collections.abc import Callable

from gradscope.render.quantities import ratio, share, value
from gradscope.report import Figure, Report, TriedRemedy

FIGURES: dict[str, tuple[str, Callable[[float], str]]] = {
    "gain_per_layer": ("gain", value),
    "log10_ratio": ("first/last", ratio),
    "log10_through_time": ("first/last step", ratio),
    "dead_fraction": ("dead", share),
    "saturated_fraction": ("saturated", share),
    "loss": ("loss", value),
}
"""By the name of a figure, its word and how it is written."""


def tried_words(report: Report) -> dict[str, str]:
    """By rule: `init: he_normal → gain 0.21 → 1.00, passes`."""
    return {tried.rule: f"{tried.remedy} → {', '.join(_effects(tried))}" for tried in report.remedies}


def fix_words(report: Report) -> str | None:
    """How to have the best change written; None where nothing helps, or the config came from no file."""
    if not report.remedies or report.source.startswith("<"):
        return None
    return f"`gradscope fix {shlex.quote(report.source)}` shows the change, with --write FILE it writes it"


def _effects(tried: TriedRemedy) -> list[str]:
    effects = [_figure(tried.figure)]
    if not tried.remaining:
        return [*effects, "passes"]
    if tried.rule not in tried.remaining:
        effects.append(f"{tried.rule} gone")
    return [*effects, f"leaves {', '.join(tried.remaining)}"]


def _figure(figure: Figure) -> str:
    name, written = FIGURES[figure.name]
    return f"{name} {written(figure.before)} → {written(figure.after)}"
