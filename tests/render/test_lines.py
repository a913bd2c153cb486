from collections.abc import Callable

import msgspec
import pytest

from gradscope.render.lines import render
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from tests.render import outcomes, reports

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("name", outcomes.OUTCOMES)
def test_pages(name: str, golden: Golden) -> None:
    golden(f"render/check-{name}.txt", render(outcomes.OUTCOMES[name](), RenderOptions()))


def test_in_full(golden: Golden) -> None:
    golden("render/check-compared-full.txt", render(outcomes.compared(), RenderOptions(full=True)))


def test_in_colour_and_in_ascii(golden: Golden) -> None:
    golden("render/check-mixed.ansi", render(outcomes.mixed(), RenderOptions(ansi=True)))
    text = render(outcomes.hostile(), RenderOptions(unicode=False))
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_quiet_is_one_line_a_config() -> None:
    outcome = outcomes.mixed()
    lines = render(outcome, RenderOptions(quiet=True)).splitlines()
    assert len(lines) == len(outcome.results)
    assert all(result.source in line for result, line in zip(outcome.results, lines, strict=True))


def test_a_mark_says_what_fails_the_call() -> None:
    reds = {}
    for fails_on in (("error",), ("error", "warning"), ()):
        outcome = Outcome(
            (reports.vanishing(), reports.long(), reports.single()), several=True, fails_on=fails_on
        )
        reds[fails_on] = [line[0] for line in render(outcome, RenderOptions(quiet=True)).splitlines()]
    assert reds == {("error",): ["✗", "▲", "✓"], ("error", "warning"): ["✗", "✗", "✓"], (): ["▲", "▲", "✓"]}


def test_known_findings_fail_nothing() -> None:
    sick = reports.vanishing()
    findings = tuple(msgspec.structs.replace(finding, known=True) for finding in sick.findings)
    outcome = Outcome((msgspec.structs.replace(sick, findings=findings),), several=True, fixed=())
    text = render(outcome, RenderOptions())
    assert text.startswith("▲ vanishing")
    assert text.endswith("1 config: 1 passes; 1 known from the baseline\n")
