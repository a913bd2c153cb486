import pytest

from gradscope.config.schema import Choice, Unknown
from tests.config.reading import messages_of, read, read_with_messages

LAYERS = "layers: [dense: 2]\n"
FORMS = "write `input: 784`, `[3, 32, 32]`, `{length: 64, features: 32}` or `{length: 64, vocab: 1000}`"
WHOLE = "expected a whole number of at least 1"


@pytest.mark.parametrize(
    ("text", "shape", "vocab"),
    [
        ("784", (784,), None),
        ("[784]", (784,), None),
        ("[3, 32, 32]", (3, 32, 32), None),
        ("{length: 64, features: 32}", (64, 32), None),
        ("{length: 64, vocab: 1000}", (64,), 1000),
    ],
)
def test_forms_of_input(text, shape, vocab):
    sample = read(f"input: {text}\n{LAYERS}").input
    assert (sample.shape, sample.vocab, str(sample.place)) == (shape, vocab, "net.yaml:1:8")


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("0", [f"1:8: input: {WHOLE}, got 0; as in `input: 8`"]),
        ("2.5", [f"1:8: input: {WHOLE}, got 2.5; as in `input: 8`"]),
        ("true", [f"1:8: input: {WHOLE}, got true; as in `input: 8`"]),
        (
            "1000000001",
            ["1:8: input: expected a whole number from 1 to 1,000,000,000, got 1000000001; as in `input: 8`"],
        ),
        ("'784'", [f"1:8: input: expected the size of a sample, got the text '784'; {FORMS}"]),
        ("", [f"1:7: input: expected the size of a sample, got nothing; {FORMS}"]),
        ("[3, 32]", [f"1:8: input: expected 1 or 3 sizes, got 2; {FORMS}"]),
        ("[]", [f"1:8: input: expected 1 or 3 sizes, got 0; {FORMS}"]),
        (
            "[3, x, 0]",
            [
                f"1:12: input[1]: {WHOLE}, got the text 'x'; as in `input: 8`",
                f"1:15: input[2]: {WHOLE}, got 0; as in `input: 8`",
            ],
        ),
        ("{length: 3}", [f"1:8: input: a sequence has 'length' and either 'features' or 'vocab'; {FORMS}"]),
        ("{features: 3}", [f"1:8: input: a sequence has 'length' and either 'features' or 'vocab'; {FORMS}"]),
        ("{}", [f"1:8: input: a sequence has 'length' and either 'features' or 'vocab'; {FORMS}"]),
        (
            "{length: 3, features: 4, vocab: 5}",
            [f"1:8: input: a sequence has 'length' and either 'features' or 'vocab'; {FORMS}"],
        ),
        (
            "{length: 0, features: x}",
            [
                f"1:17: input.length: {WHOLE}, got 0; as in `length: 8`",
                f"1:30: input.features: {WHOLE}, got the text 'x'; as in `features: 8`",
            ],
        ),
        ("{length: 3, vocab: -1}", [f"1:27: input.vocab: {WHOLE}, got -1; as in `vocab: 8`"]),
        ("{lenght: 3, features: 4}", ["1:9: input: there is no key 'lenght'; did you mean 'length'?"]),
    ],
)
def test_mistakes_in_input(text, messages):
    config, found = read_with_messages(f"input: {text}\n{LAYERS}")
    assert found == [f"net.yaml:{message}" for message in messages]
    assert isinstance(config.layers[0], Unknown)


def test_batch():
    batch = read(
        f"input: 3\n{LAYERS}batch:\n  size: 8\n  count: 2\n  inputs: {{uniform: {{low: -1}}}}\n"
    ).batch
    assert (batch.size, batch.count) == (8, 2)
    assert batch.inputs == Choice(name="uniform", options={"low": -1.0, "high": 1.0})
    assert str(batch.place) == "net.yaml:6:11"


def test_defaults_of_batch():
    for text in ("", "batch:\n", "batch: {}\n"):
        batch = read(f"input: 3\n{LAYERS}{text}").batch
        assert (batch.size, batch.count) == (64, 1)
        assert batch.inputs == Choice(name="normal", options={"mean": 0.0, "std": 1.0})


