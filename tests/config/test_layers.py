import msgspec
import pytest

from gradscope.config import schema
from gradscope.config.schema import LAYERS, Choice, Unknown
from tests.config.reading import messages_of, read, read_with_messages


def layers_of(text):
    return read(f"input: 8\nlayers:\n{text}").layers


def layer_of(text):
    (layer,) = layers_of(text)
    return layer


def fields_of(layer):
    return {name: getattr(layer, name) for name in layer.__struct_fields__ if name != "place"}


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        ("- dense: 256", schema.Dense, {"units": 256}),
        ("- dense: {units: 256, bias: false}", schema.Dense, {"units": 256, "bias": False}),
        ("- dense: {units: 3, name: head}", schema.Dense, {"units": 3, "name": "head"}),
        ("- dense: {units: 3, init: zeros}", schema.Dense, {"units": 3, "init": Choice(name="zeros")}),
        ("- dense: {units: 3, init: null, activation: null}", schema.Dense, {"units": 3}),
        (
            "- dense: {units: 3, bias_init: {constant: 1}}",
            schema.Dense,
            {"units": 3, "bias_init": Choice(name="constant", options={"value": 1.0})},
        ),
        ("- batch_norm", schema.BatchNorm, {}),
        ("- batch_norm:", schema.BatchNorm, {}),
        ("- batch_norm: {eps: 0, affine: false}", schema.BatchNorm, {"eps": 0.0, "affine": False}),
        ("- layer_norm: {eps: 1e-3}", schema.LayerNorm, {"eps": 1e-3}),
        ("- rms_norm", schema.RmsNorm, {}),
        ("- group_norm: 8", schema.GroupNorm, {"groups": 8}),
        ("- group_norm: {groups: 8, eps: 1}", schema.GroupNorm, {"groups": 8, "eps": 1.0}),
        ("- dropout: 0", schema.Dropout, {"rate": 0.0}),
        ("- dropout: {rate: 0.5}", schema.Dropout, {"rate": 0.5}),
        ("- flatten", schema.Flatten, {}),
        ("- flatten: {name: flat}", schema.Flatten, {"name": "flat"}),
        ("- relu", schema.Activation, {"choice": Choice(name="relu")}),
        ("- relu: {name: act1}", schema.Activation, {"choice": Choice(name="relu"), "name": "act1"}),
        ("- swish", schema.Activation, {"choice": Choice(name="silu")}),
        (
            "- leaky_relu: 0.2",
            schema.Activation,
            {"choice": Choice(name="leaky_relu", options={"slope": 0.2})},
        ),
        (
            "- leaky_relu: {slope: 0.2, name: a}",
            schema.Activation,
            {"choice": Choice(name="leaky_relu", options={"slope": 0.2}), "name": "a"},
        ),
        ("- softmax", schema.Activation, {"choice": Choice(name="softmax")}),
    ],
)
def test_forms_of_a_layer(text, kind, fields):
    layer = layer_of(text)
    expected = kind(place=layer.place, **fields)
    assert type(layer) is kind
    assert fields_of(layer) == fields_of(expected)


def test_an_activation_among_the_options_comes_behind():
    for text in (
        "dense: {units: 3, activation: relu, name: n}",
        "{dense: {activation: {leaky_relu: 0.2}, units: 3}}",
    ):
        dense, activation = layers_of(f"- {text}")
        assert (dense.units, dense.name is None or dense.name == "n") == (3, True)
        assert isinstance(activation, schema.Activation)
        assert activation.name is None
    assert activation.choice.options == {"slope": 0.2}
    assert str(activation.place) == "net.yaml:3:24"


