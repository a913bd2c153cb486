import difflib
from pathlib import Path
from typing import Any

import pytest

from gradscope.config.load import read_document
from gradscope.errors import Mistake, Problems
from gradscope.remedies.changes import Change, apply
from gradscope.remedies.splices import MARK
from gradscope.remedies.writing import rewritten

BLOCK = """\
# my net\t(tabs\tin a comment)
name:   ugly   # two blanks

params:   # knobs
    deep:  30
    act: relu   # mine; with a semicolon
    unused_soon: 1
input:  64
description: "a text
  of two lines"   # quoted
layers:
- repeat: ${deep}
  layers:
  - dense: 64      # wide
  - ${act}\t# tab before
  # a comment between
  - dropout: 0.1

# the head

- dense:    10
seed:   0o3
"""

FLOW = """\
{name: flow, input: 64, params: {deep: 30, act: relu},
 # inside
 layers: [{repeat: "${deep}", layers: [dense: 64, "${act}"]},   # the trunk
          dense: 10],
 init: he_normal}
"""

DEEP = """\
---
input: 64
batch:
  # bytes
  inputs:   # raw
    uniform: {low: 0, high: 255}   # pixels
  size: 8
layers:
  - dense:
      units: 64
      init:
        normal:
          std: 3.0   # too large
  - relu
  - residual:
    - dense: 64
    - relu
  - residual:
      - dense: 64   # ünïcödé 🙂

      - relu
  - dense: 10
...
"""

CHANGES: dict[str, tuple[str, list[Change]]] = {
    "a knob": (BLOCK, [Change("set", ("params", "act"), "elu")]),
    "a new key above the layers": (BLOCK, [Change("set", ("init",), {"variance": 2.0})]),
    "a new key below keys that are not there": (BLOCK, [Change("set", ("batch", "inputs"), "normal")]),
    "an entry": (BLOCK, [Change("set", ("layers", 0, "layers", 1), "elu")]),
    "an inserted entry": (BLOCK, [Change("insert", ("layers", 0, "layers", 1), "layer_norm")]),
    "an inserted first entry": (BLOCK, [Change("insert", ("layers", 0, "layers", 0), "layer_norm")]),
    "an inserted last entry": (BLOCK, [Change("insert", ("layers", 0, "layers", 3), "layer_norm")]),
    "a removed entry": (BLOCK, [Change("remove", ("layers", 0, "layers", 1))]),
    "a removed key": (BLOCK, [Change("remove", ("params", "unused_soon"))]),
    "a removed text of two lines": (BLOCK, [Change("remove", ("description",))]),
    "an option": (BLOCK, [Change("wrap", ("layers", 1, "dense"), {"bias": False}, 10, "units")]),
    "two changes of one line": (
        BLOCK,
        [
            Change("wrap", ("layers", 1, "dense"), {"bias": False}, 10, "units"),
            Change("rename", ("layers", 1, "dense"), "maxout"),
        ],
    ),
    "enclosed layers": (
        BLOCK,
        [Change("enclose", ("layers", 0, "layers"), {"scale": 0.5}, None, "residual")],
    ),
    "changes all over": (
        BLOCK,
        [
            Change("set", ("params", "deep"), 3),
            Change("insert", ("layers", 0, "layers", 2), {"layer_norm": {"eps": 0.1}}),
            Change("remove", ("layers", 0, "layers", 2)),
            Change("set", ("init",), "he_normal"),
            Change("insert", ("layers", 1), "relu"),
        ],
    ),
    "flow: a value": (FLOW, [Change("set", ("init",), {"orthogonal": {"gain": 1.4}})]),
    "flow: a new key": (FLOW, [Change("set", ("batch", "size"), 8)]),
    "flow: inserted entries": (
        FLOW,
        [Change("insert", ("layers", 0, "layers", n), "layer_norm") for n in range(3)],
    ),
    "flow: a removed first entry": (FLOW, [Change("remove", ("layers", 0, "layers", 0))]),
    "flow: a removed last entry": (FLOW, [Change("remove", ("layers", 0, "layers", 1))]),
    "flow: a removed key": (FLOW, [Change("remove", ("params", "deep"))]),
    "flow: an option": (
        FLOW,
        [Change("wrap", ("layers", 0, "layers", 0, "dense"), {"bias": False}, 64, "units")],
    ),
    "flow: enclosed layers": (
        FLOW,
        [Change("enclose", ("layers", 0, "layers"), {"scale": 0.5}, None, "residual")],
    ),
    "a block becomes a word": (DEEP, [Change("set", ("batch", "inputs"), "normal")]),
    "a deep block becomes a word": (DEEP, [Change("set", ("layers", 0, "dense", "init"), "he_normal")]),
    "a new key of a block": (DEEP, [Change("set", ("layers", 0, "dense", "bias"), False)]),
    "options of a list as far left as its key": (
        DEEP,
        [Change("wrap", ("layers", 2, "residual"), {"scale": 0.5}, None, "layers")],
    ),
    "options of a list further right": (
        DEEP,
        [Change("wrap", ("layers", 3, "residual"), {"scale": {"learned": 0.0}}, None, "layers")],
    ),
}

ENDINGS = {
    "as it is": lambda text: text,
    "windows line ends": lambda text: text.replace("\n", "\r\n"),
    "no last line end": lambda text: text.rstrip("\n"),
    "windows line ends but the last": lambda text: text.rstrip("\n").replace("\n", "\r\n"),
}


