import io
import math
from typing import Any

import pytest

from gradscope.comparing.comparison import Side, compare
from gradscope.render import RUN_RENDERERS, render
from gradscope.render.compared import Compared
from gradscope.render.compared import render as render_compared
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.render.pictures.picture import Cells, Line, Lines, Words, values
from gradscope.render.png import sweep, training
from gradscope.render.png.curves import draw_lines
from gradscope.render.png.sheet import MOST, sheet
from gradscope.report import Report
from tests.render import reports
from tests.render.html import pages

image = pytest.importorskip("matplotlib.image")

OPTIONS = RenderOptions()
BLUE, VERMILION = (0x00, 0x72, 0xB2), (0xC0, 0x4F, 0x00)


def run(*made: Report) -> bytes:
    found = render("png", Outcome(made), OPTIONS, RUN_RENDERERS)
    assert isinstance(found, bytes)
    return found


def colors(png: bytes) -> Any:
    """(H, W, 3), 0 to 255."""
    import numpy as np

    return np.rint(image.imread(io.BytesIO(png))[:, :, :3] * 255).astype(int)


def pixels(png: bytes) -> dict[tuple[int, int, int], int]:
    """How often each colour is there."""
    import numpy as np

    found, counts = np.unique(colors(png).reshape(-1, 3), axis=0, return_counts=True)
    return {tuple(color): int(count) for color, count in zip(found.tolist(), counts, strict=True)}


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def lines(*numbers: float | None, **changes: Any) -> Lines:
    given: dict[str, Any] = {
        "key": "k",
        "title": "t",
        "about": "a",
        "across": "x",
        "labels": tuple(map(str, range(len(numbers)))),
        "ticks": values("y"),
        "lines": (Line("one", numbers),),
    }
    return Lines(**(given | changes))


@pytest.mark.parametrize(
    "make",
    [
        reports.vanishing,
        reports.dead_relu,
        reports.non_finite,
        reports.extreme,
        reports.hostile,
        reports.long,
        reports.single,
    ],
)
def test_every_report_is_drawn(make: Any) -> None:
    width, height = size(run(make()))
    assert (width, height > 400) == (1080, True)


def test_both_norms_are_there_in_their_colours() -> None:
    found = pixels(run(reports.vanishing()))
    assert min(found[BLUE], found[VERMILION]) > 200


def test_the_same_report_gives_the_same_bytes() -> None:
    assert run(reports.dead_relu()) == run(reports.dead_relu())


def test_several_reports_are_below_each_other() -> None:
    one, three = size(run(reports.vanishing()))[1], size(run(*[reports.vanishing()] * 3))[1]
    assert 2.5 * one < three < 3.5 * one


def test_a_training_a_sweep_and_a_comparison_are_drawn() -> None:
    sound, broken = (training.render(pages.trained(broken=each), OPTIONS) for each in (False, True))
    assert size(sound)[1] > 1200
    assert sound != broken
    assert size(sweep.render(pages.summary(), OPTIONS))[1] > 1200
    a, b = (Side(report.source, report) for report in (reports.vanishing(), reports.dead_relu()))
    drawn = render_compared("png", Compared(compare(a, b), ("error",)), OPTIONS)
    assert isinstance(drawn, bytes)
    assert size(drawn)[1] > 400


def test_what_is_not_finite_is_seen() -> None:
    level = pixels(sheet("t", [("", lines(1.0, 1.0, None, 1.0))]))[BLUE]
    lost = pixels(sheet("t", [("", lines(1.0, 1.0, math.nan, 1.0))]))[BLUE]
    assert lost > level
    assert size(sheet("t", [("", lines(math.nan, math.inf, -math.inf))]))[0] == 1080


def test_a_nan_in_a_map_is_black_and_nothing_is_white() -> None:
    shown = {
        "key": "k",
        "title": "t",
        "about": "a",
        "across": "x",
        "down": "y",
        "columns": ("0", "1"),
        "rows": ("r",),
    }
    bad = pixels(sheet("t", [("", Cells(**shown, numbers=((math.nan, 1.0),), ticks=values("v")))]))
    none = pixels(sheet("t", [("", Cells(**shown, numbers=((None, 1.0),), ticks=values("v")))]))
    assert bad[0, 0, 0] > 10_000 > none.get((0, 0, 0), 0)
    word = pixels(sheet("t", [("", Words(**shown, words=(("healthy", None),)))]))
    assert word[0x00, 0x9E, 0x73] > 10_000


def test_the_key_of_a_map_stands_beside_it_whatever_room_legends_take() -> None:
    import numpy as np

    two = (Line("a name that takes much room in a legend", (1.0, 2.0)), Line("another", (2.0, 1.0)))
    level = Cells(
        key="k",
        title="t",
        about="a",
        across="x",
        down="y",
        columns=("0", "1"),
        rows=("r",),
        numbers=((0.0, 1.0),),
        ticks=values("v"),
    )
    drawn = colors(sheet("t", [("", lines(1.0, 2.0, lines=two)), ("", level)]))
    yellow = (drawn == [0xFD, 0xE7, 0x25]).all(axis=2)
    across = np.flatnonzero(yellow[yellow.sum(axis=1).argmax()])
    # Where the row crosses the key's upper end, there are the map's right half, a gap, and the key.
    (gap,) = np.diff(across)[np.diff(across) > 1]
    assert gap < 0.03 * drawn.shape[1]


def test_names_are_no_formulas_and_unknown_letters_no_error() -> None:
    assert (
        size(sheet("$\\frac{$ \x1b[31m 漢字 𝔊", [("$_$", lines(1.0, 2.0, labels=("$^$", "\x00")))]))[0]
        == 1080
    )


def test_nothing_to_draw_is_no_file_and_too_much_is_cut() -> None:
    assert sheet("t", []) == b""
    short = Words(
        key="k", title="t", about="", across="x", down="y", columns=("0",), rows=("r",), words=(("dead",),)
    )
    cut = sheet("t", [("", short)] * (MOST + 5))
    assert size(cut)[1] < 2**16


def test_a_point_without_neighbours_is_seen_however_many_there_are() -> None:
    gap = (None,) * 98
    two = pixels(sheet("t", [("", lines(1.0, *gap, 3.0))]))
    one = pixels(sheet("t", [("", lines(1.0, *gap, None))]))
    assert two[BLUE] > one[BLUE] > 0


def test_labels_that_do_not_fit_side_by_side_stand_aslant() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    few, many = figure.subplots(2)
    draw_lines(few, lines(1.0, 2.0, labels=("residual11", "residual12")))
    draw_lines(many, lines(*([1.0] * 12), labels=tuple(f"residual{place}" for place in range(10, 22))))
    assert {label.get_rotation() for label in few.get_xticklabels()} == {0.0}
    assert {label.get_rotation() for label in many.get_xticklabels()} == {40.0}