def test_residual():
    long = layer_of(
        "- residual:\n    layers: [relu, dense: 8]\n    scale: 0.5\n    shortcut: [dense: 8]\n    name: r\n"
    )
    assert [type(layer) for layer in long.layers] == [schema.Activation, schema.Dense]
    assert [type(layer) for layer in long.shortcut] == [schema.Dense]
    assert (long.scale, long.learned, long.name) == (0.5, False, "r")
    short = layer_of("- residual: [relu]")
    assert (len(short.layers), short.shortcut, short.scale, short.learned) == (1, None, 1.0, False)
    rezero = layer_of("- residual: {layers: [relu], shortcut: identity, scale: {learned: 0}}")
    assert (rezero.shortcut, rezero.scale, rezero.learned) == (None, 0.0, True)


def test_concat():
    assert len(layer_of("- concat: [relu, dense: 4]").layers) == 2
    assert layer_of("- concat: {layers: [relu], name: c}").name == "c"


def test_repeats_may_nest():
    outer = layer_of("- repeat: 3\n  layers:\n  - {repeat: 2, layers: [relu], share: true}\n  - dense: 4\n")
    assert (outer.count, outer.share, len(outer.layers)) == (3, False, 2)
    assert (outer.layers[0].count, outer.layers[0].share) == (2, True)


def test_a_layer_stands_where_its_list_item_begins():
    text = "- dense: 4\n- relu\n-\n    dropout: 0.1\n- repeat: 2\n  layers: [tanh, {dense: 3}, dense: 5]\n"
    dense, relu, dropout, repeat = layers_of(text)
    assert [layer.place[1:] for layer in (dense, relu, dropout, repeat)] == [(3, 3), (4, 3), (6, 5), (7, 3)]
    assert [layer.place[1:] for layer in repeat.layers] == [(8, 12), (8, 18), (8, 30)]


