import math

import pytest

from gradscope.config.scalars import clean, finite, resolve
from gradscope.errors import Mistake

CORE_SCHEMA = [
    ("", None),
    ("~", None),
    ("null", None),
    ("NULL", None),
    ("nUll", "nUll"),
    ("true", True),
    ("True", True),
    ("FALSE", False),
    ("tRUE", "tRUE"),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("0", 0),
    ("-0", 0),
    ("12", 12),
    ("+12", 12),
    ("-12", -12),
    ("010", 10),
    ("0o17", 15),
    ("0x1F", 31),
    ("0b101", "0b101"),
    ("-0x1F", "-0x1F"),
    ("1_000", "1_000"),
    ("1:30", "1:30"),
    ("1e-3", 1e-3),
    ("1E3", 1000.0),
    (".5", 0.5),
    ("-.5", -0.5),
    ("5.", 5.0),
    ("2.50", 2.5),
    ("+1.5e+2", 150.0),
    ("1e", "1e"),
    ("e3", "e3"),
    (".", "."),
    ("-", "-"),
    ("1e-3x", "1e-3x"),
    ("1 2", "1 2"),
    ("٣", "٣"),
    ("2001-12-14", "2001-12-14"),
    ("inf", "inf"),
    ("nan", "nan"),
    ("0x", "0x"),
    ("0o8", "0o8"),
]


@pytest.mark.parametrize(("text", "value"), CORE_SCHEMA)
def test_unquoted_scalars_follow_the_core_schema(text, value):
    resolved = resolve(text)
    assert (type(resolved), resolved) == (type(value), value)


NOT_FINITE = "a value may not be infinite or beyond 1.8e308"


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (".nan", "a value may not be NaN"),
        (".NaN", "a value may not be NaN"),
        (".inf", NOT_FINITE),
        ("-.Inf", NOT_FINITE),
        ("+.INF", NOT_FINITE),
        ("1e999", NOT_FINITE),
        ("-1e999", NOT_FINITE),
        ("9" * 400, NOT_FINITE),
        ("0x" + "f" * 300, NOT_FINITE),
        ("9" * 401, NOT_FINITE),
        ("9" * 60_000, NOT_FINITE),
    ],
)
def test_numbers_that_are_not_finite_are_refused(text, fact):
    with pytest.raises(Mistake) as caught:
        resolve(text)
    assert caught.value.fact == fact
    assert caught.value.hint


def test_a_long_fraction_is_a_number():
    assert resolve("0." + "3" * 1000) == pytest.approx(1 / 3)


def test_the_largest_float_is_finite():
    assert finite(1.7976931348623157e308) == 1.7976931348623157e308
    with pytest.raises(Mistake):
        finite(math.inf)


@pytest.mark.parametrize("text", ["a\nb\tc\r", "é 漢 😀", "\x85", " "])
def test_printable_texts_are_clean(text):
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("a\0", "the character U+0000 cannot stand in a text"),
        ("\x1b[31m", "the character U+001B cannot stand in a text"),
        ("\ud800", "the character U+D800 cannot stand in a text"),
        ("x" * 65_537, "a text of 65,537 characters is too long"),
    ],
)
def test_other_texts_are_refused(text, fact):
    with pytest.raises(Mistake) as caught:
        clean(text)
    assert caught.value.fact == fact
