"""What every page must be, whatever is on it."""

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise

import pytest

from gradscope.render.html.lines import draw_lines
from gradscope.render.html.markup import path
from gradscope.render.html.style import DARK, LIGHT, VERDICTS, VIRIDIS
from gradscope.render.pictures.picture import Line, Lines, values
from gradscope.render.verdicts import MARKS
from tests.render import reports
from tests.render.html.pages import PAGES, compared, predicted, run

EACH = pytest.mark.parametrize("name", PAGES)
HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    """As browsers parse it; with `strict`, the first thing they would have to mend is an error."""
    html5lib = pytest.importorskip("html5lib")
    tree: ET.Element = html5lib.HTMLParser(strict=True).parse(text)
    return tree


def test_the_parser_is_strict() -> None:
    from html5lib.html5parser import ParseError

    with pytest.raises(ParseError):
        parsed("<!DOCTYPE html><title>x</title><p><b>a</p>")


@EACH
def test_it_is_valid_html(name: str) -> None:
    tree = parsed(PAGES[name]())
    html = tree if tree.tag.endswith("html") else tree.find(f"{HTML}html")
    assert html is not None
    assert html.get("lang") == "en"
    title = html.find(f"{HTML}head/{HTML}title")
    assert title is not None
    assert title.text
    assert len(html.findall(f".//{HTML}h1")) == 1
    assert len(html.findall(f".//{HTML}main")) == 1


@EACH
def test_nothing_comes_from_elsewhere_and_nothing_runs(name: str) -> None:
    text = PAGES[name]()
    tree = parsed(text)
    for found in tree.iter():
        assert found.tag.rsplit("}")[-1] not in {"script", "link", "img", "iframe", "object", "embed", "use"}
        for key, value in found.items():
            assert not key.startswith("on"), (found.tag, key)
            if key == "href":
                assert value.startswith("#"), value
    assert "url(" not in text
    assert "@import" not in text
    assert "http" not in re.sub(r"http-equiv", "", text)


@EACH
def test_ids_are_there_once_and_links_lead_somewhere(name: str) -> None:
    tree = parsed(PAGES[name]())
    ids = Counter(found.get("id") for found in tree.iter() if found.get("id") is not None)
    assert {key: count for key, count in ids.items() if count > 1} == {}
    assert not any(re.search(r"\s", key or "") for key in ids)
    targets = {found.get("href", "")[1:] for found in tree.iter() if found.get("href")}
    labels = {found.get("aria-labelledby") for found in tree.iter() if found.get("aria-labelledby")}
    assert targets | labels <= set(ids)


@EACH
def test_pictures_and_tables_are_labelled(name: str) -> None:
    tree = parsed(PAGES[name]())
    for picture in tree.iter(f"{SVG}svg"):
        assert picture.get("role") == "img"
        assert len(picture.get("aria-label") or "") > 10
        assert picture.get("viewBox")
    for table in tree.iter(f"{HTML}table"):
        assert table.find(f"{HTML}caption") is not None
        assert {head.get("scope") for head in table.findall(f"{HTML}thead/{HTML}tr/{HTML}th")} == {"col"}
        for row in table.findall(f"{HTML}tbody/{HTML}tr"):
            assert [cell.get("scope") for cell in row if cell.tag == f"{HTML}th"] == ["row"]
        widths = {len(row) for row in table.iter(f"{HTML}tr")}
        assert len(widths) <= 1 or "broken" in name or "check" in name
    for figure in tree.iter(f"{HTML}figure"):
        assert figure.find(f"{HTML}details//{HTML}table") is not None, "a picture without its numbers"


@EACH
def test_every_coordinate_is_a_number_inside_the_picture(name: str) -> None:
    tree = parsed(PAGES[name]())
    for picture in tree.iter(f"{SVG}svg"):
        _, _, width, height = map(float, (picture.get("viewBox") or "").split())
        for found in picture.iter():
            for key, limit in (("x", width), ("y", height), ("cx", width), ("cy", height)):
                if found.get(key) is not None and found.tag != f"{SVG}tspan":
                    assert -1.0 <= float(found.get(key, "")) <= limit + 1.0, (found.tag, found.attrib)
            assert "nan" not in found.get("d", "")
            assert "inf" not in found.get("d", "")


