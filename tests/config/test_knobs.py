import time

import pytest

from tests.config.reading import SMALL, messages_of, read, read_with_messages


def name_of(params, name):
    """The value that stands where `name:` is, read from a config with these knobs."""
    config = read(f"params: {params}\n{SMALL}name: {name}\n")
    return config.name


def units_of(params, units):
    return read(f"params: {params}\ninput: 8\nlayers:\n- dense: {units}\n").layers[0].units


def slope_of(params, slope):
    return (
        read(f"params: {params}\ninput: 8\nlayers:\n- leaky_relu: {slope}\n")
        .layers[0]
        .choice.options["slope"]
    )


def test_alone_a_knob_keeps_its_type():
    assert units_of("{width: 32}", "${width}") == 32
    assert units_of("{width: 32}", "'${width}'") == 32
    assert slope_of("{slope: 0.25}", "${slope}") == 0.25
    assert name_of("{word: deep}", "${word}") == "deep"
    assert (
        read(f"params: {{yes_: false}}\n{SMALL}- dense: {{units: 2, bias: '${{yes_}}'}}\n").layers[1].bias
        is False
    )


def test_inside_a_text_a_knob_is_written_out():
    assert name_of("{k: 3, x: 1e-5, on_: true, w: a}", "net ${k} ${x} ${on_}${w}") == "net 3 1e-05 truea"


def test_unquoted_text_is_read_as_yaml_again():
    assert slope_of("{k: 3}", "1e-${k}") == 1e-3
    assert units_of("{k: 3}", "${k}0") == 30


def test_quoted_text_stays_text():
    assert name_of("{k: 3}", "'${k}0'") == "30"
    assert messages_of("params: {k: 3}\ninput: 8\nlayers:\n- dense: '${k}0'\n") == [
        "net.yaml:4:10: layers[0].dense: expected a whole number of at least 1, got the text '30' "
        "from ${k}0; remove the quotes"
    ]


def test_knobs_may_use_knobs_in_any_order():
    assert units_of("{c: '${b}', b: '${a}0', a: 1}", "1${c}") == 110
    config = read(f"params: {{a: 2, b: '${{a}}', c: 'x${{b}}'}}\n{SMALL}name: ${{c}}\n")
    assert config.params == {"a": 2, "b": 2, "c": "x2"}


def test_a_layer_may_be_a_knob():
    assert (
        read("params: {act: relu}\ninput: 8\nlayers: [dense: 4, '${act}', ${act}]\n").layers[1].choice.name
        == "relu"
    )


@pytest.mark.parametrize(
    ("params", "rest", "messages"),
    [
        (
            "{depth: 3}",
            "name: ${dpeth} ${depth}",
            ["net.yaml:5:7: name: there is no knob 'dpeth'; did you mean 'depth'?"],
        ),
        ("{}", "name: ${depth}", ["net.yaml:5:7: name: there is no knob 'depth'; add it under `params:`"]),
        (
            "{depth: 3}",
            "name: x",
            [
                "net.yaml:1:10: the knob 'depth' is not used; "
                "write ${depth} where its value belongs, or remove it"
            ],
        ),
        (
            "{a: '${b}', b: '${c}', c: '${a}'}",
            "name: ${a}",
            ["net.yaml:1:10: knobs go round in a circle: a → b → c → a; give one a value"],
        ),
        ("{a: '${a}'}", "name: x", ["net.yaml:1:10: knobs go round in a circle: a → a; give one a value"]),
        ("{a: 1}", "name: ${a} ${", ["net.yaml:5:7: name: '${' is no knob; a knob is written ${name}"]),
        ("{a: 1}", "name: ${a} ${}", ["net.yaml:5:7: name: '${}' is no knob; a knob is written ${name}"]),
        (
            "{a: 1}",
            "name: ${a} ${ a }",
            ["net.yaml:5:7: name: '${ a }' is no knob; a knob is written ${name}"],
        ),
        ("{a: 1}", "name: ${a} ${1a}", ["net.yaml:5:7: name: '${1a}' is no knob; a knob is written ${name}"]),
        (
            "{a b: 1}",
            "name: x",
            [
                "net.yaml:1:10: 'a b' is no name for a knob; use letters from a to z, digits and _, and no digit first",
            ],
        ),
        (
            "{a: [1]}",
            "name: ${a}",
            [
                "net.yaml:1:13: params.a: a knob is a text, a number or a truth value, not a list; "
                "give it a single value"
            ],
        ),
        (
            "{a: {b: 1}}",
            "name: ${a}",
            [
                "net.yaml:1:13: params.a: a knob is a text, a number or a truth value, not a mapping; "
                "give it a single value"
            ],
        ),
        (
            "{a: }",
            "name: ${a}",
            [
                "net.yaml:1:13: params.a: a knob is a text, a number or a truth value, not nothing; "
                "give it a single value"
            ],
        ),
        ("5", "name: x", ["net.yaml:1:9: params: expected a mapping of knobs; write `params: {depth: 20}`"]),
        (
            "{e: 999}",
            "name: 1e${e}",
            ["net.yaml:5:7: name: a value may not be infinite or beyond 1.8e308; write a finite number"],
        ),
        (
            "{a: 3}",
            "${a}: x",
            [
                "net.yaml:1:10: the knob 'a' is not used; write ${a} where its value belongs, or remove it",
                "net.yaml:5:1: there is no key '${a}'; knobs stand for values, not for keys",
            ],
        ),
    ],
)
def test_mistakes_with_knobs(params, rest, messages):
    assert messages_of(f"params: {params}\n{SMALL}{rest}\n") == messages


