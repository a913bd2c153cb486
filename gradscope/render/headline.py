"""What a report says beside its table, as plain words: what was run, the flow, the loss, the verdict."""

from collections import Counter
from collections.abc import Iterable

from gradscope.numerals import count
from gradscope.render.quantities import ratio, value
from gradscope.report import Report
from gradscope.rules.base import Finding

_SEVERITIES = ("error", "warning", "note")


def facts(report: Report) -> list[str]:
    """What was run: size, batch, trials, seed and dtype."""
    weighted = sum(layer.weight_grad is not None for layer in report.layers)
    batches = f"{report.batch_count} x " if report.batch_count > 1 else ""
    return [
        count(weighted, "weighted layer"),
        count(report.parameters, "parameter"),
        f"batch {batches}{report.batch_size}",
        count(report.trials, "trial"),
        f"seed {report.seed}",
        report.dtype,
    ]


def flow_facts(report: Report) -> list[tuple[str, str]]:
    """The flow of the gradient, and the loss when it is one, each behind its label."""
    flow, loss = report.flow, report.loss
    parts = [f"first/last {ratio(flow.log10_ratio)}"]
    if flow.gain_per_layer is not None:
        straight = "" if flow.r2 is None else f" (r² {value(flow.r2)})"
        parts.append(f"gain per layer {value(flow.gain_per_layer)}{straight}")
    parts.append(f"risk {value(flow.risk)}")
    found = [("flow", ", ".join(parts))]
    theory = report.theory
    if theory is not None and theory.log10_ratio is not None and theory.log10_ratio_std is not None:
        stops = "" if theory.unreached is None else f"; stops at {theory.unreached}"
        spread = f"give or take a factor of {ratio(theory.log10_ratio_std)} a draw"
        found.append(("theory", f"first/last {ratio(theory.log10_ratio)}, {spread}{stops}"))
    if report.root_cause:
        found.append(("cause", _causes(report)))
    if loss.mean is not None:
        expected = "" if loss.expected is None else f", expected {value(loss.expected)}"
        found.append(("loss", f"mean {value(loss.mean)}{expected}"))
    return found


def _causes(report: Report) -> str:
    """`first: 1.1 of the 2.2 decades lost; then second: 1.0`."""
    total = report.flow.log10_ratio
    first, *others = report.root_cause
    way = "lost" if total < 0.0 else "gained"
    words = [f"{first.message}: {abs(first.decades):.1f} of the {abs(total):.1f} decades {way}"]
    words += [f"{other.message}: {abs(other.decades):.1f}" for other in others]
    return "; then ".join(words)


def verdict_words(report: Report) -> str:
    """The verdict, and how many findings of each severity there are."""
    counts = tally(report.findings)
    return f"{report.verdict} ({counts})" if counts else report.verdict


def tally(findings: Iterable[Finding]) -> str:
    """`1 error, 3 warnings`, or nothing."""
    found = Counter(finding.severity for finding in findings)
    return ", ".join(count(found[severity], severity) for severity in _SEVERITIES if found[severity])
