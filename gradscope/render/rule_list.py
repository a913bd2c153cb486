"""`gradscope rules`: every rule in a line, as a table, JSON, CSV or Markdown."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence

from gradscope.render.options import RenderOptions
from gradscope.render.rulebook import document, in_columns
from gradscope.rules.base import Rule


def as_table(rules: Sequence[Rule], options: RenderOptions) -> str:
    """For a person at a terminal; the limits are left to `explain`."""
    from gradscope.render.characters import visible
    from gradscope.render.paint import paint
    from gradscope.render.spans import Line, hanging, padded, width

    rows = [in_columns(rule) for rule in rules]
    heads = ("rule", "name", "severities")
    widths = {head: max(width(head), *(width(row[head]) for row in rows)) for head in heads}
    cells = max(60, options.width)

    def lines() -> Iterator[Line]:
        for row in [{head: head for head in (*heads, "summary")}, *rows]:
            is_head = row["rule"] == "rule"
            before = "  ".join(padded(row[head], widths[head]) for head in heads) + "  "
            style = "bold" if is_head else ""
            summary = visible(row["summary"], unicode=options.unicode)
            yield from hanging((before, style), summary, style, cells)
            if is_head:
                yield (("─" * cells, "dim"),)

    return paint(lines(), options)


def as_markdown(rules: Sequence[Rule], options: RenderOptions) -> str:
    """A table."""
    from gradscope.render.markdown import escaped

    rows = [in_columns(rule) for rule in rules]
    lines = [
        list(rows[0]),
        ["---"] * len(rows[0]),
        *([escaped(text) for text in row.values()] for row in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_csv(rules: Sequence[Rule], options: RenderOptions) -> str:
    """A row a rule."""
    rows = [in_columns(rule) for rule in rules]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json(rules: Sequence[Rule], options: RenderOptions) -> str:
    """Everything about each rule."""
    return json.dumps(document(rules), indent=2, allow_nan=False) + "\n"


LISTS: dict[str, Callable[[Sequence[Rule], RenderOptions], str]] = {
    "table": as_table,
    "json": as_json,
    "csv": as_csv,
    "markdown": as_markdown,
}
"""How the list is written, by format."""
