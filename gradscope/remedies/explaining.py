"""A report with the best single remedy of each finding, tried. Cheap beside a search: theory chooses, little
is measured."""

import os
from collections.abc import Iterable, Mapping
from itertools import islice

import msgspec

from gradscope.build.plan import plan_of
from gradscope.config.load import read_document
from gradscope.config.schema import Config, Origin
from gradscope.errors import Problems
from gradscope.remedies.figures import figure
from gradscope.remedies.search import Attempt, Bench, Diagnose, badness, warning
from gradscope.remedies.trials import Trial, Workshop
from gradscope.report import Report, TriedRemedy

MOST_MEASURED = 3
"""Changes that are measured for one finding."""

MOST_WORK = 1e11
"""Multiplications of all that is measured for one config, about five seconds of two cores."""

WORK_OF_A_LAYER = 5e7
"""As many multiplications take the time that a layer takes besides them: statistics, rules, theory."""


def explained(config: Config, report: Report, diagnose: Diagnose) -> Report:
    """The report with `remedies`, one for each rule that warns and that some change does something about.

    Where a diagnosis takes too long to be repeated, as of a network of two thousand layers, nothing is tried.

    Args:
        config: what was diagnosed, from `load_config`.
        report: its report.
        diagnose: measures a config as this one was measured.
    """
    rules = _to_explain(report)
    most = int(MOST_WORK / work(config)) if rules else 0
    workshop = _workshop(config, config.origin) if most and config.origin is not None else None
    if workshop is None:
        return report
    bench = Bench(workshop, diagnose)
    tried = []
    for rule, callers in rules.items():
        singles = workshop.singles(callers)
        best = _best(bench, islice(singles, min(MOST_MEASURED, most - len(bench.tried))), rule, report)
        if best is not None:
            tried.append(_record(rule, report, best))
    return msgspec.structs.replace(report, remedies=tuple(tried))


def work(config: Config) -> float:
    """What a diagnosis takes, in multiplications: forward, back, and the gradients' norms; and the layers."""
    layers = plan_of(config).outline.layers
    products = sum(float(info.products) for info in layers)
    samples = config.batch.size * config.batch.count * config.trials
    return 6.0 * products * samples + WORK_OF_A_LAYER * len(layers)


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


def _best(bench: Bench, trials: Iterable[Trial], rule: str, before: Report) -> Attempt | None:
    """The first change that silences the rule, whatever else remains, of those tried for another rule too;
    else what comes nearest to passing."""

    def helps(attempt: Attempt) -> bool:
        return badness(attempt.report) < badness(before)

    def silences(attempt: Attempt) -> bool:
        return rule not in warning(attempt.report) and helps(attempt)

    done = next(filter(silences, bench.tried), None)
    if done is not None:
        return done
    for trial in trials:
        attempt = bench.attempt(trial)
        if attempt is not None and silences(attempt):
            return attempt
    return min(filter(helps, bench.tried), key=lambda attempt: badness(attempt.report), default=None)


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