def test_names_are_words_and_never_markup() -> None:
    text = PAGES["sweep"]() + PAGES["hostile"]() + PAGES["check_hostile"]()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "[red]a[/]" in text
    assert "<b>" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def luminance(color: str) -> float:
    """Relative, as WCAG 2 defines it."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("back", ["bg", "panel"])
def test_words_and_lines_stand_out(colors: dict[str, str], back: str) -> None:
    for key in ("fg", "muted", "link", "error", "warning", "note", "good"):
        assert contrast(colors[key], colors[back]) >= 4.5, key
    for key in (key for key in colors if re.fullmatch(r"s\d", key)):
        assert contrast(colors[key], colors[back]) >= 3.0, key


def test_light_and_dark_have_the_same_colours_in_the_page() -> None:
    text = PAGES["run"]()
    light, dark = (re.findall(r"--(\w+):(#\w{6})", block) for block in re.findall(r":root\{(.*?)\}", text))
    assert (dict(light), dict(dark)) == (LIGHT, DARK)
    assert LIGHT.keys() == DARK.keys()


def test_every_verdict_has_a_colour_on_which_its_letter_stands_out() -> None:
    assert VERDICTS.keys() == MARKS.keys()
    for back, front in VERDICTS.values():
        assert contrast(back, front) >= 4.5


def seen_by(color: str, matrix: tuple[tuple[float, ...], ...]) -> list[float]:
    """A colour as dichromats see it, linear RGB (Viénot, Brettel & Mollon 1999)."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return [sum(a * b for a, b in zip(row, linear, strict=True)) for row in matrix]


PROTAN = ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0))
DEUTAN = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))


@pytest.mark.parametrize("matrix", [PROTAN, DEUTAN], ids=["protan", "deutan"])
@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_the_first_three_lines_are_told_apart_by_the_colour_blind(colors, matrix) -> None:
    found = [seen_by(colors[key], matrix) for key in ("s0", "s1", "s2")]
    for number, one in enumerate(found):
        for other in found[number + 1 :]:
            assert math.dist(one, other) > 0.1


def test_the_shades_grow_lighter_all_the_way() -> None:
    shades = [luminance(color) for color in VIRIDIS]
    assert shades == sorted(shades)
    assert min(b - a for a, b in pairwise(shades)) > 0.01


def circles(text: str, series: str) -> list[tuple[float, float]]:
    first = next(parsed(text).iter(f"{SVG}svg"))
    return [
        (float(dot.get("cx", "")), float(dot.get("cy", "")))
        for dot in first.iter(f"{SVG}circle")
        if (dot.get("class") or "").split()[0] == series
    ]


def test_points_stand_where_their_numbers_are() -> None:
    report = reports.vanishing()
    dots = circles(run(report), "s0")
    exponents = [layer.output_grad.log10_l2 for layer in report.layers if layer.flow_point]
    assert len(dots) == len(exponents) == 21
    # Two numbers say where an axis is; all others must follow.
    slope = (dots[-1][1] - dots[0][1]) / (exponents[-1] - exponents[0])
    assert slope < 0  # the page's y grows downwards
    for (_, y), exponent in zip(dots, exponents, strict=True):
        assert y == pytest.approx(dots[0][1] + slope * (exponent - exponents[0]), abs=0.11)
    gaps = [b[0] - a[0] for a, b in pairwise(dots)]
    assert max(gaps) - min(gaps) < 0.21


def test_ticks_are_powers_of_ten_at_their_places() -> None:
    report = reports.vanishing()
    text = run(report)
    first = next(parsed(text).iter(f"{SVG}svg"))
    places = {
        int("".join(tick.itertext())[2:].replace("−", "-")): float(tick.get("y", "")) - 5.0
        for tick in first.iter(f"{SVG}text")
        if tick.find(f"{SVG}tspan") is not None
    }
    assert len(places) >= 3
    dots = circles(text, "s0")
    exponents = [layer.output_grad.log10_l2 for layer in report.layers if layer.flow_point]
    slope = (dots[-1][1] - dots[0][1]) / (exponents[-1] - exponents[0])
    for power, y in places.items():
        assert y == pytest.approx(dots[0][1] + slope * (power - exponents[0]), abs=0.2)


