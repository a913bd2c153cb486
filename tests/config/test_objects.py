import math
from pathlib import Path

import numpy as np
import pytest

from gradscope.config.document import BROKEN, Document
from gradscope.config.objects import from_python
from gradscope.errors import Place, Problems
from tests.config.reading import messages_of, read


def copied(value):
    problems = Problems()
    return from_python(value, (), Document("d"), Place("d"), problems), [
        str(problem) for problem in problems.found
    ]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, "a", None, True, 2.5), [1, "a", None, True, 2.5]),
        ({"a": {"b": ()}}, {"a": {"b": []}}),
        (np.int64(3), 3),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array(7), 7),
    ],
)
def test_plain_data_and_numpy_scalars_are_copied(value, plain):
    data, messages = copied(value)
    assert messages == []
    assert data == plain
    assert type(data) is type(plain)


def test_the_users_own_data_is_not_shared():
    layers = [{"dense": 4}]
    source = {"input": 3, "layers": layers}
    read(source, {"layers.0.dense": 5})
    assert source == {"input": 3, "layers": [{"dense": 4}]}


KINDS = "use text, numbers, True, False, None, lists and dicts"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": object()}, f"d: a: a Python object cannot stand in a config; {KINDS}"),
        ([np.array([1, 2])], f"d: [0]: a Python ndarray cannot stand in a config; {KINDS}"),
        (Path("x"), f"d: a Python PosixPath cannot stand in a config; {KINDS}"),
        (b"x", f"d: a Python bytes cannot stand in a config; {KINDS}"),
        ({1, 2}, f"d: a Python set cannot stand in a config; {KINDS}"),
        (1j, f"d: a Python complex cannot stand in a config; {KINDS}"),
        ({3: 1}, "d: a key must be a text, not 3; put it in quotes"),
        (math.nan, "d: a value may not be NaN; write a number"),
        ([math.inf], "d: [0]: a value may not be infinite or beyond 1.8e308; write a finite number"),
        (np.float32("nan"), "d: a value may not be NaN; write a number"),
        (10**400, "d: a value may not be infinite or beyond 1.8e308; write a finite number"),
        ("a\0", "d: the character U+0000 cannot stand in a text; remove it"),
        ({"a\ud800": 1}, "d: the character U+D800 cannot stand in a text; remove it"),
        ("x" * 65_537, "d: a text of 65,537 characters is too long; at most 65,536 are read"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,  # no addresses in the ids
)
def test_what_a_config_cannot_hold_is_told(value, message):
    assert copied(value)[1] == [message]


def test_a_mapping_without_a_usable_key_is_broken():
    assert copied({1: "a"})[0] is BROKEN
    assert copied({1: "a", "b": 2})[0] == {"b": 2}


def test_what_cannot_be_held_is_broken_and_the_rest_is_kept():
    assert copied([1, object(), 3])[0] == [1, BROKEN, 3]


def test_a_list_that_holds_itself():
    endless = [1]
    endless.append(endless)
    assert messages_of({"input": 3, "layers": endless}) == [
        "<dict>: layers[1][1]: nested more than 64 levels deep; flatten it"
    ]


def test_a_dict_that_holds_itself_under_a_number():
    endless = {}
    endless[1] = endless
    messages = messages_of({"input": 3, "layers": endless})
    assert messages == [
        "<dict>: layers: a key must be a text, not 1; put it in quotes",
        "<dict>: layers: nested more than 64 levels deep; flatten it",
    ]


def test_shared_lists_that_unfold_to_billions():
    value = [1, 1]
    for _ in range(40):
        value = [value, value]
    assert messages_of({"input": 3, "layers": value}) == [
        "<dict>: more than 200,000 values; repeat layers with `repeat: N`"
    ]


def test_a_dict_reads_like_the_file():
    text = "params: {k: 3}\ninput: 8\nlayers:\n- dense: ${k}\n- leaky_relu: 1e-${k}\nname: n\n"
    same = {
        "params": {"k": 3},
        "input": 8,
        "layers": [{"dense": "${k}"}, {"leaky_relu": "1e-${k}"}],
        "name": "n",
    }
    assert [
        layer.choice.options if "choice" in layer.__struct_fields__ else layer.units
        for layer in read(same).layers
    ] == [
        layer.choice.options if "choice" in layer.__struct_fields__ else layer.units
        for layer in read(text).layers
    ]
    assert read(same).source == "<dict>"
