"""The findings of a report as articles, each with an id to link to, and what explains them inside."""

from collections.abc import Iterator, Mapping, Sequence

from gradscope.render.findings import MOST_ALIKE, Group, groups, sentence
from gradscope.render.html.markup import anchor, element, escaped, text
from gradscope.render.outcome import Failure
from gradscope.rules.base import Finding

MARKS = {"error": "✗", "warning": "▲", "note": "•"}


def finding_articles(
    findings: Sequence[Finding], prefix: str = "", tried: Mapping[str, str] | None = None
) -> Iterator[str]:
    """An article for each group: severity and rule, messages, remedies, what was `tried`, causes."""
    for group in groups(findings, tried):
        first = group.alike[0]
        key = anchor(f"{prefix}{first.rule}-{first.severity}")
        inner = [element("h3", _rule(first)), *_body(group, prefix)]
        for cause in group.causes:
            inner.append(element("p", "because of ", _rule(cause.alike[0])))
            # What explains a finding is mended by its remedy.
            inner += _body(cause, prefix, advises=False)
        yield element("article", *inner, id=key)


def finding_id(finding: Finding, prefix: str = "") -> str:
    """The id of one finding, which nothing else on the page has."""
    return anchor(f"{prefix}{finding.rule}:{finding.layer or ''}")


def failure_article(failure: Failure) -> str:
    """A config that brought no report, with every reason."""
    problems = (text("li", str(problem)) for problem in failure.problems)
    head = element("h2", text("span", f"✗ {failure.word}", class_="error"), " ", escaped(failure.source))
    return element("article", head, element("ul", *problems))


def _rule(finding: Finding) -> str:
    word = text("span", f"{MARKS[finding.severity]} {finding.severity}", class_=finding.severity)
    known = " (known)" if finding.known else ""
    return f"{word} {escaped(f'{finding.rule} {finding.name}{known}')}"


def _body(group: Group, prefix: str, *, advises: bool = True) -> Iterator[str]:
    alike = group.alike
    yield _messages(alike[:MOST_ALIKE], prefix)
    if len(alike) > MOST_ALIKE:
        more = text("summary", f"{len(alike) - MOST_ALIKE} more")
        yield element("details", more, _messages(alike[MOST_ALIKE:], prefix))
    for remedy in group.remedies if advises else ():
        yield element("p", text("span", "→", class_="good", aria_hidden="true"), f" {escaped(remedy)}")
    if group.tried:
        yield element("p", text("strong", "tried"), f" {escaped(group.tried)}")


def _messages(findings: Sequence[Finding], prefix: str) -> str:
    return element("ul", *(text("li", sentence(each), id=finding_id(each, prefix)) for each in findings))
