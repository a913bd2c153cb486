"""Two thousand mutations of valid configs, of their bytes and of their structure: exit code 0, 1 or 2, and words.

In this process, through the command line itself. The free memory is set low, so that a width that grew by a few
digits is refused rather than tried.
"""

import copy
import json
import re
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradscope.cli.root import root
from gradscope.config.source import parse
from gradscope.errors import Problems

SEEDS = (
    """\
params: {depth: 2, width: 4, act: relu}
input: 6
batch: {size: 4, count: 2, inputs: {normal: {std: 2}}}
init: he_normal
layers:
- repeat: ${depth}
  layers:
  - dense: ${width}
  - ${act}
- dense: {units: 3, init: zeros, name: head}  # gradscope: ignore[GS404]
trials: 1
seed: 7
rules: {GS101: {min_ratio: 1e-4}, GS303: off, optimizer: adam}
""",
    """\
name: blocks
input: 5
batch: {size: 3, inputs: {uniform: {low: -1, high: 1}}}
layers:
- residual:
    layers: [{dense: {units: 5, bias: false}}, batch_norm, tanh]
    scale: {learned: 0.5}
- residual: {layers: [{dense: 4}, gelu], shortcut: [{dense: 4}]}
- concat: [{dense: 2}, {leaky_relu: 0.2}]
- {layer_norm: {eps: 1e-3}}
- dropout: 0.5
- {dense: {units: 1, activation: {elu: {alpha: 0.5}}}}
loss: {huber: 2}
trials: 2
dtype: float64
""",
    """\
input: {length: 3, features: 4}
batch: {size: 2}
layers: [{repeat: 9, layers: [{dense: 4}, sigmoid]}, flatten, {dense: 2}]
loss: random_cotangent
trials: 1
""",
)
DATA = [parse(text, "net.yaml", Problems()).data for text in SEEDS]  # type: ignore[union-attr]

PIECES = [
    "0",
    "9",
    "-",
    ".",
    "e",
    "\n",
    "  ",
    "- ",
    ": ",
    "${act}",
    "${",
    "[",
    "]",
    "{",
    "}",
    '"',
    "#",
    "!",
    "&a",
    "*a",
    "~",
]
VALUES = st.one_of(
    st.sampled_from(
        [
            0,
            1,
            -1,
            2,
            3,
            10**6,
            10**30,
            0.0,
            -0.5,
            1e-300,
            1e300,
            True,
            None,
            "",
            "relu",
            "x",
            "${act}",
            [],
            {},
        ]
    ),
    st.integers(-5, 50),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)


@st.composite
def mutated_bytes(draw: st.DrawFn) -> bytes:
    """A few bytes dropped, doubled, or replaced."""
    content = draw(st.sampled_from(SEEDS)).encode()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 12))
        piece = draw(st.one_of(st.sampled_from(PIECES).map(str.encode), st.binary(max_size=3)))
        again = content[start : start + length] * draw(st.integers(0, 2))
        content = content[:start] + piece + again + content[start + length :]
    return content


def nodes(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [found for key, value in entries for found in [(*path, key), *nodes(value, (*path, key))]]


@st.composite
def mutated_structure(draw: st.DrawFn) -> bytes:
    """A few values replaced, dropped, moved or given another key."""
    data = copy.deepcopy(draw(st.sampled_from(DATA)))
    for _ in range(draw(st.integers(1, 3))):
        paths = nodes(data)
        if not paths:
            break
        *way, last = draw(st.sampled_from(paths))
        parent = data
        for step in way:
            parent = parent[step]
        match draw(st.integers(0, 3)):
            case 0:
                parent[last] = draw(VALUES)
            case 1:
                del parent[last]
            case 2:
                source: Any = data
                for step in draw(st.sampled_from(paths)):
                    source = source[step]
                parent[last] = copy.deepcopy(source)
            case _ if isinstance(parent, dict):
                parent[draw(st.text("abilnrstuy_", max_size=6))] = parent.pop(last)
            case _:
                parent.append(copy.deepcopy(parent[last]))
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradscope.build.plan.available_bytes", lambda: 2**23)


def check(content: bytes, form: str) -> None:
    result = CliRunner().invoke(root, ["check", "-", "--format", form, "--trials", "1"], input=content)
    assert result.exit_code in (0, 1, 2), (content, result.stdout, result.stderr)
    assert isinstance(result.exception, SystemExit | None)
    assert "Traceback" not in result.stdout + result.stderr
    if result.exit_code == 2:
        assert re.search(r"^(  )?<stdin>", result.stdout + result.stderr, re.MULTILINE)
    if form == "json":
        assert json.loads(result.stdout)["schema_version"] == 1


bounded = settings(
    max_examples=1000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@bounded
@given(mutated_bytes())
def test_a_thousand_mutations_of_bytes(content: bytes) -> None:
    check(content, "table")


@bounded
@given(mutated_structure())
def test_a_thousand_mutations_of_structure(content: bytes) -> None:
    check(content, "json")
