"""What holds for any text, any bytes and any plain data: problems, never anything raised; "
"and YAML reads back."""

import json

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradscope.config.digest import config_sha256
from gradscope.config.document import BROKEN
from gradscope.config.layers import layer_count
from gradscope.config.load import read_config
from gradscope.config.scalars import resolve
from gradscope.config.schema import LAYERS, Config
from gradscope.config.source import parse
from gradscope.config.tables import ACTIVATION, INITIALIZER
from gradscope.errors import Mistake, Problems

quick = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

WORDS = [
    *LAYERS,
    *ACTIVATION.names,
    *INITIALIZER.names[:4],
    *(
        "input",
        "layers",
        "params",
        "batch",
        "size",
        "inputs",
        "normal",
        "std",
        "init",
        "rules",
        "optimizer",
        "seed",
    ),
    *(
        "units",
        "activation",
        "shortcut",
        "identity",
        "scale",
        "learned",
        "name",
        "repeat",
        "share",
        "GS101",
        "off",
    ),
    *(
        "${a}",
        "${b}",
        "x${a}",
        "${",
        "",
        "1e-3",
        "0x10",
        ".nan",
        "1e999",
        "~",
        "length",
        "vocab",
        "file",
        "path",
    ),
]
scalars = st.one_of(
    st.sampled_from(WORDS),
    st.integers(-2, 12),
    st.sampled_from([10**9, 10**9 + 1, 2**64, 10**400]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.none(),
    st.text(max_size=6),
)
plain_data = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=4),
    ),
    max_leaves=12,
)
config_like = st.fixed_dictionaries(
    {
        "input": st.one_of(st.just(8), plain_data),
        "layers": st.one_of(st.lists(plain_data, max_size=4), plain_data),
    },
    optional=dict.fromkeys(("params", "batch", "init", "loss", "rules", "seed", "name", "dtype"), plain_data),
)
yaml_pieces = st.lists(
    st.sampled_from(
        [*WORDS, "\n", "\n  ", "\n- ", ": ", "- ", "[", "]", "{", "}", ", ", "'", '"', "&a", "*a", "!t "]
    ),
    max_size=30,
).map("".join)


def told(source, overrides=None, **options):
    """Read it: a Config or None, and nothing raised; "
    "without problems there is a Config, whole and hashable."""
    problems = Problems()
    config = read_config(source, overrides, problems, **options)
    for problem in problems.found:
        assert "\n" not in problem.fact
        assert problem.hint
        assert problem.place.line is None or problem.place.line >= 1
    if not problems.found:
        assert isinstance(config, Config)
        assert layer_count(config.layers) <= 200_000
        assert len(config_sha256(config)) == 64
    return config, problems.found


@quick
@given(st.text(max_size=80))
def test_any_text_is_a_config_or_a_problem(text):
    told("f", text=text)


@quick
@given(st.binary(max_size=80))
def test_any_bytes_are_a_config_or_a_problem(content):
    told("f", text=content)


@quick
@given(yaml_pieces)
def test_any_heap_of_yaml_is_a_config_or_a_problem(text):
    told("f", text=text)


@quick
@given(config_like)
def test_any_plain_data_is_a_config_or_a_problem(data):
    told(data)


@quick
@given(
    st.dictionaries(
        st.one_of(
            st.text(max_size=8),
            st.lists(st.sampled_from([*WORDS, "0", "1", "0[1]", "99999999999"]), max_size=4).map(".".join),
        ),
        plain_data,
        max_size=3,
    )
)
def test_any_override_is_a_config_or_a_problem(overrides):
    told(
        {"params": {"a": 1}, "input": 8, "name": "${a}", "layers": [{"repeat": 2, "layers": ["relu"]}]},
        overrides,
    )


@quick
@given(config_like)
def test_a_dict_and_its_yaml_have_the_same_problems(data):
    """Through JSON, which is YAML; texts are quoted there, so those with knobs in them may differ."""
    config, found = told(data)
    try:
        text = json.dumps(data, allow_nan=False)
    except ValueError:
        return
    if "${" in text or "\\ud" in text:
        return
    from_text, found_in_text = told("<dict>", text=text)
    assert {problem.fact for problem in found} == {problem.fact for problem in found_in_text}
    if not found:
        assert config_sha256(config) == config_sha256(from_text)


yaml_scalars = st.one_of(
    st.integers(-(10**300), 10**300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Cn"]), max_size=12),
)
yaml_data = st.recursive(
    yaml_scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abc xyz", max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


@quick
@given(yaml_data, st.booleans())
def test_data_reads_back_from_yaml(data, flow):
    """PyYAML quotes whatever YAML 1.1 would misread; "
    "what it leaves bare means the same in 1.2 but for numbers."""
    problems = Problems()
    text = json.dumps(data, ensure_ascii=False) if flow else yaml.safe_dump(_quoted(data), allow_unicode=True)
    document = parse(text, "f", problems)
    if any(char in text for char in "\ufeff\ufffe\uffff\u2028\u2029\ue000\ue001"):
        return
    assert [str(problem) for problem in problems.found] == []
    assert document.data == data


class _Quoted(str):
    """A text that is always written in quotes."""


yaml.SafeDumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
)


def _quoted(data):
    if isinstance(data, dict):
        return {_Quoted(key): _quoted(entry) for key, entry in data.items()}
    if isinstance(data, list):
        return [_quoted(entry) for entry in data]
    return _Quoted(data) if isinstance(data, str) else data


@quick
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**300), 10**300))
def test_numbers_read_back(number):
    resolved = resolve(str(number))
    assert (type(resolved), resolved) == (type(number), number)


@quick
@given(st.text("0123456789.eE+-xXoOabfnI_", max_size=10))
def test_any_scalar_is_a_value_or_a_mistake(text):
    try:
        value = resolve(text)
    except Mistake:
        return
    assert value is not BROKEN
    assert value is None or isinstance(value, str | int | float | bool)
