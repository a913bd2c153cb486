"""The comparison as GitHub-flavoured Markdown, for a pull request."""

from collections.abc import Iterable, Iterator

from gradscope.render.compared import Compared
from gradscope.render.compared.rows import (
    PairFold,
    PairRow,
    dead,
    folded_pairs,
    gradient,
    pair_rows,
    saturated,
)
from gradscope.render.compared.words import conclusion, decades, lost_words, remarks, totals
from gradscope.render.findings import groups
from gradscope.render.headline import verdict_words
from gradscope.render.markdown import escaped, finding_items
from gradscope.render.options import RenderOptions
from gradscope.render.quantities import norm, share

_HEADS = ("layer", "|∂L/∂y| A", "B", "decades", "dead A", "B", "saturated A", "B")


def render(found: Compared, options: RenderOptions) -> str:
    """A section with the totals, the layers, and the findings gained and lost."""
    return "".join(f"{line}\n" for line in _lines(found, options))


def _lines(found: Compared, options: RenderOptions) -> Iterator[str]:
    comparison = found.comparison
    yield f"## {escaped(comparison.a.report.name)} → {escaped(comparison.b.report.name)}"
    yield ""
    yield f"**{escaped(conclusion(found))}**"
    if options.quiet:
        return
    yield ""
    for letter, side in (("A", comparison.a), ("B", comparison.b)):
        yield f"- **{letter}** {escaped(side.label)}: {escaped(verdict_words(side.report))}"
    yield from (f"- {escaped(words)}" for words in remarks(comparison))
    yield ""
    yield from _table(("", "A", "B", "change"), totals(comparison))
    yield ""
    rows = pair_rows(comparison)
    yield from _table(_HEADS, map(_cells, rows if options.full else folded_pairs(rows)))
    if comparison.findings.gained:
        yield from ("", "### Gained by B", "")
        for group in groups(comparison.findings.gained):
            yield from finding_items(group, options)
    if comparison.findings.lost:
        yield from ("", "### Lost by B", "")
        for words in lost_words(comparison.findings.lost):
            yield f"- {escaped(' '.join(filter(None, words)))}"


def _cells(row: PairRow | PairFold) -> list[str]:
    if isinstance(row, PairFold):
        return [f"... {row.count} more layers, {row.first} to {row.last}", *[""] * (len(_HEADS) - 1)]
    return [
        row.name,
        norm(gradient(row.a)),
        norm(gradient(row.b)),
        decades(row.change.output_grad),
        *(share(read(side)) for read in (dead, saturated) for side in (row.a, row.b)),
    ]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = [*heads]
    yield f"| {' | '.join(map(escaped, heads))} |"
    yield f"|---|{'---:|' * (len(heads) - 1)}"
    for row in rows:
        yield f"| {' | '.join(map(escaped, row))} |"
