"""The page of a run: one report, or several behind an index."""

from collections.abc import Iterator, Sequence

from gradscope.render.columns import COLUMNS, filled
from gradscope.render.headline import facts, flow_facts, tally
from gradscope.render.html.findings import failure_article, finding_articles
from gradscope.render.html.index import index_table
from gradscope.render.html.markup import element, escaped, text
from gradscope.render.html.page import Link, badge, figures, page, section, table
from gradscope.render.html.page import facts as fact_list
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.pictures.picture import Table
from gradscope.render.pictures.report import report_pictures
from gradscope.render.rows import Row, rows_of
from gradscope.render.tried import tried_words
from gradscope.report import Report


def render(outcome: Outcome, options: RenderOptions) -> str:
    """The whole page."""
    if len(outcome.results) == 1 and outcome.reports:
        report = outcome.reports[0]
        parts = [header(report), *report_sections(report)]
        return page(f"{report.name}: {report.verdict}", parts, section_links(report))
    parts = [text("h1", "gradscope run"), index_table(outcome)]
    parts += map(failure_article, outcome.failures)
    for number, result in enumerate(outcome.results):
        if isinstance(result, Report):
            prefix = f"r{number + 1}-"
            inner = [
                header(result, 2, f"r{number + 1}"),
                *report_sections(result, prefix),
            ]
            parts.append(element("section", *(f"\n{part}" for part in inner)))
    return page("gradscope run", parts)


def header(report: Report, level: int = 1, key: str | None = None) -> str:
    """Name, verdict, what was run, and the flow."""
    parts = [element(f"h{level}", escaped(report.name), id=key)]
    parts.append(element("p", badge(report.verdict), f" {escaped(tally(report.findings))}"))
    if report.description:
        parts.append(text("p", " ".join(report.description.split())))
    parts.append(text("p", f"{', '.join(facts(report))}; {report.source}", class_="muted"))
    parts.append(fact_list(flow_facts(report)))
    return "\n".join(parts)


def section_links(report: Report) -> list[Link]:
    """To the sections of a report."""
    findings = [("findings", f"Findings ({len(report.findings)})")] if report.findings else []
    return [("pictures", "Pictures"), *findings, ("layers", "Layers")]


def report_sections(report: Report, prefix: str = "") -> Iterator[str]:
    """Pictures, findings, layers: people look before they read."""
    pictures = figures(report_pictures(report), prefix)
    yield section(f"{prefix}pictures", "Pictures", [pictures])
    if report.findings:
        articles = finding_articles(report.findings, prefix, tried_words(report))
        yield section(f"{prefix}findings", "Findings", articles)
    layers = table(layer_table(rows_of(report)), "Every weighted layer and container, from the input on")
    yield section(f"{prefix}layers", "Layers", [layers, _meanings(report)])


def layer_table(rows: Sequence[Row]) -> Table:
    """All columns that say something."""
    columns = filled(COLUMNS, rows)
    return Table(
        ("layer", *(column.head for column in columns)),
        tuple((row.layer.name, *(column.text(row) for column in columns)) for row in rows),
    )


def _meanings(report: Report) -> str:
    columns = filled(COLUMNS, rows_of(report))
    words = fact_list((column.head, column.meaning) for column in columns)
    return element("details", text("summary", "What the columns mean"), words)
