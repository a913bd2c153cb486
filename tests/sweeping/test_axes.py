from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.config.source import parse_value
from gradscope.errors import ConfigError, Place
from gradscope.sweeping.axes import Axis, axis_from_plain, make_axis, parse_axis, yaml_text
from gradscope.sweeping.ranges import Interval, Range
from tests.strategies import bounded

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Co", "Cn", "Zl", "Zp"]), max_size=12),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("depth=10,20,50", (10, 20, 50)),
        ("act=relu,tanh", ("relu", "tanh")),
        ("bias=true,false", (True, False)),
        ("x=no,yes,on", ("no", "yes", "on")),
        ("std=1e-3, 0x10 ,0o17,.5", (0.001, 16, 15, 0.5)),
        ("init=he_normal,{normal: {std: 0.1, mean: 0}}", ("he_normal", {"normal": {"std": 0.1, "mean": 0}})),
        ("input=[3, 8, 8],[1, 4, 4]", ([3, 8, 8], [1, 4, 4])),
        ("name='a,b',\"c,d\",it's", ("a,b", "c,d", "it's")),
        ("layers[0].repeat=2,3", (2, 3)),
        ("init=null", (None,)),
        ('name="lin:0:1:3"', ("lin:0:1:3",)),
        ("a=1=2", ("1=2",)),
    ],
)
def test_values_have_the_meaning_of_yaml(text: str, expected: tuple[Any, ...]) -> None:
    axis = parse_axis(text)
    assert axis.values == expected
    assert [type(value) for value in axis.values] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depth", "--axis: 'depth' is not NAME=VALUES; write it like depth=10,20,50 or gain=log:0.1:10:20"),
        ("=1", "--axis: '=1' is not NAME=VALUES; write it like depth=10,20,50 or gain=log:0.1:10:20"),
        ("depth=", "--axis depth: there are no values; write them like 10,20,50"),
        ("depth=1,,2", "--axis depth: a value is missing between two commas; write them like 10,20,50"),
        ("depth=1,2,1", "--axis depth: the value 1 is given twice; give it once"),
        ("a=[1,2", "--axis a: ] is missing; close every quote and bracket"),
        ("a='x", "--axis a: ' is missing; close every quote and bracket"),
        ("a=.nan", "--axis a: a value may not be NaN; write a number"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_axis(text)
    assert str(caught.value) == message


def test_one_true_and_one_point_zero_are_three_values() -> None:
    assert parse_axis("a=1,true,1.0").values == (1, True, 1.0)


@bounded
@given(values)
def test_a_value_is_read_from_its_text_as_it_was(value: Any) -> None:
    again = parse_value(yaml_text(value))
    assert again == value
    assert type(again) is type(value)


def test_axes_from_python() -> None:
    place = Place("axes['depth']")
    assert make_axis("depth", np.arange(1, 4), place).values == (1, 2, 3)
    assert make_axis("depth", range(1, 4), place).values == (1, 2, 3)
    assert make_axis("depth", 5, place).values == (5,)
    assert make_axis("gain", "log:1:100:3", place).values == Range("log", 1, 100, 3)
    assert make_axis("act", ("relu", "tanh"), place).values == ("relu", "tanh")
    for values, message in (
        ([], "there are no values; give at least one"),
        ({"a": 1}, "expected values, got a mapping; put it in a list: [{…}, {…}]"),
        ([object()], "a Python object cannot stand in a config; use texts and numbers"),
        ([float("nan")], "the value nan is not finite; write a finite number"),
    ):
        with pytest.raises(ConfigError) as caught:
            make_axis("depth", values, place)
        assert str(caught.value) == f"axes['depth']: {message}"


@pytest.mark.parametrize(
    "values", [(1, "a", None, [1, {"b": 2.5}]), Range("log", 1, 8, 4), Interval("lin", 0, 1)]
)
def test_an_axis_is_restored_from_plain_data(values: Any) -> None:
    axis = Axis("a.b", values)
    assert axis_from_plain(axis.to_plain()) == axis
