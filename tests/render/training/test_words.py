"""What is said of a training: by its report, by the log, and above the map while it runs."""

import msgspec
import pytest

from gradscope.render.options import RenderOptions
from gradscope.render.training.live import live_text
from gradscope.render.training.table import render
from gradscope.render.training.words import setup_words, step_words
from tests.render.html.pages import trained


@pytest.mark.parametrize(("lr", "words"), [(0.1, "0.1"), (0.004, "0.004"), (1e-5, "1e-05"), (30.0, "30")])
def test_a_rate_is_written_as_it_was_asked_for(lr: float, words: str) -> None:
    setup = msgspec.structs.replace(trained().training, lr=lr, clip=None)
    assert setup_words(setup) == f"80 steps of sgd at {words}, a teacher's targets, measured every 10"


def test_no_line_of_the_report_is_wider_than_the_terminal() -> None:
    for cells in (40, 60, 80, 100):
        text = render(trained(12), RenderOptions(width=cells, verbose=True))
        assert max(map(len, text.splitlines())) <= cells


@pytest.mark.parametrize("cells", [40, 60, 80, 100])
def test_what_stands_above_the_map_is_never_cut_within_a_word(cells: int) -> None:
    report = trained(12)
    last = msgspec.structs.replace(report.steps[-1], clipped_fraction=1.0, failed_trials=1)
    options = RenderOptions(width=cells)
    head, *_ = live_text(report.training, [last], options, lines=20).splitlines()
    facts = [
        "step 80/80",
        "|∂L/∂θ| 1.0e-01",
        "first/last 2.5e-10",
        "NaN in 1 trial",
        "dead 80% at relu1",
        "clipped",
    ]
    assert head == "  ".join(facts[: {40: 2, 60: 3, 80: 4, 100: 6}[cells]])
    assert step_words(last, 80) == "  ".join([facts[0], "loss 2.30   ", *facts[1:]])


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 10, 100])
def test_the_map_is_never_taller_than_its_room(lines: int) -> None:
    report = trained(12)
    text = live_text(report.training, report.steps, RenderOptions(), lines=lines)
    assert len(text.splitlines()) == min(lines, 2 + 12)


def test_a_network_without_weights_has_a_map_of_its_layers() -> None:
    report = trained(2)
    steps = [
        msgspec.structs.replace(
            step, layers=tuple(layer for layer in step.layers if layer.weight_grad is None)
        )
        for step in report.steps
    ]
    *_, last = live_text(report.training, steps, RenderOptions(), lines=20).splitlines()
    assert last.startswith("relu2  ")
