"""The mechanism, on a table of its own; "
"what the engine's tables hold is tested through the layers and sections."""

import os
from typing import Annotated, Literal

import pytest

from gradscope.config.choices import Table, read_choice
from gradscope.config.document import BROKEN, Document
from gradscope.config.reader import Reader
from gradscope.config.schema import Choice
from gradscope.config.tables import CHOICES
from gradscope.engine.options import Count, Fraction, NotNegative, Positive, Real, Within
from gradscope.errors import Place, Problems


def plain() -> None: ...
def slope(slope: Real = 0.01, *, learned: bool = True) -> None: ...
def ranges(*, a: Positive = 1.0, b: NotNegative = 0.0, c: Fraction = 0.5, d: Count = 1) -> None: ...
def narrow(x: Annotated[float, Within(low=-1.0, high=2.5)]) -> None: ...
def moded(*, mode: Literal["fan_in", "fan_out"] = "fan_in") -> None: ...
def stored(path: str, *, array: str | None = None) -> None: ...


TABLE = Table(
    "a thing",
    {"plain": plain, "slope": slope, "ranges": ranges, "narrow": narrow, "moded": moded, "stored": stored},
    {"flat": "plain", "slanted": "slope"},
)


def chosen(value, folder=""):
    problems = Problems()
    document = Document("f")
    document.values[()] = Place("f", 1, 1)
    choice = read_choice(Reader(document, problems, folder), TABLE, value, ("x",))
    return choice, [str(problem)[len("f:1:1: ") :] for problem in problems.found]


@pytest.mark.parametrize(
    ("value", "name", "options"),
    [
        ("plain", "plain", {}),
        ("flat", "plain", {}),
        ({"plain": None}, "plain", {}),
        ({"plain": {}}, "plain", {}),
        ("slope", "slope", {"slope": 0.01, "learned": True}),
        ({"slope": 1}, "slope", {"slope": 1.0, "learned": True}),
        ({"slanted": 0.2}, "slope", {"slope": 0.2, "learned": True}),
        ({"slope": {"learned": False}}, "slope", {"slope": 0.01, "learned": False}),
        ({"ranges": {"a": 1e-9, "c": 0, "d": 2}}, "ranges", {"a": 1e-9, "b": 0.0, "c": 0.0, "d": 2}),
        ({"narrow": -1}, "narrow", {"x": -1.0}),
        ({"moded": {"mode": "fan_out"}}, "moded", {"mode": "fan_out"}),
    ],
)
def test_a_choice_has_all_its_options(value, name, options):
    choice, messages = chosen(value)
    assert messages == []
    assert choice == Choice(name=name, options=options)
    assert [type(option) for option in choice.options.values()] == [
        type(option) for option in options.values()
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("plane", "x: 'plane' is not the name of a thing; did you mean 'plain'?"),
        ({"plane": {"x": 1}}, "x: 'plane' is not the name of a thing; did you mean 'plain'?"),
        (5, "x: expected the name of a thing, got 5; as in `x: plain`; options come below the name"),
        (None, "x: expected the name of a thing, got nothing; as in `x: plain`; options come below the name"),
        (
            ["plain"],
            "x: expected the name of a thing, got a list; as in `x: plain`; options come below the name",
        ),
        (
            {"plain": None, "slope": 1},
            "x: expected the name of a thing, got a mapping; as in `x: plain`; options come below the name",
        ),
        ({}, "x: expected the name of a thing, got a mapping; as in `x: plain`; options come below the name"),
        ({"plain": 5}, "x.plain: 'plain' takes no options, got 5; write `plain` alone"),
        ({"plain": {"a": 5}}, "x.plain: there is no key 'a'; remove it"),
        ({"slope": "steep"}, "x.slope: expected a number, got the text 'steep'; as in `slope: 0.01`"),
        ({"slope": "0.2"}, "x.slope: expected a number, got the text '0.2'; remove the quotes"),
        ({"slope": True}, "x.slope: expected a number, got true; as in `slope: 0.01`"),
        ({"slope": [1]}, "x.slope: expected a number, got a list; as in `slope: 0.01`"),
        ({"slope": {"slop": 1}}, "x.slope: there is no key 'slop'; did you mean 'slope'?"),
        (
            {"slope": {"learned": "no"}},
            "x.slope.learned: expected true or false, got the text 'no'; write false",
        ),
        ({"slope": {"learned": 0}}, "x.slope.learned: expected true or false, got 0; as in `learned: true`"),
        ({"ranges": 5}, "x.ranges: expected a mapping of options, got 5; write `ranges: {a: …}`"),
        ({"ranges": {"a": 0}}, "x.ranges.a: expected a number above 0, got 0; as in `a: 1.0`"),
        ({"ranges": {"b": -0.5}}, "x.ranges.b: expected a number of at least 0, got -0.5; as in `b: 0.0`"),
        ({"ranges": {"c": 1.5}}, "x.ranges.c: expected a number from 0 to 1, got 1.5; as in `c: 0.5`"),
        ({"ranges": {"d": 0}}, "x.ranges.d: expected a whole number of at least 1, got 0; as in `d: 1`"),
        ({"ranges": {"d": 2.0}}, "x.ranges.d: expected a whole number of at least 1, got 2.0; write 2"),
        ("narrow", "x: 'narrow' needs 'x'; write `narrow: …`"),
        ({"narrow": 3}, "x.narrow: expected a number from -1 to 2.5, got 3; as in `narrow: 0.1`"),
        (
            {"moded": {"mode": "fan"}},
            "x.moded.mode: expected 'fan_in' or 'fan_out', got the text 'fan'; as in `mode: fan_in`",
        ),
        ({"moded": {"mode": 3}}, "x.moded.mode: expected 'fan_in' or 'fan_out', got 3; as in `mode: fan_in`"),
        ({"stored": {"path": 3}}, "x.stored.path: expected a text, got 3; put it in quotes"),
        ({"stored": {"array": "a"}}, "x.stored: 'stored' needs 'path'; write `stored: …`"),
    ],
)
def test_mistakes_in_a_choice(value, message):
    assert chosen(value)[1] == [message]


