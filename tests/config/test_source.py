import pytest
import yaml

from gradscope.config import source
from gradscope.config.document import BROKEN
from gradscope.config.source import parse, parse_value
from gradscope.errors import ConfigError, Problems


def read(text):
    problems = Problems()
    document = parse(text, "f", problems)
    return document, [str(problem) for problem in problems.found]


def data_of(text):
    document, messages = read(text)
    assert messages == []
    return document.data


def test_plain_data():
    text = "a: 1e-3\nb: [x, 'no', no, ~, 0x10]\nc:\n  d: |\n    two\n    lines\n  e: {}\n"
    assert data_of(text) == {"a": 1e-3, "b": ["x", "no", "no", None, 16], "c": {"d": "two\nlines\n", "e": {}}}


def test_every_value_and_key_has_a_place():
    document, _ = read("a:\n  - dense: 256\n  - relu\n'ü': {b: [1,\n  22]}\n")
    assert {path: place[1:] for path, place in document.values.items() if -1 not in path} == {
        (): (1, 1),
        ("a",): (2, 3),
        ("a", 0): (2, 5),
        ("a", 0, "dense"): (2, 12),
        ("a", 1): (3, 5),
        ("ü",): (4, 6),
        ("ü", "b"): (4, 10),
        ("ü", "b", 0): (4, 11),
        ("ü", "b", 1): (5, 3),
    }
    assert {path: place[1:] for path, place in document.keys.items()} == {
        ("a",): (1, 1),
        ("a", 0, "dense"): (2, 5),
        ("ü",): (4, 1),
        ("ü", "b"): (4, 7),
    }


def test_unquoted_scalars_are_known():
    document, _ = read("a: x\nb: 'x'\nc: \"x\"\nd: |\n  x\ne: [1]\n")
    assert {path for path in document.plain if -1 not in path} == {("a",), ("e", 0)}


@pytest.mark.parametrize(
    "text",
    [
        "[${a}, {b: ${c}}]",
        "{b: [${a}x, 'y${c}', \"${a}\"]}",
        "- ${a}\n- |\n  ${c}\n",
        "{x${a}: 1}",
        "[${a},${c}]",
    ],
)
def test_knobs_may_stand_unquoted_in_brackets(text):
    assert "${a}" in str(data_of(text)) or "${c}" in str(data_of(text))


def test_knobs_in_brackets_do_not_move_columns():
    document, _ = read("[${width}, x]")
    assert document.data == ["${width}", "x"]
    assert document.values[(1,)].column == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3:1: the key 'a' is given twice; the first is in line 1"),
        ("a: &x 1\n", "f:1:4: anchors like &x are not supported; remove it, or use a knob under `params:`"),
        ("- &x [1]\n", "f:1:3: anchors like &x are not supported; remove it, or use a knob under `params:`"),
        ("a: *x\n", "f:1:4: aliases like *x are not supported; write the value out"),
        ("a: !!str 5\n", "f:1:4: tags like !!str are not supported; remove it"),
        ("a: ! 5\n", "f:1:4: tags like ! are not supported; remove it"),
        ("a: !foo [1]\n", "f:1:4: tags like !foo are not supported; remove it"),
        ("a: !!map {b: 1}\n", "f:1:4: tags like !!map are not supported; remove it"),
        (
            "!!python/object:os.system {}\n",
            "f:1:1: tags like !!python/object:os.system are not supported; remove it",
        ),
        ("1: a\n", "f:1:1: a key must be a text, not 1; put it in quotes"),
        ("true: a\n", "f:1:1: a key must be a text, not true; put it in quotes"),
        ("~: a\n", "f:1:1: a key must be a text, not nothing; put it in quotes"),
        ("? [a, b]\n: 1\n", "f:1:3: a key must be a text, not a list; put it in quotes"),
        ("? {a: b}\n: 1\n", "f:1:3: a key must be a text, not a mapping; put it in quotes"),
        ("a: .nan\n", "f:1:4: a: a value may not be NaN; write a number"),
        (
            "a: [1, -.inf]\n",
            "f:1:8: a[1]: a value may not be infinite or beyond 1.8e308; write a finite number",
        ),
        ("a: 1e999\n", "f:1:4: a: a value may not be infinite or beyond 1.8e308; write a finite number"),
        ('a: "\\0"\n', "f:1:4: a: the character U+0000 cannot stand in a text; remove it"),
        (
            "a: 1\n---\nb: 2\n",
            "f:2:1: a second document begins here; keep one config in a file; remove the `---`",
        ),
        (
            f"a: {'x' * 70_000}\n",
            "f:1:4: a: a text of 70,000 characters is too long; at most 65,536 are read",
        ),
        (
            f"a: {'9' * 5_000}\n",
            "f:1:4: a: a value may not be infinite or beyond 1.8e308; write a finite number",
        ),
    ],
)
def test_what_a_config_may_not_hold(text, message):
    assert read(text)[1] == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: b: c\n",
            "f:1:5: not valid YAML: mapping values are not allowed in this context; "
            "check the indentation; a text with ': ' in it needs quotes",
        ),
        (
            "a:\n\t- b\n",
            "f:2:1: not valid YAML: found character that cannot start any token while scanning for the next "
            "token; indent with spaces, not tabs",
        ),
        (
            "a: @x\n",
            "f:1:4: not valid YAML: found character that cannot start any token while scanning for the next "
            "token; a text that begins with @, ` or % needs quotes",
        ),
        (
            "a: 'x\nb: 1\n",
            "f:1:4: not valid YAML: found unexpected end of stream while scanning a quoted scalar; "
            "close the quotes",
        ),
        (
            "a: [1, 2\n",
            "f:2:1: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence; "
            "close the list with ]",
        ),
        (
            "a: {b: ${c d}}\n",
            "f:1:9: not valid YAML: did not find expected ',' or '}' while parsing a flow mapping; "
            "a knob is written ${name}",
        ),
        (
            "a:\n    b: 1\n  c: 2\n",
            "f:3:3: not valid YAML: did not find expected key while parsing a block mapping; "
            "check the indentation of this line",
        ),
        (
            "- 1\n-2\n",
            "f:3:1: not valid YAML: could not find expected ':' while scanning a simple key; "
            "write `key: value`, or `- ` before an entry of a list",
        ),
    ],
)
def test_broken_syntax_is_told_with_its_place_and_a_hint(text, message):
    document, messages = read(text)
    assert document is None
    assert messages == [message]


