"""The findings as lines of a terminal: a block for each group, its messages, its remedy, its causes."""

from collections.abc import Iterator, Mapping, Sequence

from gradscope.render.characters import visible
from gradscope.render.findings import MOST_ALIKE, Group, groups, sentence
from gradscope.render.options import RenderOptions
from gradscope.render.spans import Line, hanging
from gradscope.rules.base import Finding

MARKS = {"error": ("✗", "bold red"), "warning": ("▲", "yellow"), "note": ("•", "cyan")}
"""Symbol and style of each severity."""


def finding_lines(
    findings: Sequence[Finding],
    options: RenderOptions,
    width: int,
    tried: Mapping[str, str] | None = None,
) -> Iterator[Line]:
    """A block for each group: severity and rule, the messages with their places, the remedy and what was
    `tried`, the causes."""
    writer = _Writer(options, width)
    for group in groups(findings, tried):
        first = group.alike[0]
        mark, style = MARKS[first.severity]
        yield ()
        yield ((f"{mark} {first.severity}", style), (f"  {first.rule} ", "bold"), (first.name, ""))
        yield from writer.body(group, MOST_ALIKE, "  ")
        if group.causes:
            yield (("  because", "bold"),)
        for cause in group.causes:
            first = cause.alike[0]
            mark, style = MARKS[first.severity]
            yield ((f"  {mark} ", style), (f"{first.rule} ", "bold"), (first.name, ""))
            # What explains a finding is mended by its remedy: one screen has no room for both.
            yield from writer.body(cause, 1, "    ", advises=options.verbose)


class _Writer:
    """Writes messages and remedies, a remedy that was given before only as such."""

    def __init__(self, options: RenderOptions, width: int) -> None:
        self._options = options
        self._width = width
        self._given: set[str] = set()

    def body(self, group: Group, most: int, indent: str, *, advises: bool = True) -> Iterator[Line]:
        alike, others = group.shown(full=self._options.full, most=most)
        for finding in alike:
            yield from self._paragraph(indent, sentence(finding))
        if others:
            yield ((indent + others, "dim"),)
        for remedy in group.remedies if advises else ():
            yield from self._paragraph(f"{indent}→ ", "as above" if remedy in self._given else remedy)
            self._given.add(remedy)
        if group.tried:
            text = visible(group.tried, unicode=self._options.unicode)
            yield from hanging((f"{indent}tried ", "bold"), text, "bold green", self._width)

    def _paragraph(self, mark: str, text: str) -> Iterator[Line]:
        return hanging((mark, "green"), visible(text, unicode=self._options.unicode), "", self._width)
