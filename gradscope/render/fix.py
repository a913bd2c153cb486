"""What `fix` tried and found, as text: a table with the diff, JSON, CSV or Markdown."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from gradscope.probe.summary import FlowSummary
from gradscope.remedies.figures import judged
from gradscope.remedies.search import Attempt, Fix
from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import NOTHING, ratio, value
from gradscope.render.spans import Line, hanging, padded
from gradscope.render.tried import FIGURES
from gradscope.report import SCHEMA_VERSION, Report, json_safe


class Fixed(Struct, frozen=True):
    """The search, and what its result does to the text."""

    fix: Fix
    diff: tuple[str, ...]
    written: str | None
    """The file the new config went to."""
    settings: tuple[str, ...] = ()
    """What was set from outside, which is no part of the new config."""


Render = Callable[[Fixed, RenderOptions], str]

Column = Callable[[Report], str]

_NUMBER_WIDTH = 7
_VERDICT_WIDTH = 10


def render_table(found: Fixed, options: RenderOptions) -> str:
    """What was tried, each with its flow and verdict; the diff of what was found; what to do with it."""
    return paint(_page(found, options), options)


def render_json(found: Fixed, options: RenderOptions) -> str:
    """The reports before and after, everything tried, and the changes."""
    fix = found.fix
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "before": fix.before.to_dict(),
        "tried": [_attempt(attempt) for attempt in fix.tried],
        "after": fix.found.report.to_dict() if fix.found else None,
        "changes": [change.to_plain() for change in fix.found.changes] if fix.found else [],
        "written": json_safe(found.written),
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def render_csv(found: Fixed, options: RenderOptions) -> str:
    """A row for the config as it is, then one for each change tried; the flow by its names in the JSON."""
    from gradscope.render.csv_ import cells_of

    name = found.fix.before.name
    rows = [
        {"config": name, "remedy": remedy, "verdict": report.verdict}
        | dict(cells_of({"flow": json_safe(msgspec.to_builtins(report.flow))}))
        for remedy, report in _rows(found.fix)
    ]
    text = io.StringIO()
    flow = [f"flow.{field}" for field in FlowSummary.__struct_fields__]
    writer = csv.DictWriter(text, ["config", "remedy", "verdict", *flow], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def render_markdown(found: Fixed, options: RenderOptions) -> str:
    """A section with a table of what was tried, and the diff."""
    from gradscope.render.markdown import escaped

    lines = [f"## {escaped(found.fix.before.name)}", "", escaped(_summary(found)), ""]
    columns = _columns(found.fix.before)
    lines += [f"| {' | '.join(['tried', *columns, 'verdict'])} |", f"|---|{'---:|' * len(columns)}---|"]
    for words, report in _rows(found.fix):
        cells = [words, *(written(report) for written in columns.values()), report.verdict]
        lines.append(f"| {' | '.join(map(escaped, cells))} |")
    if found.diff:
        lines += ["", "```diff", *found.diff, "```"]
    return "\n".join(lines) + "\n"


RENDERERS: dict[str, Render] = {
    "table": render_table,
    "json": render_json,
    "csv": render_csv,
    "markdown": render_markdown,
}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "remedy": attempt.words,
        "sources": [remedy.source for remedy in attempt.trial.remedies],
        "changes": [change.to_plain() for change in attempt.changes],
        "verdict": attempt.report.verdict,
        "flow": attempt.report.to_dict()["flow"],
    }


def _page(found: Fixed, options: RenderOptions) -> Iterator[Line]:
    fix = found.fix
    yield (
        (visible(fix.before.name, unicode=options.unicode), "bold"),
        (f"  {visible(fix.before.source, unicode=options.unicode)}", "dim"),
    )
    if not options.quiet and fix.needed:
        yield ()
        yield from _tried(_rows(fix), _columns(fix.before), options)
        yield ()
        yield from (((visible(line, unicode=options.unicode), _style(line)),) for line in found.diff)
        if found.diff:
            yield ()
    yield from hanging(("", ""), visible(_summary(found), unicode=options.unicode), "bold", options.width)
    if fix.found and options.verbose:
        sources = "; ".join(remedy.source for remedy in fix.found.trial.remedies)
        yield from hanging(("", ""), visible(sources, unicode=options.unicode), "dim", options.width)


def _rows(fix: Fix) -> list[tuple[str, Report]]:
    return [("as it is", fix.before), *((attempt.words, attempt.report) for attempt in fix.tried)]


def _tried(
    rows: Sequence[tuple[str, Report]], columns: Mapping[str, Column], options: RenderOptions
) -> Iterator[Line]:
    widths = {name: max(len(name), _NUMBER_WIDTH) for name in columns}
    least = sum(widths.values()) + 2 * len(widths) + 2 + _VERDICT_WIDTH
    names = min(max(len("tried"), *(len(words) for words, _ in rows)), max(12, options.width - least))
    heads = "".join(f"  {name:>{width}}" for name, width in widths.items())
    yield ((f"{padded('tried', names)}{heads}  verdict", "bold"),)
    for words, report in rows:
        shown = visible(words, unicode=options.unicode)
        shown = shown if len(shown) <= names else shown[: names - 3] + "..."
        cells = "".join(f"  {written(report):>{widths[name]}}" for name, written in columns.items())
        style = {"healthy": "green", "warning": "yellow"}.get(report.verdict, "red")
        yield ((f"{padded(shown, names)}{cells}  ", ""), (report.verdict, style))


def _columns(before: Report) -> dict[str, Column]:
    """The flow, and what the rule that fired first judges where that is something else."""
    columns: dict[str, Column] = {"first/last": lambda report: ratio(report.flow.log10_ratio)}
    fired = next((finding.rule for finding in before.findings if finding.severity != "note"), "")
    if before.flow.gain_per_layer is not None:
        columns["gain"] = lambda report: value(report.flow.gain_per_layer)
    name, of = judged(fired)
    word, written = FIGURES[name]
    if of(before) is not None:
        columns[word] = lambda report: NOTHING if (number := of(report)) is None else written(number)
    return columns


def _summary(found: Fixed) -> str:
    fix = found.fix
    if not fix.needed:
        return "nothing to do: it passes as it is"
    if fix.found is None:
        best = fix.best
        nearest = f"; nearest came {best.words} ({best.report.verdict})" if best else ""
        return f"nothing in the catalogue helps{nearest}"
    effect = f"{fix.found.words}: {fix.before.verdict} → {fix.found.report.verdict}"
    if found.settings:
        effect += f" with {' '.join(f'--set {setting}' for setting in found.settings)}"
    if found.written:
        return f"{effect}; written to {found.written}"
    return f"{effect}; --write FILE or --in-place writes it"


def _style(line: str) -> str:
    if line.startswith(("---", "+++")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
