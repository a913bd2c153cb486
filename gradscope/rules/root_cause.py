"""Why a gradient vanishes or explodes: the first cause, what follows, and the decades each explains."""

import math
from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import Struct

from gradscope.probe.summary import LayerSummary
from gradscope.rules.base import Case, Finding
from gradscope.theory.counterfactual import shares
from gradscope.theory.sound import activations_behind

LEAST_SHARE, LEAST_DECADES = 0.05, 0.1
"""Of the whole, and in powers of ten: what explains less is left out."""

FAITHFUL = 0.25
"""Relative distance from the measurement beyond which theory has nothing to say about its causes."""

SATURATED = 0.5
"""Share of the entries from which on an activation counts as saturated."""


class RootCause(Struct, frozen=True):
    """One cause, the first before those it leads to."""

    cause: str
    """`input`, `init`, `normalisation` or `residual`."""
    message: str
    decades: float
    """What it adds to log10 of first over last, as a part of the measured one; what is left has no cause that
    is known here."""


def root_causes(
    case: Case, layers: Iterable[LayerSummary], findings: Iterable[Finding], log10_ratio: float
) -> tuple[RootCause, ...]:
    """Of a gradient that was found to vanish or explode; none where theory does not say what was measured.

    Args:
        case: what was judged.
        layers: its layers over all trials.
        findings: of all rules.
        log10_ratio: the measured first over last.
    """
    if not any(finding.rule in ("GS101", "GS102") for finding in findings):
        return ()
    expected = case.prediction.flow.log10_ratio
    if not LEAST_DECADES <= abs(log10_ratio) < math.inf:
        return ()
    if not abs(expected - log10_ratio) <= FAITHFUL * abs(log10_ratio):
        return ()
    least = max(LEAST_DECADES, LEAST_SHARE * abs(expected))
    found = shares(case.outline, case.inputs, case.prediction)
    telling = [share for share in found if share.decades * math.copysign(1.0, expected) >= least]
    summaries = list(layers)
    part = log10_ratio / expected
    return tuple(
        RootCause(share.cause, WORDS[share.cause](case, summaries), part * share.decades) for share in telling
    )


def _input(case: Case, layers: list[LayerSummary]) -> str:
    rms = sum(trial.inputs.rms for trial in case.trials) / len(case.trials)
    words = f"the input's RMS of {rms:.3g}"
    first = next((layer for layer in layers if layer.saturated_fraction is not None), None)
    share = first.saturated_fraction if first is not None else None
    if first is None or share is None or not share > SATURATED:
        return words
    return f"{words}, which saturates {first.name} ({share:.0%})"


def _init(case: Case, layers: list[LayerSummary]) -> str:
    laws = {info.name: info.weight for info in case.layers}
    pairs = ((laws[name], activation) for name, activation in activations_behind(case.outline))
    names = [f"{law.name} with {activation.name}" for law, activation in pairs if law is not None]
    return _commonest(names, "the initialiser")


def _normalisation(case: Case, layers: list[LayerSummary]) -> str:
    kinds = [info.kind for info in case.layers if info.normalizes is not None]
    return f"{_commonest(kinds, 'normalisation')} in a deep stack"


def _commonest(words: list[str], default: str) -> str:
    return Counter(words).most_common(1)[0][0] if words else default


def _residual(case: Case, layers: list[LayerSummary]) -> str:
    branches = sum(info.container and not info.joins and not info.scope for info in case.layers)
    if branches == 1:
        return "a residual branch that adds up unscaled"
    return f"{branches} residual branches that add up unscaled"


WORDS: dict[str, Callable[[Case, list[LayerSummary]], str]] = {
    "input": _input,
    "init": _init,
    "normalisation": _normalisation,
    "residual": _residual,
}
