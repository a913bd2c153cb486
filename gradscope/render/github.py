"""Findings as workflow commands that GitHub shows at the lines of a pull request."""

from collections.abc import Iterable, Iterator, Sequence

from gradscope.errors import Problem
from gradscope.render.advice import advice
from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Failure, Outcome
from gradscope.report import Report
from gradscope.rules.base import Finding

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
"""The command of each severity."""

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(outcome: Outcome, options: RenderOptions) -> str:
    """A command for each rule, line and severity, worst first, as GitHub shows ten of a kind.

    What explains a finding is told with it, and what a baseline has is not told; "" when nothing is left.
    """
    lines = [line for result in outcome.results for line in _lines(result, outcome)]
    lines.sort(key=lambda line: [*COMMANDS.values()].index(line.partition(" ")[0].removeprefix("::")))
    return "".join(f"{line}\n" for line in lines)


def _lines(result: Report | Failure, outcome: Outcome) -> Iterator[str]:
    path = outcome.repository.relative(result.source)
    if isinstance(result, Failure):
        return (_mistake(result, problem, path) for problem in result.problems)
    return (_findings(alike, result, path) for alike in _alike(result))


def _alike(report: Report) -> Iterable[Sequence[Finding]]:
    """The copies of a layer that is repeated share a line: what a rule says of them is one thing."""
    rules = {finding.rule for finding in report.findings}
    alike: dict[tuple[str, str, int | None], list[Finding]] = {}
    for finding in report.findings:
        if not finding.known and finding.explains not in rules:
            alike.setdefault((finding.rule, finding.severity, finding.line), []).append(finding)
    return alike.values()


def _findings(alike: Sequence[Finding], report: Report, path: str) -> str:
    first = alike[0]
    place = {"file": path, "line": first.line, "col": first.column}
    title = f"{first.rule} {first.name}"
    return _command(COMMANDS[first.severity], place, title, advice(alike, report))


def _mistake(failure: Failure, problem: Problem, path: str) -> str:
    is_here = problem.place.source == failure.source
    place = {"file": path} | ({"line": problem.place.line, "col": problem.place.column} if is_here else {})
    words = f"{problem.fact}; {problem.hint}" if problem.hint else problem.fact
    text = visible(words if is_here else f"{problem.place.source}: {words}")
    return _command("error", place, f"{failure.word} config", text)


def _command(name: str, place: dict[str, str | int | None], title: str, text: str) -> str:
    properties = {key: value for key, value in place.items() if value is not None} | {"title": title}
    words = ",".join(f"{key}={visible(str(value)).translate(_PROPERTY)}" for key, value in properties.items())
    return f"::{name} {words}::{text.translate(_DATA)}"
