"""The report as GitHub-flavoured Markdown, for a pull request or a step summary."""

import re
from collections.abc import Iterable, Iterator, Sequence

from gradscope.render.characters import visible
from gradscope.render.columns import COLUMNS, Column, filled
from gradscope.render.findings import MOST_ALIKE, Group, groups, sentence
from gradscope.render.headline import facts, flow_facts, verdict_words
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Failure, Outcome
from gradscope.render.quantities import norm
from gradscope.render.rows import Fold, Row, folded_rows, rows_of
from gradscope.render.tried import tried_words
from gradscope.report import Report

MOST_RANK = 11
"""Columns beyond this rank would make the table too wide for a page."""

_SPECIAL = re.compile(r"[\\`*\[\]<>&|~$#]|(?<!\w)_|_(?!\w)")


def render(outcome: Outcome, options: RenderOptions) -> str:
    """A section a report, or with `quiet` a line; in UTF-8 whatever the terminal."""
    if options.quiet:
        return "".join(f"- {_quiet(result)}\n" for result in outcome.results)
    sections = (_section(result, options) for result in outcome.results)
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in sections)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\g<0>", visible(text))


def problem_items(failure: Failure) -> Iterator[str]:
    """What is wrong with a config, an item each."""
    return (f"- **{failure.word}** {escaped(str(problem))}" for problem in failure.problems)


def finding_items(group: Group, options: RenderOptions) -> Iterator[str]:
    """Findings of one rule as an item, with messages, remedy and causes below it."""
    yield f"- **{group.alike[0].severity}** {_rule(group)}"
    yield from _body(group, MOST_ALIKE, "  ", options)
    for cause in group.causes:
        yield f"  - because of {_rule(cause)}"
        yield from _body(cause, 1, "    ", options)


def _quiet(result: Report | Failure) -> str:
    if isinstance(result, Failure):
        return f"**{result.word}** {escaped(result.source)}"
    return f"**{escaped(result.verdict)}** {norm(result.flow.log10_ratio)} {escaped(result.name)}"


def _section(result: Report | Failure, options: RenderOptions) -> Iterator[str]:
    if isinstance(result, Failure):
        yield from (f"## {escaped(result.source)}", "", *problem_items(result))
    else:
        yield from _report(result, options)


def _report(report: Report, options: RenderOptions) -> Iterator[str]:
    yield f"## {escaped(report.name)}"
    if report.description:
        yield from ("", escaped(" ".join(report.description.split())))
    yield from ("", escaped(", ".join([*facts(report), report.source])), "")
    yield from _table(report, options)
    yield ""
    yield from (f"- **{escaped(label)}** {escaped(words)}" for label, words in flow_facts(report))
    yield ""
    for group in groups(report.findings, tried_words(report)):
        yield from finding_items(group, options)
        yield ""
    yield f"**verdict** {escaped(verdict_words(report))}"


def _table(report: Report, options: RenderOptions) -> Iterator[str]:
    rows = rows_of(report, all_layers=options.all_layers)
    columns = [column for column in filled(COLUMNS, rows) if column.rank <= MOST_RANK]
    yield _row(["layer", *(escaped(column.head) for column in columns)])
    yield f"|---|{''.join('---:|' if column.right else '---|' for column in columns)}"
    for row in rows if options.full else folded_rows(rows):
        yield _row(_fold(row, columns) if isinstance(row, Fold) else _cells(row, columns))


def _cells(row: Row, columns: Sequence[Column]) -> list[str]:
    name = escaped(row.layer.name)
    return [f"**{name}**" if row.severity else name, *(escaped(column.text(row)) for column in columns)]


def _fold(fold: Fold, columns: Sequence[Column]) -> list[str]:
    words = f"*... {fold.count} more layers, {escaped(fold.first)} to {escaped(fold.last)}*"
    return [words, *("" for _ in columns)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(group: Group) -> str:
    return f"{group.alike[0].rule} {escaped(group.alike[0].name)}"


def _body(group: Group, most: int, indent: str, options: RenderOptions) -> Iterator[str]:
    alike, others = group.shown(full=options.full, most=most)
    yield from (f"{indent}- {escaped(sentence(finding))}" for finding in alike)
    if others:
        yield f"{indent}- {escaped(others)}"
    yield from (f"{indent}- Remedy: {escaped(remedy)}" for remedy in group.remedies)
    if group.tried:
        yield f"{indent}- Tried: {escaped(group.tried)}"