def test_mistakes_before_broken_syntax_are_told_too():
    assert len(read("a: *x\na: 1\nb: [\n")[1]) == 3


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "[" * 100_000 + "]" * 100_000, "? " * 500]
)
def test_nesting_stops_at_64_levels(text):
    document, messages = read(text)
    assert document is None
    assert len(messages) == 1
    assert messages[0].endswith("nested more than 64 levels deep; flatten it; check brackets and indentation")


def test_64_levels_are_read():
    assert data_of("[" * 64 + "]" * 64) is not None


def test_too_many_values_are_refused():
    document, messages = read("[" + "a," * 200_001 + "]")
    assert document is None
    assert messages == ["f:1:400000: more than 200,000 values; repeat layers with `repeat: N`"]


def test_tag_directives_are_refused_before_they_take_minutes():
    text = "".join(f"%TAG !a{number}! tag:x\n" for number in range(100_000)) + "---\na: 1\n"
    assert read(text)[1] == ["f:1: %TAG directives are not supported; remove the line; tags are not needed"]
    assert read("a: 1\n...\n%TAG ! x\n---\nb: 1\n")[1] == [
        "f:3: %TAG directives are not supported; remove the line; tags are not needed"
    ]


def test_a_version_directive_is_welcome():
    assert data_of("%YAML 1.2\n---\na: no\n") == {"a": "no"}


def test_refused_values_are_broken_and_the_rest_is_read():
    document, _ = read("a: .nan\nb: *x\nc: !!str 5\nd: 1\ne: !foo [2]\n")
    assert document.data == {"a": BROKEN, "b": BROKEN, "c": BROKEN, "d": 1, "e": [2]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("1e-3", 1e-3),
        ("no", "no"),
        ("", None),
        ("'5'", "5"),
        ("he_normal", "he_normal"),
        ("{normal: {std: 0.1}}", {"normal": {"std": 0.1}}),
        ("[3, 32, 32]", [3, 32, 32]),
        ("${width}", "${width}"),
        ("# a comment", None),
    ],
)
def test_values_on_the_command_line_are_yaml(text, value):
    assert parse_value(text) == value


def test_a_bad_value_on_the_command_line_has_no_line_of_its_own():
    with pytest.raises(ConfigError) as caught:
        parse_value("[.nan, *x]", "--set std")
    assert str(caught.value) == (
        "--set std: [0]: a value may not be NaN; write a number\n"
        "--set std: aliases like *x are not supported; write the value out"
    )
    with pytest.raises(ConfigError, match="--set: not valid YAML"):
        parse_value("[1")


PURE_CASES = [
    "a:\n  - dense: 256\n  - relu\n'ü': {b: [1,\n  22, ${x}]}\n",
    "a: &x 1\nb: *x\nc: !!str 3\nd: .nan\na: 2\n",
    "[" * 10_000,
    "- " * 10_000,
    "a: 1\n---\nb: 2\n",
]


@pytest.mark.parametrize("text", PURE_CASES, ids=range(len(PURE_CASES)))
def test_without_the_c_parser_everything_is_the_same(monkeypatch, text):
    with_c, messages = read(text)
    monkeypatch.setattr(source, "_LOADER", yaml.SafeLoader)
    without_c, same_messages = read(text)
    assert messages == same_messages
    if with_c is not None:
        assert (with_c.data, with_c.values, with_c.keys, with_c.plain) == (
            without_c.data,
            without_c.values,
            without_c.keys,
            without_c.plain,
        )


def test_the_c_parser_is_used_where_there_is_one():
    assert not yaml.__with_libyaml__ or source._LOADER is yaml.CSafeLoader
