"""Read back by the rules of GitHub's runner: a line is one command, its properties and message unescaped
apart."""

import re
from collections.abc import Callable

import msgspec
import pytest

from gradscope.render.github import COMMANDS, render
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from tests.render import outcomes, reports

Golden = Callable[[str, str], None]
LINE = re.compile(r"::(?P<name>error|warning|notice) (?P<properties>[^:]*)::(?P<message>.*)")


def read(text: str) -> list[tuple[str, dict[str, str], str]]:
    """(command, properties, message) of every line, as the runner's ActionCommand does it."""

    def unescaped(value: str, codes: dict[str, str]) -> str:
        for code, char in codes.items():
            value = value.replace(code, char)
        return value

    data = {"%0D": "\r", "%0A": "\n"}
    found = []
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        assert match is not None, line
        pairs = [pair.split("=", 1) for pair in match["properties"].split(",")]
        properties = {
            key: unescaped(value, data | {"%3A": ":", "%2C": ",", "%25": "%"}) for key, value in pairs
        }
        found.append((match["name"], properties, unescaped(match["message"], data | {"%25": "%"})))
    return found


@pytest.mark.parametrize("name", outcomes.OUTCOMES)
def test_every_line_is_a_command(name: str, golden: Golden) -> None:
    text = render(outcomes.OUTCOMES[name](), RenderOptions())
    assert len(read(text)) == text.count("\n")
    golden(f"render/check-{name}.github", text)


def test_an_error_stands_at_its_line() -> None:
    sick = reports.vanishing()
    ((name, properties, message),) = read(render(Outcome((sick,), repository=outcomes.HERE), RenderOptions()))
    assert (name, properties) == (
        "error",
        {
            "file": "networks/configs/deep_sigmoid.yaml",
            "line": "8",
            "col": "9",
            "title": "GS101 vanishing-gradient",
        },
    )
    assert message == f"{sick.findings[0].message}\nremedy: {sick.findings[0].remedy}"


def test_the_worst_come_first() -> None:
    order = [*COMMANDS.values()]
    names = [order.index(name) for name, _, _ in read(render(outcomes.mixed(), RenderOptions()))]
    assert names == sorted(names)
    assert set(names) == {0, 1, 2}


def test_causes_are_told_with_what_they_explain() -> None:
    found = read(render(Outcome((reports.explained(),)), RenderOptions()))
    assert [properties["title"] for _, properties, _ in found] == [
        "GS102 exploding-gradient",
        "GS201 dead-units",
    ]
    assert "\nbecause of GS107 steep-trend: it grows steadily\n" in found[0][2]


def test_problems_of_a_config() -> None:
    found = read(render(Outcome((outcomes.broken(),)), RenderOptions()))
    assert [(name, properties) for name, properties, _ in found] == [
        ("error", {"file": "configs/broken.yaml", "line": "4", "col": "5", "title": "broken config"}),
        ("error", {"file": "configs/broken.yaml", "line": "5", "col": "7", "title": "broken config"}),
        ("error", {"file": "configs/broken.yaml", "title": "broken config"}),
    ]
    assert [message for _, _, message in found] == [
        "layers[1]: there is no layer 'rleu'; did you mean 'relu'?",
        "seed: expected a whole number of at least 0, got -1; as in `seed: 0`",
        "--set sed: 'sed' is neither a knob nor a key of the config",
    ]


def test_nothing_to_say_is_nothing() -> None:
    known = msgspec.structs.replace(
        reports.vanishing(),
        findings=tuple(
            msgspec.structs.replace(finding, known=True) for finding in reports.vanishing().findings
        ),
    )
    assert render(Outcome((reports.single(), known)), RenderOptions()) == ""


def test_hostile_texts_are_data() -> None:
    name, properties, message = read(render(outcomes.hostile(), RenderOptions()))[0]
    assert (name, properties["file"]) == ("error", "networks/configs/a b,c:d%20<e>&\\x07\\udce9ü.yaml")
    assert message.startswith('a <b> & "c" 100% | ::error::\\x1b[31m\\nnext, line: ]]>\nremedy: ')


def test_copies_of_a_layer_are_one_annotation() -> None:
    found = read(render(Outcome((reports.dead_relu(),)), RenderOptions()))
    assert [(name, properties["line"]) for name, properties, _ in found] == [("error", "9"), ("warning", "9")]
    lines = found[1][2].splitlines()
    assert lines[2].startswith("70% of the units of relu5 ")
    assert lines[3] == "and 2 more of this rule"
    assert lines[4].startswith("remedy: ")