WHOLE = "expected a whole number of at least 1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- dense: true", f"3:10: layers[0].dense: {WHOLE}, got true; as in `dense: 8`"),
        ("- dense: 2.5", f"3:10: layers[0].dense: {WHOLE}, got 2.5; as in `dense: 8`"),
        ("- dense: 2.0", f"3:10: layers[0].dense: {WHOLE}, got 2.0; write 2"),
        ("- dense: '64'", f"3:10: layers[0].dense: {WHOLE}, got the text '64'; remove the quotes"),
        (
            "- dense: 1_000",
            f"3:10: layers[0].dense: {WHOLE}, got the text '1_000'; write 1000 without underscores",
        ),
        ("- dense: 0", f"3:10: layers[0].dense: {WHOLE}, got 0; as in `dense: 8`"),
        (
            "- dense: 1000000001",
            "3:10: layers[0].dense: expected a whole number from 1 to 1,000,000,000, got 1000000001; "
            "as in `dense: 8`",
        ),
        ("- dense: [3]", f"3:10: layers[0].dense: {WHOLE}, got a list; as in `dense: 8`"),
        (
            "- dense: {units: ~}",
            f"3:18: layers[0].dense.units: {WHOLE}, got nothing; give it a value, or remove the key",
        ),
        ("- dense", "3:3: layers[0]: 'dense' needs 'units'; write `- dense: 256`"),
        ("- dense:", "3:3: layers[0]: 'dense' needs 'units'; write `- dense: 256`"),
        ("- dense: {bias: true}", "3:3: layers[0]: 'dense' needs 'units'; write `- dense: 256`"),
        (
            "- dense: {out_features: 3}",
            "3:11: layers[0].dense: there is no key 'out_features'; did you mean 'units'?",
        ),
        (
            "- dense: {units: 3, kernel_initializer: zeros}",
            "3:21: layers[0].dense: there is no key 'kernel_initializer'; did you mean 'init'?",
        ),
        (
            "- dense: {units: 3, bias: yes}",
            "3:27: layers[0].dense.bias: expected true or false, got the text 'yes'; write true",
        ),
        (
            "- dense: {units: 3, bias: 1}",
            "3:27: layers[0].dense.bias: expected true or false, got 1; as in `bias: true`",
        ),
        (
            "- dense: {units: 3, init: he_norml}",
            "3:27: layers[0].dense.init: 'he_norml' is not the name of an initialiser; "
            "did you mean 'he_normal'?",
        ),
        (
            "- dense: {units: 3, bias_init: 0}",
            "3:32: layers[0].dense.bias_init: expected the name of an initialiser, got 0; "
            "as in `bias_init: torch_default`; options come below the name",
        ),
        (
            "- dense: {units: 3, init: {he_normal: 2}}",
            "3:39: layers[0].dense.init.he_normal: expected a mapping of options, got 2; "
            "write `he_normal: {gain: …}`",
        ),
        (
            "- dense: {units: 3, activation: rleu}",
            "3:33: layers[0].dense.activation: 'rleu' is not the name of an activation; did you mean 'relu'?",
        ),
        (
            "- dense: {units: 3, name: 3a}",
            "3:27: layers[0].dense.name: '3a' cannot name a layer; "
            "use letters from a to z, digits and _, and no digit first",
        ),
        (
            "- dense: {units: 3, name: 5}",
            "3:27: layers[0].dense.name: expected a text, got 5; put it in quotes",
        ),
        (
            "- batch_norm: 3",
            "3:15: layers[0].batch_norm: expected a mapping of options, got 3; write `batch_norm: {eps: …}`",
        ),
        (
            "- batch_norm: {eps: -1}",
            "3:21: layers[0].batch_norm.eps: expected a number of at least 0, got -1; as in `eps: 1e-05`",
        ),
        (
            "- layer_norm: {eps: 1e-3x}",
            "3:21: layers[0].layer_norm.eps: expected a number of at least 0, got the text '1e-3x'; "
            "as in `eps: 1e-05`",
        ),
        (
            "- rms_norm: {affine: off}",
            "3:22: layers[0].rms_norm.affine: expected true or false, got the text 'off'; write false",
        ),
        ("- group_norm", "3:3: layers[0]: 'group_norm' needs 'groups'; write `- group_norm: 8`"),
        ("- group_norm: x", f"3:15: layers[0].group_norm: {WHOLE}, got the text 'x'; as in `group_norm: 8`"),
        (
            "- dropout: 1",
            "3:12: layers[0].dropout: expected a number of at least 0 and below 1, got 1; "
            "as in `dropout: 0.1`",
        ),
        (
            "- dropout: -0.1",
            "3:12: layers[0].dropout: expected a number of at least 0 and below 1, got -0.1; "
            "as in `dropout: 0.1`",
        ),
        ("- dropout: {p: 0.1}", "3:13: layers[0].dropout: there is no key 'p'; did you mean 'rate'?"),
        ("- flatten: 3", "3:12: layers[0].flatten: 'flatten' takes no options, got 3; write `flatten`"),
        ("- flatten: {start: 1}", "3:13: layers[0].flatten: there is no key 'start'; known is name"),
        ("- relu: 3", "3:9: layers[0].relu: 'relu' takes no options, got 3; write `relu` alone"),
        ("- relu: {slope: 3}", "3:10: layers[0].relu: there is no key 'slope'; remove it"),
        ("- relu: {name: [a]}", "3:16: layers[0].relu.name: expected a text, got a list; as in `name: word`"),
        (
            "- linear: 256",
            "3:11: layers[0].linear: 'linear' takes no options, got 256; "
            "for a layer with weights write `dense: 256`",
        ),
        (
            "- leaky_relu: x",
            "3:15: layers[0].leaky_relu: expected a number, got the text 'x'; as in `leaky_relu: 0.01`",
        ),
        ("- ReLU", "3:3: layers[0]: there is no layer 'ReLU'; did you mean 'relu'?"),
        ("- BatchNorm1d", "3:3: layers[0]: there is no layer 'BatchNorm1d'; did you mean 'batch_norm'?"),
        ("- Linear: 256", "3:3: layers[0]: there is no layer 'Linear'; did you mean 'dense'?"),
        (
            "- zzz: 3",
            "3:3: layers[0]: there is no layer 'zzz'; "
            "known are dense, conv1d, conv2d, max_pool, avg_pool, global_avg_pool, batch_norm, layer_norm, "
            "rms_norm, group_norm, dropout, residual, concat, flatten, rnn, lstm, gru, embedding, positional, "
            "class_token, attention, transformer_block, maxout, glu, mean_over_time, last_step, first_step, "
            "transpose, to_sequence, repeat and every activation",
        ),
        (
            "- bidirectional: {lstm: 64}",
            "3:3: layers[0]: there is no layer 'bidirectional'; "
            "it is an option of rnn, lstm, gru: write `lstm: {units: …, bidirectional: true}`",
        ),
        (
            "- Bidirectional",
            "3:3: layers[0]: there is no layer 'Bidirectional'; "
            "it is an option of rnn, lstm, gru: write `rnn: {units: …, bidirectional: true}`",
        ),
        (
            "- stride: 2",
            "3:3: layers[0]: there is no layer 'stride'; "
            "it is an option of conv1d, conv2d, max_pool, avg_pool: write `conv1d: {filters: …, stride: …}`",
        ),
        (
            "- bias: true",
            "3:3: layers[0]: there is no layer 'bias'; "
            "it is an option of dense, conv1d, conv2d, rnn and others: write `dense: {units: …, bias: true}`",
        ),
        (
            "- rate: 0.1",
            "3:3: layers[0]: there is no layer 'rate'; it is an option of dropout: write `dropout: {rate: …}`",
        ),
        ("- affine: 256", "3:3: layers[0]: there is no layer 'affine'; did you mean 'dense'?"),
        ("- dense:256", "3:3: layers[0]: there is no layer 'dense:256'; write a space behind the ':'"),
        ("- ${x}: 256", "3:3: layers[0]: there is no layer '${x}'; knobs stand for values, not for keys"),
        ("- 5", "3:3: layers[0]: expected a layer, got 5; write `- relu` or `- dense: 256`"),
        ("-", "3:2: layers[0]: expected a layer, got nothing; write `- relu` or `- dense: 256`"),
        ("- {}", "3:3: layers[0]: expected a layer, got a mapping; write `- relu` or `- dense: 256`"),
        ("- [relu]", "3:3: layers[0]: expected a layer, got a list; write `- relu` or `- dense: 256`"),
        (
            "- dense: 3\n  activation: relu",
            "3:3: layers[0]: a layer has one key, this one has 2: 'dense', 'activation'; "
            "write its options behind its name: `dense: {units: …, activation: …}`",
        ),
        (
            "- dense: 3\n  relu:",
            "3:3: layers[0]: a layer has one key, this one has 2: 'dense', 'relu'; "
            "begin each layer with `- ` on a line of its own",
        ),
        (
            "- dense: 3\n  reul: 1",
            "3:3: layers[0]: a layer has one key, this one has 2: 'dense', 'reul'; did you mean 'relu'?",
        ),
        (
            "- times: 3\n  layers: [relu]",
            "3:3: layers[0]: a layer has one key, this one has 2: 'times', 'layers'; "
            "write `repeat: N` beside `layers:`",
        ),
        (
            "- layers: [relu]",
            "3:3: layers[0]: there is no layer 'layers'; write `repeat: N` beside `layers:`",
        ),
        (
            "- repeat: 3",
            "3:3: layers[0]: 'repeat' needs 'layers'; write `- {repeat: 3, layers: [dense: 256, relu]}`",
        ),
        ("- {repeat: 0, layers: [relu]}", f"3:12: layers[0].repeat: {WHOLE}, got 0; as in `repeat: 8`"),
        (
            "- {repeat: 2, layers: relu}",
            "3:23: layers[0].layers: expected a list of layers, got the text 'relu'; "
            "begin each layer with `- `",
        ),
        (
            "- {repeat: 2, layers: [relu], share: 1}",
            "3:38: layers[0].share: expected true or false, got 1; as in `share: false`",
        ),
        (
            "- {repeat: 2, layers: [relu], name: a}",
            "3:31: layers[0]: there is no key 'name'; known are layers, repeat, share",
        ),
        (
            "- {repeat: 2, layers: []}",
            "3:23: layers[0].layers: the list of layers is empty; write at least one, as in `- dense: 10`",
        ),
        (
            "- residual: 5",
            "3:13: layers[0].residual: expected a list of layers, got 5; begin each layer with `- `",
        ),
        ("- residual:", "3:3: layers[0]: 'residual' needs 'layers'; write `- residual: [relu, dense: 256]`"),
        (
            "- residual: {layers: [relu], scale: big}",
            "3:37: layers[0].residual.scale: expected a number, got the text 'big'; as in `scale: 1.0`",
        ),
        (
            "- residual: {layers: [relu], learned: 1}",
            "3:30: layers[0].residual: there is no key 'learned'; known are layers, name, scale, shortcut",
        ),
        (
            "- residual: {layers: [relu], scale: {learnt: 1}}",
            "3:38: layers[0].residual.scale: there is no key 'learnt'; did you mean 'learned'?",
        ),
        (
            "- residual: {layers: [relu], scale: {learned: x}}",
            "3:47: layers[0].residual.scale.learned: expected a number, got the text 'x'; "
            "as in `learned: 1.0`",
        ),
        (
            "- residual: {layers: [relu], shortcut: dense}",
            "3:40: layers[0].residual.shortcut: expected 'identity' or a list of layers, got the text "
            "'dense'; as in `shortcut: [dense: 256]`",
        ),
        (
            "- residual: {layers: [relu], shortcut: []}",
            "3:40: layers[0].residual.shortcut: the list of layers is empty; "
            "write at least one, as in `- dense: 10`",
        ),
        ("- concat: [rleu]", "3:12: layers[0].concat[0]: there is no layer 'rleu'; did you mean 'relu'?"),
    ],
)
def test_mistakes_in_a_layer(text, message):
    assert messages_of(f"input: 8\nlayers:\n{text}\n") == [f"net.yaml:{message}"]


