"""The page of a comparison: both sides, pictures with both in them, findings gained and lost, the layers."""

from collections.abc import Iterator

from gradscope.comparing.comparison import Side
from gradscope.render.compared import Compared
from gradscope.render.compared.rows import dead, gradient, pair_rows, saturated
from gradscope.render.compared.words import conclusion, decades, lost_words, remarks, totals
from gradscope.render.headline import tally
from gradscope.render.html.findings import finding_articles
from gradscope.render.html.markup import element, escaped, text
from gradscope.render.html.page import Link, badge, figures, page, section, table
from gradscope.render.options import RenderOptions
from gradscope.render.pictures.comparison import comparison_pictures
from gradscope.render.pictures.picture import Table
from gradscope.render.quantities import norm, share

_HEADS = ("layer", "|∂L/∂y| A", "B", "decades", "|∂L/∂W|, decades", "dead A", "B", "saturated A", "B")


def render(found: Compared, options: RenderOptions) -> str:
    """The whole page."""
    comparison = found.comparison
    names = dict.fromkeys(side.report.name for side in (comparison.a, comparison.b))
    title = f"{' → '.join(names)}: {conclusion(found)}"
    return page(title, _parts(found), _links(found))


def _links(found: Compared) -> list[Link]:
    changes = found.comparison.findings
    counted = (("gained", "Gained", changes.gained), ("lost", "Lost", changes.lost))
    linked = [(key, f"{title} ({len(findings)})") for key, title, findings in counted if findings]
    return [("pictures", "Pictures"), *linked, ("layers", "Layers")]


def _parts(found: Compared) -> Iterator[str]:
    comparison = found.comparison
    yield text("h1", " → ".join(dict.fromkeys(side.report.name for side in (comparison.a, comparison.b))))
    yield text("p", conclusion(found), class_="error" if found.is_worse else "good")
    yield element("dl", _side("A", comparison.a), _side("B", comparison.b))
    yield from (text("p", words, class_="muted") for words in remarks(comparison))
    rows = Table(("quantity", "A", "B", "change"), tuple(totals(comparison)))
    yield table(rows, "The whole network")
    yield section("pictures", "Pictures", [figures(comparison_pictures(comparison))])
    changes = comparison.findings
    if changes.gained:
        yield section("gained", "Gained by B", finding_articles(changes.gained))
    if changes.lost:
        items = (text("li", " ".join(filter(None, words))) for words in lost_words(changes.lost))
        yield section("lost", "Lost by B", [element("ul", *items)])
    yield section("layers", "Layers", [table(_layers(found), "Layers by name")])


def _side(letter: str, side: Side) -> str:
    words = f" {escaped(side.report.name)}, {escaped(side.label)}"
    counts = tally(side.report.findings)
    end = f"; {escaped(counts)}" if counts else ""
    return text("dt", letter) + element("dd", badge(side.report.verdict), words, end)


def _layers(found: Compared) -> Table:
    return Table(
        _HEADS,
        tuple(
            (
                row.name,
                norm(gradient(row.a)),
                norm(gradient(row.b)),
                decades(row.change.output_grad),
                decades(row.change.weight_grad),
                *(share(read(side)) for read in (dead, saturated) for side in (row.a, row.b)),
            )
            for row in pair_rows(found.comparison)
        ),
    )
