from gradscope.render.blocks import finding_lines
from gradscope.render.options import RenderOptions
from gradscope.rules.base import Finding
from tests.render import reports


def text_of(findings: tuple[Finding, ...], **options: bool) -> str:
    lines = finding_lines(findings, RenderOptions(**options), 80)
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def test_many_alike_are_counted_unless_full() -> None:
    findings = reports.dead_relu().findings
    assert "\n  and 2 more; --full shows them\n" in text_of(findings)
    assert "relu7" not in text_of(findings)
    assert "relu7" in text_of(findings, full=True)
    assert "more;" not in text_of(findings, full=True)


def test_a_remedy_is_written_once() -> None:
    text = text_of(reports.dead_relu().findings)
    assert text.count("centre and scale the inputs") == 1
    assert text.endswith("  → as above")


def test_causes_stand_under_what_they_explain_worst_first() -> None:
    text = text_of(reports.explained().findings)
    order = [
        "✗ error  GS102",
        "  because",
        "  • GS107",
        "  ▲ GS201",
        "relu2",
        "    and 2 more",
        "• note  GS201",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