def data_of(text: str) -> Any:
    problems = Problems()
    document = read_document("text", problems, text=text)
    assert document is not None, problems.found
    assert not problems.found, problems.found
    return document.data


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("case", CHANGES)
def test_the_text_means_what_the_data_do_and_other_lines_stay(case: str, ending: str) -> None:
    source, changes = CHANGES[case]
    text = ENDINGS[ending](source)
    found = rewritten(text, [changes])
    expected = data_of(text)
    apply(expected, changes)
    assert data_of(found) == expected
    old, new = text.splitlines(keepends=True), found.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for word, _, _, j1, j2 in matcher.get_opcodes():
        if word != "equal" and "enclosed" not in case and "as far left" not in case:
            assert any(MARK in line for line in new[j1:j2]), new[j1:j2]
    comments = [line.partition("#")[2].strip() for line in old if "#" in line]
    assert all(comment in found for comment in comments)


@pytest.mark.parametrize("case", CHANGES)
def test_line_ends_are_those_of_the_text(case: str) -> None:
    source, changes = CHANGES[case]
    windows = rewritten(source.replace("\n", "\r\n"), [changes])
    assert windows == rewritten(source, [changes]).replace("\n", "\r\n")


def changed(case: str) -> list[str]:
    source, changes = CHANGES[case]
    lines = difflib.unified_diff(source.splitlines(), rewritten(source, [changes]).splitlines(), n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def test_a_comment_says_what_was_there() -> None:
    assert changed("a knob") == [
        "-    act: relu   # mine; with a semicolon",
        f"+    act: elu   # mine; with a semicolon; {MARK}: was `act: relu`",
    ]
    assert changed("an entry") == [
        "-  - ${act}\t# tab before",
        f"+  - elu\t# tab before; {MARK}: was `${{act}}`",
    ]
    assert changed("a removed entry") == [
        "-  - ${act}\t# tab before",
        f"+  # {MARK}: removed `${{act}}`",
        "+  # tab before",
    ]


def test_comments_within_a_block_that_goes_stay() -> None:
    assert changed("a block becomes a word") == [
        "-  inputs:   # raw",
        "-    uniform: {low: 0, high: 255}   # pixels",
        f"+  inputs: normal   # pixels; {MARK}: was `inputs: uniform: {{low: 0, high: 255}}`",
        "+  # raw",
    ]


def test_layers_keep_their_lines_where_their_container_gains_an_option() -> None:
    assert changed("options of a list further right") == [
        f"+      scale: {{learned: 0.0}}  # {MARK}: new",
        f"+      layers:  # {MARK}: new",
    ]


def test_a_comment_never_lands_in_a_text_that_goes_on() -> None:
    text = 'input: 4\nlayers: [dense: 4, relu, dense: {units: 2, name: "a\n  b"}]\n'
    found = rewritten(text, [[Change("set", ("layers", 1), "elu")]])
    assert data_of(found)["layers"][1:] == ["elu", {"dense": {"units": 2, "name": "a b"}}]
    assert found.startswith(f"input: 4\n# {MARK}: was `")


def test_a_hash_in_a_text_is_no_comment() -> None:
    text = "input: 4\nname: 'a #1 net'  # really\nlayers: [dense: 2]\n"
    found = rewritten(text, [[Change("set", ("name",), "b")]])
    assert found.splitlines()[1] == f"name: b  # really; {MARK}: was `name: 'a #1 net'`"


def test_steps_follow_each_other() -> None:
    text = "input: 4\nlayers:\n  - dense: 8\n  - relu\n  - dense: 2\n"
    steps = [[Change("insert", ("layers", 1), "layer_norm")], [Change("set", ("layers", 2), "elu")]]
    assert data_of(rewritten(text, steps))["layers"] == [{"dense": 8}, "layer_norm", "elu", {"dense": 2}]


def test_entries_inserted_before_one_stand_in_their_order() -> None:
    text = "layers:\n  - dense: 8\n  - relu\n"
    changes = [Change("insert", ("layers", n), name) for n, name in ((1, "a"), (1, "b"), (0, "c"), (0, "d"))]
    expected = data_of(text)
    apply(expected, changes)
    assert expected["layers"] == ["c", "d", {"dense": 8}, "a", "b", "relu"]
    assert data_of(rewritten(text, [changes])) == expected


def test_paths_do_not_move_under_each_other() -> None:
    data = {"layers": ["a", "b", "c"]}
    apply(data, [Change("insert", ("layers", n), "x") for n in range(3)])
    assert data["layers"] == ["x", "a", "x", "b", "x", "c"]


def test_what_would_take_other_entries_with_it_is_refused() -> None:
    with pytest.raises(Mistake, match="holds more"):
        rewritten("a:\n  - - x\n    - y\n", [[Change("remove", ("a", 0, 0))]])


@pytest.mark.parametrize("path", sorted(Path("configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_config_can_be_rewritten(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    changes = [Change("set", ("seed",), 7), Change("insert", ("layers", 1), "layer_norm")]
    expected = data_of(text)
    apply(expected, changes)
    found = rewritten(text, [changes])
    assert data_of(found) == expected
    assert len(found.splitlines()) == len(text.splitlines()) + 2
