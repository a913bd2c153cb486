"""Whether a report that was read can be believed: no value that none can have, and a verdict that its own
findings and numbers bear out. A file can be edited; what was judged cannot be judged again from it."""

import math
import reprlib
from collections.abc import Collection, Iterator

from gradscope.numerals import count
from gradscope.probe.summary import LayerSummary, NormSummary
from gradscope.report import Report
from gradscope.rules import RULES
from gradscope.rules.base import Severity
from gradscope.rules.judge import VERDICTS, verdict
from gradscope.rules.precision import NON_FINITE

MOST_TRIALS = 10**9
"""As many as a config can ask for."""
MOST_DECADES = 1e9
"""Ten thousand layers with a factor of 1e300 each have a hundredth of it."""
_SHARES = ("dead_fraction", "inactive_fraction", "rarely_active_fraction", "saturated_fraction")


def impossible(report: Report) -> str | None:
    """A value, in words, of the right type that no report has; None where there is none."""
    words: list[tuple[str, str, Collection[str]]] = [("verdict", report.verdict, VERDICTS)]
    words += [("severity", finding.severity, Severity.__members__) for finding in report.findings]
    for noun, word, known in words:
        if word not in known:
            return f"no {noun} is {reprlib.repr(word)}"
    if not 1 <= report.trials <= MOST_TRIALS:
        return f"it has {reprlib.repr(report.trials)} trials"
    return next((wrong for layer in report.layers for wrong in _impossible_in(layer, report.trials)), None)


def _impossible_in(layer: LayerSummary, trials: int) -> Iterator[str]:
    name = reprlib.repr(layer.name)
    for field in _SHARES:
        share = getattr(layer, field)
        if share is not None and not 0.0 <= share <= 1.0:
            yield f"{field} of {name} is {share:g}, and a share is from 0 to 1"
    for norm in _norms(layer):
        if not 0 <= norm.zero_trials <= trials:
            yield f"{reprlib.repr(norm.zero_trials)} of {count(trials, 'trial')} have no gradient at {name}"
        for log10 in (norm.log10_l2, norm.log10_rms, norm.log10_l2_std):
            if log10 is not None and MOST_DECADES < abs(log10) < math.inf:
                yield f"a gradient of {name} is {log10:g} decades"


def contradiction(report: Report) -> str | None:
    """What in a report contradicts the rest of it, in words; None where nothing does."""
    # What a network is called for an error of a newer version's rule is not known here: anything but healthy.
    known = all(finding.rule in RULES for finding in report.findings if finding.severity == "error")
    judged = verdict(report.findings) if known else None
    if report.verdict != judged and (judged or report.verdict == "healthy"):
        return f"its verdict is {report.verdict}, that of its findings {judged or 'an error'}"
    if all(finding.rule != NON_FINITE.id for finding in report.findings):
        place = _not_finite(report)
        return place and f"{place} is not finite, and no {NON_FINITE.id} among its findings says so"
    return None


def _not_finite(report: Report) -> str | None:
    """The first number that only a NaN or an infinity on the way through the network can have made."""
    if report.loss.mean is not None and not math.isfinite(report.loss.mean):
        return "the loss"
    for layer in report.layers:
        if not layer.output.is_finite:
            return f"the output of {layer.name}"
        if not all(_is_sound(norm.log10_l2) for norm in _norms(layer)):
            return f"a gradient of {layer.name}"
    flow = report.flow
    numbers = (flow.log10_ratio, flow.gain_per_layer, flow.r2, flow.risk)
    return "the flow" if any(number is not None and math.isnan(number) for number in numbers) else None


def _norms(layer: LayerSummary) -> Iterator[NormSummary]:
    for field in layer.__struct_fields__:
        found = getattr(layer, field)
        if isinstance(found, NormSummary):
            yield found
    yield from (layer.parts or {}).values()


def _is_sound(log10: float) -> bool:
    """A zero is sound: its logarithm is -inf."""
    return log10 < math.inf