def test_a_vocabulary_is_fed_tokens_unless_told_otherwise():
    text = f"input: {{length: 4, vocab: 9}}\n{LAYERS}"
    assert read(text).batch.inputs == Choice(name="tokens", options={"zipf": 0.0})
    assert read(f"{text}batch: {{inputs: {{tokens: 1.1}}}}\n").batch.inputs.options == {"zipf": 1.1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64", "3:8: batch: expected a mapping, got 64; write `batch: {size: 64}`"),
        ("{size: '64'}", f"3:15: batch.size: {WHOLE}, got the text '64'; remove the quotes"),
        ("{size: 0}", f"3:15: batch.size: {WHOLE}, got 0; as in `size: 8`"),
        ("{count: 1.5}", f"3:16: batch.count: {WHOLE}, got 1.5; as in `count: 8`"),
        (
            "{inputs: gaussian}",
            "3:17: batch.inputs: 'gaussian' is not the name of an input distribution; did you mean 'normal'?",
        ),
        (
            "{inputs: }",
            "3:17: batch.inputs: expected the name of an input distribution, got nothing; "
            "as in `inputs: normal`; options come below the name",
        ),
        (
            "{inputs: {normal: {std: -1}}}",
            "3:32: batch.inputs.normal.std: expected a number of at least 0, got -1; as in `std: 1.0`",
        ),
        ("{inputs: file}", "3:17: batch.inputs: 'file' needs 'path'; write `file: …`"),
        ("{batches: 3}", "3:9: batch: there is no key 'batches'; did you mean 'count'?"),
    ],
)
def test_mistakes_in_batch(text, message):
    config, messages = read_with_messages(f"input: 3\n{LAYERS}batch: {text}\n")
    assert messages == [f"net.yaml:{message}"]
    assert config.batch.inputs.name == "normal"


def test_rules():
    config = read(
        f"input: 3\n{LAYERS}rules:\n"
        "  GS101: {min_ratio: 1e-4, severity: note}\n  GS102: {max_ratio: 5}\n  GS303: off\n  GS302: "
        "warning\n"
        "  optimizer: adam\n"
    )
    assert config.optimizer == "adam"
    assert list(config.rules) == ["GS101", "GS102", "GS303", "GS302"]
    first, second, third, fourth = config.rules.values()
    assert (first.enabled, first.severity, first.limits) == (True, "note", {"min_ratio": 1e-4})
    assert (str(first.place), str(first.places["min_ratio"])) == ("net.yaml:4:3", "net.yaml:4:11")
    assert (second.severity, second.limits, type(second.limits["max_ratio"])) == (
        None,
        {"max_ratio": 5.0},
        float,
    )
    assert (third.enabled, third.severity, third.limits) == (False, None, {})
    assert (fourth.enabled, fourth.severity) == (True, "warning")


def test_no_rules():
    for text in ("", "rules:\n", "rules: {}\n"):
        config = read(f"input: 3\n{LAYERS}{text}")
        assert (config.rules, config.optimizer) == ({}, None)


SETTING = "expected off, error, warning, note, or a mapping of limits"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("off", "3:8: rules: expected a mapping, got the text 'off'; write `rules: {GS303: off}`"),
        ("{GS303: of}", f"3:16: rules.GS303: {SETTING}, got the text 'of'; as in `GS303: off`"),
        ("{GS303: false}", f"3:16: rules.GS303: {SETTING}, got false; as in `GS303: off`"),
        ("{GS303: 1e-3}", f"3:16: rules.GS303: {SETTING}, got 0.001; as in `GS303: off`"),
        ("{GS303: [off]}", f"3:16: rules.GS303: {SETTING}, got a list; as in `GS303: off`"),
        ("{GS303: }", f"3:16: rules.GS303: {SETTING}, got nothing; as in `GS303: off`"),
        (
            "{GS101: {min_ratio: 1e-3x}}",
            "3:28: rules.GS101.min_ratio: expected a number, got the text '1e-3x'; as in `min_ratio: 0.1`",
        ),
        (
            "{GS101: {min_ratio: true}}",
            "3:28: rules.GS101.min_ratio: expected a number, got true; as in `min_ratio: 0.1`",
        ),
        ("{GS101: {min_ratio: .nan}}", "3:28: rules.GS101.min_ratio: a value may not be NaN; write a number"),
        (
            "{GS101: {severity: fatal}}",
            "3:27: rules.GS101.severity: expected 'error', 'warning' or 'note', got the text 'fatal'; "
            "as in `severity: error`",
        ),
        (
            "{optimizer: adamw}",
            "3:20: rules.optimizer: expected 'sgd' or 'adam', got the text 'adamw'; as in `optimizer: sgd`",
        ),
    ],
)
def test_mistakes_in_rules(text, message):
    assert messages_of(f"input: 3\n{LAYERS}rules: {text}\n") == [f"net.yaml:{message}"]