def test_every_mistake_in_a_layer_is_told():
    assert messages_of(
        "input: 8\nlayers:\n- residual: {dense: 3}\n- dense: {units: x, bias: 1, widht: 2}\n"
    ) == [
        "net.yaml:3:3: layers[0]: 'residual' needs 'layers'; write `- residual: [relu, dense: 256]`",
        "net.yaml:3:14: layers[0].residual: there is no key 'dense'; known are layers, name, scale, shortcut",
        "net.yaml:4:18: layers[1].dense.units: expected a whole number of at least 1, got the text 'x'; "
        "as in `units: 8`",
        "net.yaml:4:27: layers[1].dense.bias: expected true or false, got 1; as in `bias: true`",
        "net.yaml:4:30: layers[1].dense: there is no key 'widht'; "
        "known are activation, bias, bias_init, init, "
        "name, tied, units",
    ]


def test_an_unknown_stands_for_what_could_not_be_read():
    config, messages = read_with_messages(
        "input: 8\nlayers:\n- dense: x\n- relu\n- residual: [tanh, rleu]\n- dense: {units: 3, activation: "
        "rleu}\n"
    )
    assert len(messages) == 3
    assert [type(layer) for layer in config.layers] == [
        Unknown,
        schema.Activation,
        schema.Residual,
        schema.Dense,
        Unknown,
    ]
    assert [type(layer) for layer in config.layers[2].layers] == [schema.Activation, Unknown]
    assert str(config.layers[0].place) == "net.yaml:3:3"


def test_the_table_of_kinds_agrees_with_the_tags():
    assert {name: kind.__struct_config__.tag for name, kind in LAYERS.items()} == {
        name: name for name in LAYERS
    }


@pytest.mark.parametrize("kind", LAYERS.values())
def test_every_example_is_a_layer(kind):
    text = kind.example or kind.__struct_config__.tag
    assert type(layer_of(f"- {text}")) is kind


@pytest.mark.parametrize("kind", LAYERS.values())
def test_layers_that_need_something_say_how_they_are_written(kind):
    needs = [field.name for field in msgspec.structs.fields(kind) if field.required and field.name != "place"]
    assert bool(needs) == bool(kind.example)
