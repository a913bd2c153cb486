"""`gradscope explain`: rules in full, as text, Markdown or JSON."""

import json
from collections.abc import Callable, Iterator, Sequence

from gradscope.render.options import RenderOptions
from gradscope.render.rulebook import document, setting, severity_words, suppression, words_of
from gradscope.rules.base import Rule

MOST_PROSE = 100
"""Cells of a line of words."""
_LABEL = 13


def as_text(rules: Sequence[Rule], options: RenderOptions) -> str:
    """For a person at a terminal."""
    from gradscope.render.characters import visible
    from gradscope.render.paint import paint
    from gradscope.render.spans import Line, hanging, padded

    def lines(rule: Rule) -> Iterator[Line]:
        width = max(40, min(options.width, MOST_PROSE))
        yield ((f"{rule.id} ", "bold"), (rule.name, "bold"), (f"  {severity_words(rule)}", "dim"))
        for head, words in words_of(rule):
            yield ()
            shown = visible(words, unicode=options.unicode)
            yield from hanging((padded(head, _LABEL), "bold"), shown, "", width)
        for head, text in _examples(rule):
            yield from ((), ((head, "bold"),), ())
            yield from (((f"    {line}", ""),) for line in text.splitlines())

    blocks: list[Line] = []
    for number, rule in enumerate(rules):
        if number:
            blocks += [(), (("─" * min(options.width, MOST_PROSE), "dim"),), ()]
        blocks += lines(rule)
    return paint(blocks, options)


def as_markdown(rules: Sequence[Rule], options: RenderOptions) -> str:
    """A section a rule."""
    return "\n".join(f"## {rule.id} {rule.name}\n\n{body_markdown(rule)}" for rule in rules)


def as_json(rules: Sequence[Rule], options: RenderOptions) -> str:
    """Everything about each rule."""
    return json.dumps(document(rules), indent=2, allow_nan=False) + "\n"


def body_markdown(rule: Rule) -> str:
    """What there is to say of a rule, below its heading."""
    from gradscope.render.markdown import escaped

    lines = [f"Severities: {severity_words(rule)}", ""]
    for head, words in words_of(rule):
        lines += [f"**{head}** {escaped(words)}", ""]
    for head, text in _examples(rule):
        lines += [f"**{head}**", "", "```yaml", *text.splitlines(), "```", ""]
    return "\n".join(lines[:-1]) + "\n"


def body_text(rule: Rule) -> str:
    """The same without markup, a line each."""
    return "\n".join(f"{head}: {words}" for head, words in words_of(rule))


def _examples(rule: Rule) -> Iterator[tuple[str, str]]:
    yield "a config it objects to", rule.fires_on
    yield "one it leaves in peace", rule.silent_on
    if not rule.always:
        yield "how to set it", setting(rule)
        yield "how to silence it on a line", f"- dense: 256  {suppression(rule)}"


EXPLANATIONS: dict[str, Callable[[Sequence[Rule], RenderOptions], str]] = {
    "table": as_text,
    "json": as_json,
    "markdown": as_markdown,
}
"""How an explanation is written, by format."""