def test_a_broken_knob_is_told_once_however_often_it_is_used():
    params = "params: {a: .nan, b: '${a}', c: 'x${b}'}\n"
    config, messages = read_with_messages(
        f"{params}input: ${{a}}\nlayers:\n- dense: ${{b}}\n- ${{c}}\n- dense: 1${{a}}\n"
    )
    assert messages == ["net.yaml:1:13: params.a: a value may not be NaN; write a number"]
    assert [layer.__struct_config__.tag for layer in config.layers] == ["unknown"] * 4


def test_empty_params_are_none():
    assert read("params:\n" + SMALL).params == {}


DOUBLING = "params:\n  k0: xx\n" + "".join(f"  k{n}: ${{k{n - 1}}}${{k{n - 1}}}\n" for n in range(1, 61))
CHAIN = "params:\n" + "".join(f"  k{n}: ${{k{n + 1}}}\n" for n in range(20_000)) + "  k20000: 4\n"
RING = "params:\n" + "".join(f"  k{n}: ${{k{(n + 1) % 20_000}}}\n" for n in range(20_000))
LONG = f"params: {{k: {'x' * 60_000}}}\n"


def test_doubling_sixty_times_is_refused_at_once():
    start = time.process_time()
    assert messages_of(f"{DOUBLING}{SMALL}name: ${{k60}}\n") == [
        "net.yaml:18:8: params.k16: with its knobs filled in the text has 131,072 characters; "
        "at most 65,536 are allowed"
    ]
    assert time.process_time() - start < 1.0


def test_twenty_thousand_knobs_in_a_row_are_followed():
    assert read(f"{CHAIN}input: 8\nlayers: [dense: '${{k0}}']\n").layers[0].units == 4


def test_twenty_thousand_knobs_in_a_ring_are_one_mistake():
    assert messages_of(f"{RING}{SMALL}name: ${{k7}}\n") == [
        "net.yaml:2:3: knobs go round in a circle: k0 → k1 → k2 → k3 → k4 → … → k0; give one a value"
    ]


def test_circles_within_circles_take_no_time():
    """Every knob uses the next and the first, the last nine thousand of them: a circle for each."""
    params = "params:\n" + "".join(f"  k{n}: ${{k{n + 1}}}${{k0}}${{k{n}}}\n" for n in range(30_000))
    fan = f"  k30000: {''.join(f'${{x{n}}}' for n in range(7_000))}\n"
    leaves = "".join(f"  x{n}: ${{k0}}\n" for n in range(7_000))
    start = time.process_time()
    messages = messages_of(f"{params}{fan}{leaves}{SMALL}name: ${{k7}}\n")
    assert len(messages) == 7
    assert all("knobs go round in a circle: k0 → " in message for message in messages)
    assert time.process_time() - start < 5.0


def test_two_circles_are_two_mistakes():
    assert messages_of(
        f"params: {{a: '${{b}}', b: '${{a}}', c: '${{c}}', d: '${{a}}'}}\n{SMALL}name: ${{d}}\n"
    ) == [
        "net.yaml:1:10: knobs go round in a circle: a → b → a; give one a value",
        "net.yaml:1:32: knobs go round in a circle: c → c; give one a value",
    ]


def test_a_text_that_knobs_make_too_long():
    assert messages_of(f"{LONG}{SMALL}name: {'${k}' * 9_000}\n") == [
        "net.yaml:5:7: name: with its knobs filled in the text has 540,000,000 characters; "
        "at most 65,536 are allowed"
    ]


def test_many_texts_that_knobs_make_too_long_together():
    messages = messages_of(f"{LONG}input: 8\nlayers:\n" + "- dense: a${k}\n" * 300)
    assert (
        "net.yaml:143:10: layers[139].dense: with all knobs filled in the texts are too long; "
        "at most 8 MB are allowed" in messages
    )
