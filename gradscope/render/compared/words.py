"""What a comparison says beside its table, as plain words: the totals of both sides, and what was gained and
lost."""

import math
from collections.abc import Iterable, Iterator

from gradscope.comparing.comparison import Comparison
from gradscope.render.compared import Compared
from gradscope.render.headline import tally
from gradscope.render.quantities import NOTHING, factor, largest, ratio, share, value
from gradscope.rules.base import Finding

_SEVERITIES = ("error", "warning", "note")

Total = tuple[str, str, str, str]
"""A label, both sides, the change."""


def totals(found: Comparison) -> Iterator[Total]:
    """Of the whole network: flow, gain, loss, the worst layer's dead and saturated share, size."""
    a, b = found.a.report, found.b.report
    before, after = a.flow, b.flow
    yield "first/last", ratio(before.log10_ratio), ratio(after.log10_ratio), decades(found.log10_ratio)
    yield (
        "gain per layer",
        value(before.gain_per_layer),
        value(after.gain_per_layer),
        factor(found.gain_factor),
    )
    yield "risk", value(before.risk), value(after.risk), ""
    yield "loss", value(a.loss.mean), value(b.loss.mean), ""
    for label, field in (("most dead", "dead_fraction"), ("most saturated", "saturated_fraction")):
        shares = [largest(getattr(layer, field) for layer in side.layers) for side in (a, b)]
        if shares != [None, None]:
            yield label, share(shares[0]), share(shares[1]), ""
    if a.parameters != b.parameters:
        yield "parameters", f"{a.parameters:,}", f"{b.parameters:,}", ""


def decades(change: float | None) -> str:
    """A change of log10: `+2.5 decades` in short, `0` where there is none."""
    if change is None:
        return NOTHING
    if not math.isfinite(change):
        return str(change) if math.isnan(change) else f"{change:+}"
    rounded = f"{change:+.2f}"
    return "0" if float(rounded) == 0.0 else rounded


def conclusion(found: Compared) -> str:
    """One sentence: worse or not, and why."""
    changes = found.comparison.findings
    gained, lost = tally(changes.gained), tally(changes.lost)
    parts = [f"gains {gained}"] if gained else []
    parts += [f"loses {lost}"] if lost else []
    what = f"B {' and '.join(parts)}" if parts else "no finding was gained or lost"
    return f"B is worse: {what}" if found.is_worse else what


def remarks(found: Comparison) -> Iterator[str]:
    """What to keep in mind: different conditions, rules that judged one side only."""
    if found.unlike:
        yield f"not measured alike: {'; '.join(found.unlike)}"
    if found.findings.unjudged:
        yield f"judged in one of them only, and left out: {', '.join(found.findings.unjudged)}"


def lost_words(findings: Iterable[Finding]) -> Iterator[tuple[str, str, str]]:
    """Findings that are gone, a line a rule: severity, rule with its name, the layers."""
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault((finding.rule, finding.name), []).append(finding)
    for (rule, name), alike in by_rule.items():
        layers = [finding.layer for finding in alike if finding.layer is not None]
        more = f" and {len(layers) - 3} more" if len(layers) > 3 else ""
        where = f"at {', '.join(layers[:3])}{more}" if layers else ""
        yield max(alike, key=lambda each: -_SEVERITIES.index(each.severity)).severity, f"{rule} {name}", where
