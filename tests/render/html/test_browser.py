"""The pages in a real browser; without Chromium these are skipped, and without axe-core its part of them."""

import re

import pytest

from tests.render.html.browser import AXE, CHROMIUM, printed, seen
from tests.render.html.pages import PAGES

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

VIEWS = [
    ("predicted", 390, True),
    ("check", 390, False),
    ("compared", 1280, True),
    ("sweep", 390, False),
    ("training", 1280, False),
]


@pytest.mark.parametrize(("name", "width", "dark"), VIEWS)
def test_it_fits_and_says_nothing_on_the_console(name: str, width: int, dark: bool) -> None:
    found, console = seen(PAGES[name](), width=width, dark=dark)
    assert console == []
    assert found["quirks"] == "CSS1Compat"
    assert found["width"] == width
    assert found["content"] <= width, "the page is wider than the window"
    assert found["dark"] is dark
    assert found["background"] == ("rgb(21, 23, 26)" if dark else "rgb(255, 255, 255)")
    assert all(250 < picture < width for picture in found["pictures"])
    assert found["violations"] == []
    if AXE:
        assert found["axe"]


def test_a_phone_shows_the_verdicts_of_a_check_without_scrolling() -> None:
    text = PAGES["check"]().replace(
        "<wbr/>", "<wbr/>a_folder_whose_name_is_longer_than_a_phone_is_wide/<wbr/>"
    )
    found, _ = seen(text, width=390)
    assert found["badges"]
    assert max(found["badges"]) < 390


def test_one_picture_alone_is_not_blown_up() -> None:
    found, _ = seen(PAGES["single"](), width=1280)
    assert len(found["pictures"]) == 1
    assert found["pictures"][0] < 760


def test_a_script_that_complained_would_be_heard() -> None:
    text = PAGES["single"]().replace("</main>", "<script>console.error('heard')</script></main>")
    _, console = seen(text)
    assert any("heard" in line for line in console)


@pytest.mark.skipif(not AXE, reason="AXE_CORE names no axe.min.js")
def test_axe_objects_to_what_is_wrong() -> None:
    text = PAGES["single"]().replace('role="img" aria-label=', 'role="img" data-label=')
    text = text.replace("--muted:#565b62", "--muted:#bbbbbb")
    found, _ = seen(text)
    assert {"svg-img-alt", "color-contrast"} <= {violation[0] for violation in found["violations"]}


def test_it_can_be_printed() -> None:
    pdf = printed(PAGES["several"]())
    assert pdf.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 2 <= pages <= 12
