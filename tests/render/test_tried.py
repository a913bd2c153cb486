"""What was tried, in words."""

import msgspec
import pytest

from gradscope.render.tried import fix_words, tried_words
from gradscope.report import Figure, Report, TriedRemedy
from tests.render import reports


def tried(rule: str, figure: Figure, *remaining: str) -> Report:
    report = reports.vanishing()
    record = TriedRemedy(
        *(rule, "init: he_normal", "He et al. 2015", (), "healthy", report.flow, figure, remaining)
    )
    return msgspec.structs.replace(report, source="my net.yaml", remedies=(record,))


@pytest.mark.parametrize(
    ("figure", "remaining", "words"),
    [
        (Figure("gain_per_layer", 0.21, 1.0), (), "gain 0.210 → 1.00, passes"),
        (Figure("dead_fraction", 0.98, 0.003), (), "dead 98% → 0.3%, passes"),
        (Figure("saturated_fraction", 0.97, 0.0), (), "saturated 97% → 0%, passes"),
        (Figure("log10_through_time", -14.0, -0.301), (), "first/last step 1.0e-14 → 0.500, passes"),
        (Figure("log10_ratio", -900.0, 0.0), (), "first/last 1.0e-900 → 1.00, passes"),
        (Figure("loss", 22300.0, 2.31), (), "loss 2.2e+04 → 2.31, passes"),
        (Figure("gain_per_layer", 0.2, 0.5), ("GS106",), "gain 0.200 → 0.500, GS101 gone, leaves GS106"),
        (Figure("gain_per_layer", 0.2, 0.3), ("GS101",), "gain 0.200 → 0.300, leaves GS101"),
    ],
)
def test_the_effect_in_words(figure: Figure, remaining: tuple[str, ...], words: str) -> None:
    assert tried_words(tried("GS101", figure, *remaining)) == {"GS101": f"init: he_normal → {words}"}


def test_how_to_have_it_written() -> None:
    report = tried("GS101", Figure("gain_per_layer", 0.2, 1.0))
    assert (
        fix_words(report) == "`gradscope fix 'my net.yaml'` shows the change, with --write FILE it writes it"
    )
    assert fix_words(msgspec.structs.replace(report, source="<stdin>")) is None
    assert fix_words(reports.vanishing()) is None
