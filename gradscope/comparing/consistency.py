"""Whether a report that was read says of itself what its own findings and numbers say. A file can be edited;
what was judged cannot be judged again from it."""

import math
from collections.abc import Iterator

from gradscope.probe.summary import LayerSummary, NormSummary
from gradscope.report import Report
from gradscope.rules import RULES
from gradscope.rules.judge import verdict
from gradscope.rules.precision import NON_FINITE


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
    return "the flow" if math.isnan(report.flow.log10_ratio) else None


def _norms(layer: LayerSummary) -> Iterator[NormSummary]:
    for field in layer.__struct_fields__:
        found = getattr(layer, field)
        if isinstance(found, NormSummary):
            yield found
    yield from (layer.parts or {}).values()


def _is_sound(log10: float) -> bool:
    """A zero is sound: its logarithm is -inf."""
    return log10 < math.inf
