"""The page of a check: all configs at a glance, and below the findings of each."""

from collections.abc import Iterator

from gradscope.render.headline import tally
from gradscope.render.html.findings import failure_article, finding_articles
from gradscope.render.html.index import index_table
from gradscope.render.html.markup import element, escaped, path, text
from gradscope.render.html.page import badge, page
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.tally import config_words, finding_words
from gradscope.render.tried import tried_words
from gradscope.report import Report


def render(outcome: Outcome, options: RenderOptions) -> str:
    """The whole page."""
    words = "; ".join(filter(None, (config_words(outcome), finding_words(outcome))))
    parts = [text("h1", "gradscope check"), text("p", words)]
    parts += map(failure_article, outcome.failures)
    parts += [index_table(outcome), *_sections(outcome), *_fixed(outcome)]
    return page("gradscope check", parts)


def _sections(outcome: Outcome) -> Iterator[str]:
    for number, result in enumerate(outcome.results):
        if isinstance(result, Report):
            key = f"r{number + 1}"
            head = element("h2", path(result.source), id=key)
            verdict = element("p", badge(result.verdict), f" {escaped(tally(result.findings))}")
            parts = (head, verdict, *finding_articles(result.findings, f"{key}-", tried_words(result)))
            yield element("section", *(f"\n{part}" for part in parts))


def _fixed(outcome: Outcome) -> Iterator[str]:
    if outcome.fixed:
        items = (
            text("li", f"{entry.config} {entry.rule}{'' if entry.layer is None else f' at {entry.layer}'}")
            for entry in outcome.fixed
        )
        yield element("section", text("h2", "Fixed", id="fixed"), element("ul", *items))