def test_every_mistake_in_the_options_is_told():
    assert chosen({"ranges": {"a": 0, "b": "x", "z": 1}})[1] == [
        "x.ranges: there is no key 'z'; known are a, b, c, d",
        "x.ranges.a: expected a number above 0, got 0; as in `a: 1.0`",
        "x.ranges.b: expected a number of at least 0, got the text 'x'; as in `b: 0.0`",
    ]


def test_a_misspelt_required_option_is_one_mistake():
    assert chosen({"stored": {"pth": "a.npy"}})[1] == [
        "x.stored: there is no key 'pth'; did you mean 'path'?"
    ]


def test_what_is_broken_already_is_not_told_again():
    assert chosen(BROKEN) == (BROKEN, [])
    assert chosen({"slope": BROKEN}) == (BROKEN, [])
    assert chosen({"slope": {"slope": BROKEN}}) == (BROKEN, [])


def test_paths_start_from_the_config():
    choice, _ = chosen({"stored": "data/rows.npy"}, folder="configs")
    assert choice.options == {"path": os.path.abspath("configs/data/rows.npy")}
    assert choice.written == {"path": "data/rows.npy"}
    absolute = os.path.abspath("/data/rows.npy")
    assert chosen({"stored": absolute}, folder="configs")[0].options == {"path": absolute}


@pytest.mark.parametrize("key", CHOICES)
def test_every_entry_of_the_engine_can_be_chosen(key):
    """By its name alone, or with some value for what it requires."""
    table = CHOICES[key]
    problems = Problems()
    reader = Reader(Document("f"), problems)
    for name in table.names:
        value = {"file": {"file": "rows.npy"}, "constant": {"constant": 1}}.get(name, name)
        assert read_choice(reader, table, value, ("x",)).name == table.resolved(name)
    assert problems.found == []