def hovers(text: str) -> list[str]:
    first = next(parsed(text).iter(f"{SVG}svg"))
    return ["".join(title.itertext()) for title in first.iter(f"{SVG}title")]


def test_hovering_shows_the_numbers() -> None:
    report = reports.vanishing()
    found = hovers(run(predicted(report)))
    assert len(found) == 21
    # dense3 has log10 −0.7 · 18 − 0.6 = −13.2; theory's 0.2 a layer from −0.6: 0.2^18 · 10^−0.6.
    assert found[2].splitlines() == [
        "dense3",
        "∂L/∂y: 6.3e-14 ± 0.0500 decades",
        "∂L/∂W: 1.6e-13",
        "theory for ∂L/∂y: 6.6e-14",
    ]


def test_what_is_no_number_is_marked_and_said() -> None:
    text = run(reports.non_finite())
    first = next(parsed(text).iter(f"{SVG}svg"))
    marks = [path for path in first.iter(f"{SVG}path") if "mark" in (path.get("class") or "")]
    assert len(marks) >= 4
    assert any("nan" in words for words in hovers(text))
    assert any("inf" in words for words in hovers(text))


def test_norms_that_no_float_can_hold_are_drawn() -> None:
    text = run(reports.extreme())
    assert "3.2e-412" in text
    assert "1.0e+500" in text


def test_a_hundred_layers_are_less_than_500_kb() -> None:
    layers = [
        made
        for number in range(1, 101)
        for made in (
            reports.dense(f"dense{number}", number, -0.05 * number),
            reports.relu(f"relu{number}", number, -0.05 * number, 0.3),
        )
    ]
    findings = [reports.dead_units(f"relu{number}", 0.6) for number in range(1, 101)]
    report = reports.report("hundred", layers, "warning", *findings)
    text = run(predicted(report))
    assert len(text.encode()) < 500_000
    assert len(hovers(text)) == 100


def test_two_thousand_layers_are_drawn_with_fewer_marks() -> None:
    layers = [reports.dense(f"dense{number}", number, -0.005 * number) for number in range(1, 2001)]
    report = reports.report("long", layers, "healthy")
    found = hovers(run(report))
    assert len(found) == 400
    assert found[0].startswith("dense1\n")
    assert found[-1].startswith("dense2000\n")


def test_findings_have_anchors() -> None:
    ids = {found.get("id") for found in parsed(run(reports.dead_relu())).iter()}
    assert {"GS201-error", "GS201-warning", "GS201:relu9", "GS201:relu3", "findings"} <= ids


def test_a_point_without_neighbours_is_a_dot_however_many_there_are() -> None:
    numbers = (1.0, *(None,) * 98, 3.0, 2.0)
    found = Lines(
        key="k",
        title="t",
        about="a",
        across="layer",
        labels=tuple(f"dense{place}" for place in range(101)),
        ticks=values("y"),
        lines=(Line("one", numbers), Line("two", numbers[::-1], is_dashed=True)),
    )
    drawn = draw_lines(found)
    assert drawn.count('class="s0 dot"') == drawn.count('class="s1 dot"') == 1
    assert drawn.count('class="s0 line"') == drawn.count('class="s1 line dash"') == 1


def test_names_of_files_break_behind_folders() -> None:
    assert path("a/b & c/net.yaml") == "a/<wbr/>b &amp; c/<wbr/>net.yaml"
    assert '<h2 id="r1">' in PAGES["check"]()


def test_layers_of_one_side_only_leave_gaps() -> None:
    found = hovers(compared(reports.dead_relu(), reports.explained()))
    assert found[0].splitlines() == [
        "dense1",
        "A: 1.4e-01 ± 0.0500 decades",
        "B: 1.0e+03 ± 0.0500 decades",
    ]
    assert found[-1].splitlines() == ["dense10", "A: 1.6e-01 ± 0.0500 decades"]
