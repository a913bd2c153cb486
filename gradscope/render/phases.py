"""A phase diagram as text: a map, JSON, CSV or Markdown. Computes nothing of it."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence

from gradscope.phases import PhaseDiagram
from gradscope.render.characters import visible
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import value
from gradscope.render.spans import Line, Span, padded
from gradscope.report import SCHEMA_VERSION, json_safe
from gradscope.theory.unit import depth_scale, phase

MOST_ROWS = 24
_LABEL = 10
_MARKS: dict[str, tuple[str, str]] = {
    "ordered": (".", "cyan"),
    "critical": ("+", "bold green"),
    "chaotic": ("#", "red"),
}

Render = Callable[[PhaseDiagram, RenderOptions], str]


def render_table(found: PhaseDiagram, options: RenderOptions) -> str:
    """A map no wider than the terminal; a cell on the edge of chaos is marked as critical."""
    return paint(_lines(found, options), options)


def render_json(found: PhaseDiagram, options: RenderOptions) -> str:
    """The axes, χ₁, depth scale and phase by row (second axis) and column (first), and the edge of each
    row."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "name": found.name,
        "source": found.source,
        "axes": [
            {"name": name, "values": values} for name, values in zip(found.names, found.values, strict=True)
        ],
        "chi_1": found.chi_1,
        "depth_scale": [[depth_scale(chi) for chi in row] for row in found.chi_1],
        "phase": [[phase(chi) for chi in row] for row in found.chi_1],
        "edge": found.edge,
    }
    return json.dumps(json_safe(document), allow_nan=False) + "\n"


def render_csv(found: PhaseDiagram, options: RenderOptions) -> str:
    """A row a point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*found.names, "chi_1", "depth_scale", "phase"])
    for number, row in enumerate(found.chi_1):
        second = [found.values[1][number]] if len(found.values) > 1 else []
        for first, chi in zip(found.values[0], row, strict=True):
            writer.writerow([first, *second, chi, depth_scale(chi), phase(chi)])
    return text.getvalue()


def render_markdown(found: PhaseDiagram, options: RenderOptions) -> str:
    """The map as a block of code."""
    plain = RenderOptions(width=min(options.width, 100), unicode=True)
    return f"```\n{paint(_lines(found, plain), plain)}```\n"


RENDERERS: dict[str, Render] = {
    "table": render_table,
    "json": render_json,
    "csv": render_csv,
    "markdown": render_markdown,
}


def _lines(found: PhaseDiagram, options: RenderOptions) -> Iterator[Line]:
    columns = _groups(len(found.values[0]), max(8, options.width - _LABEL - 2))
    rows = _groups(len(found.chi_1), MOST_ROWS)
    yield ((visible(found.name, unicode=options.unicode), "bold"),)
    down = f", {found.names[1]} upwards" if len(found.names) > 1 else ""
    yield ((visible(f"{found.names[0]} across{down}", unicode=options.unicode), "dim"),)
    yield ()
    for row in reversed(rows):
        label = value_text(found.values[1][row[0]]) if len(found.values) > 1 else ""
        yield (
            (padded(label, _LABEL, right=True), "dim"),
            ("  ", ""),
            *(_cell([found.chi_1[r][c] for r in row for c in column]) for column in columns),
        )
    ends = value_text(found.values[0][0]), value_text(found.values[0][-1])
    gap = " " * max(1, len(columns) - len(ends[0]) - len(ends[1]))
    yield ((" " * (_LABEL + 2) + ends[0] + gap + ends[1], "dim"),)
    yield ()
    yield tuple(
        part for word, (mark, style) in _MARKS.items() for part in ((mark, style), (f" {word}   ", ""))
    )
    yield from _edge(found)


def _edge(found: PhaseDiagram) -> Iterator[Line]:
    """The edge of chaos in words: its ends, or that there is none here."""
    crossed = [(number, row[0]) for number, row in enumerate(found.edge) if row]
    if not crossed:
        yield (("no edge of chaos between these values", ""),)
        return
    for number, place in dict.fromkeys((crossed[0], crossed[-1])):
        at = f" at {found.names[1]} {value_text(found.values[1][number])}" if len(found.names) > 1 else ""
        yield (("edge of chaos  ", "bold"), (f"{found.names[0]} {place:.4g}{at}", ""))


def value_text(entry: object) -> str:
    """A value of an axis."""
    return value(entry) if isinstance(entry, float) else visible(str(entry))[:_LABEL]


def _groups(count: int, most: int) -> list[range]:
    """Indices in at most so many groups of neighbours."""
    size = -(-count // most)
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _cell(chis: Sequence[float]) -> Span:
    words = {phase(chi) for chi in chis}
    return _MARKS[words.pop() if len(words) == 1 else "critical"]
