from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradscope.errors import Mistake
from gradscope.sweeping.where import Where
from tests.strategies import bounded

numbers = st.integers(-9, 9).map(str) | st.sampled_from(["a", "b", "2.5", "(a + 1)"])
terms = st.tuples(numbers, st.sampled_from("+-*"), numbers).map(" ".join)
comparisons = st.tuples(terms, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), terms).map(" ".join)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})")
        | inner.map(lambda part: f"not ({part})")
        | st.tuples(comparisons, inner, inner).map(lambda parts: "({1} if {0} else {2})".format(*parts))
    ),
    max_leaves=5,
)


@bounded
@given(conditions, st.integers(-5, 5), st.floats(-5, 5))
def test_a_condition_means_what_it_means_in_python(text: str, a: int, b: float) -> None:
    expected = eval(text, {"__builtins__": {}}, {"a": a, "b": b})  # only of texts made above
    assert Where(text, ["a", "b"]).keeps((a, b)) is bool(expected)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("depth * width < 1e5", True),
        ("depth ** 2 > 99 and depth // 3 == 3 and depth % 3 == 1", True),
        ("act in ('relu', 'tanh') and not act == 'elu'", True),
        ("act not in ['relu']", False),
        ("1 < depth < 10", False),
        ("max(depth, width) == 32 and min(depth, 3) == 3 and abs(-depth) == 10", True),
        ("sqrt(width * 2) == 8 and log2(width) == 5 and round(2.6) == 3", True),
        ("batch.size == 8 and layers[0].repeat == 4", True),
        ("seed == 7 and bias == true and null == null", True),
        ("-depth < 0 < +depth", True),
        ("exp(log(depth)) / depth - log10(10) < 1e-9", True),
    ],
)
def test_what_can_be_said(text: str, kept: bool) -> None:
    names = ["depth", "width", "act", "batch.size", "layers.0.repeat", "bias"]
    assert Where(text, names, {"seed": 7}).keeps((10, 32, "relu", 8, 4, True)) is kept


HOSTILE = [
    "__import__('os').system('true')",
    "depth.__class__",
    "().__class__",
    "(lambda: 1)()",
    "[x for x in (1, 2)]",
    "f'{depth}'",
    "depth := 3",
    "{'a': 1}",
    "depth[width]",
    "depth[0:1]",
    "print(1)",
    "max(depth, key=abs)",
    "max(*depth)",
    "b'x' == 1",
    "1j",
    "depth @ 1",
    "~depth",
    "depth is 1",
    "depth & 1",
    "...",
    "yield",
    "import os",
    "depth; width",
    "depth <",
    "",
    "a" * 2000,
    "(" * 400,
    "+".join(["1"] * 400),
    "zzz > 1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_else_can(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        Where(text, ["depth", "width"])
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / depth", "division by zero"),
        ("1 % depth", "modulo"),
        ("act < 3", "'<' not supported between instances of 'str' and 'int'"),
        ("act * 9 == 1", "'relu' is not a number"),
        ("(1, 2) * 9 == 1", "(1, 2) is not a number"),
        ("9 ** 9 ** 9 > 1", "the exponent 387420489.0 is beyond 1000"),
        ("10.0 ** 999 > 1", "math range error"),
        ("sqrt(-1) > 1", "expected a nonnegative input"),
        ("depth in 3", "`in` needs a list on its right, as in act in ('relu', 'tanh')"),
        ("log(act) > 1", "'relu' is not a number"),
    ],
)
def test_what_has_no_answer_is_told_with_the_point(text: str, reason: str) -> None:
    with pytest.raises(Mistake) as caught:
        Where(text, ["depth", "act"]).keeps((0, "relu"))
    told = caught.value.fact
    assert told.startswith(f"'{text}' has no answer at depth=0, act=relu: ")
    if reason not in ("modulo", "expected a nonnegative input"):  # whose words change with Python
        assert told.endswith(reason)


def test_products_stay_small() -> None:
    assert Where("*".join(["99999999999999999999"] * 30) + " > 1", []).keeps(())


def test_names_are_suggested() -> None:
    with pytest.raises(Mistake) as caught:
        Where("dpeth > 1", ["depth", "width"])
    assert caught.value.fact == "there is no axis and no knob 'dpeth'"
    assert caught.value.hint == "did you mean 'depth'? (texts need quotes)"


def evaluated(text: str, **values: Any) -> bool:
    return Where(text, [*values]).keeps([*values.values()])


def test_values_that_are_no_numbers_can_be_compared() -> None:
    assert evaluated("init == 'x' or bias == false", init={"normal": {"std": 1}}, bias=False)
    assert evaluated("shape == [3, 8]", shape=[3, 8]) is False  # a list in a condition is a tuple
