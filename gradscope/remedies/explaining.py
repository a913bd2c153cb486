"""A report with the best single remedy of each finding, tried. Cheap beside a search: theory chooses, little
is measured."""

import os
from collections.abc import Mapping
from itertools import islice

import msgspec

from gradscope.build.plan import plan_of
from gradscope.config.digest import config_sha256
from gradscope.config.load import read_document
from gradscope.config.schema import Config, Origin
from gradscope.errors import Problems
from gradscope.remedies.figures import figure
from gradscope.remedies.search import Attempt, Bench, Diagnose, badness, warning
from gradscope.remedies.trials import Workshop
from gradscope.report import Report, TriedRemedy

MOST_MEASURED = 3
"""Changes that are measured for one finding."""

MOST_WORK = 1e11
"""Multiplications of one diagnosis, about three seconds of two cores, beyond which nothing is tried."""


def explained(config: Config, report: Report, diagnose: Diagnose) -> Report:
    """The report with `remedies`, one for each rule that warns and that some change does something about.

    Args:
        config: what was diagnosed, from `load_config`.
        report: its report.
        diagnose: measures a config as this one was measured.
    """
    rules = _to_explain(report)
    if not rules or config.origin is None or work(config) > MOST_WORK:
        return report
    known: dict[str, Report] = {}

    def measured(tried: Config) -> Report:
        digest = config_sha256(tried)
        if digest not in known:
            known[digest] = diagnose(tried)
        return known[digest]

    tried = []
    for rule, callers in rules.items():
        workshop = _workshop(config, config.origin)
        best = _best(Bench(workshop, measured), workshop, rule, callers, report) if workshop else None
        if best is not None:
            tried.append(_record(rule, report, best))
    return msgspec.structs.replace(report, remedies=tuple(tried))


def work(config: Config) -> float:
    """Multiplications of a diagnosis, in round figures: forward, back, and the gradients' norms."""
    layers = plan_of(config).outline.layers
    products = sum(float(info.products) for info in layers)
    return 6.0 * products * config.batch.size * config.batch.count * config.trials


def _to_explain(report: Report) -> Mapping[str, frozenset[str]]:
    """Rules that warn of something of their own, each with those that explain it."""
    found: dict[str, frozenset[str]] = {}
    for finding in report.findings:
        if finding.severity != "note" and finding.explains is None:
            causes = {other.rule for other in report.findings if other.explains == finding.rule}
            found[finding.rule] = frozenset({finding.rule, *causes})
    return found


def _workshop(config: Config, origin: Origin) -> Workshop | None:
    problems = Problems()
    document = read_document(origin.source, problems, text=origin.text)
    if document is None or problems.found:
        return None  # the file has changed since it was diagnosed
    is_file = origin.text is None and isinstance(origin.source, str)
    folder = os.path.dirname(document.source) if is_file else ""
    return Workshop(config, document, origin.overrides, folder)


def _best(
    bench: Bench, workshop: Workshop, rule: str, callers: frozenset[str], before: Report
) -> Attempt | None:
    """The first change that silences the rule, whatever else remains; else what comes nearest to passing."""
    for trial in islice(workshop.singles(callers), MOST_MEASURED):
        attempt = bench.attempt(trial)
        if rule not in warning(attempt.report) and badness(attempt.report) < badness(before):
            return attempt
    nearest = min(bench.tried, key=lambda attempt: badness(attempt.report), default=None)
    return nearest if nearest is not None and badness(nearest.report) < badness(before) else None


def _record(rule: str, before: Report, best: Attempt) -> TriedRemedy:
    return TriedRemedy(
        rule=rule,
        remedy=best.words,
        source="; ".join(remedy.source for remedy in best.trial.remedies),
        changes=tuple(change.to_plain() for change in best.changes),
        verdict=best.report.verdict,
        flow=best.report.flow,
        figure=figure(rule, before, best.report),
        remaining=tuple(sorted(warning(best.report))),
    )
