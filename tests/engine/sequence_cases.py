"""The layers that work on sequences, and those of several maps, as cases of the table of all layers."""

from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.engine.layer import Step
from gradscope.engine.layers.attention import Attention
from gradscope.engine.layers.cells import Cell, PlainCell
from gradscope.engine.layers.dense import Dense
from gradscope.engine.layers.glu import Glu
from gradscope.engine.layers.gru_cell import GruCell
from gradscope.engine.layers.lstm_cell import LstmCell
from gradscope.engine.layers.maxout import Maxout
from gradscope.engine.layers.positional import ClassToken, LearnedPositions, SinusoidalPositions
from gradscope.engine.layers.recurrent import FinalState, Recurrent
from gradscope.engine.layers.scan import Direction
from gradscope.engine.layers.time_axis import FirstStep, LastStep, MeanOverTime, ToSequence, Transpose
from gradscope.engine.random import Stream
from gradscope.engine.weights import Weight
from tests.engine.making import LayerCase, Parameters, given_weight, info


def elementwise(name: str) -> Activation:
    """With its default options."""
    made = ACTIVATIONS[name]()
    assert isinstance(made, Activation)
    return made


def cell(kind: str, activation: str = "tanh") -> Cell:
    """By its name in a config."""
    cells = {"rnn": PlainCell, "lstm": LstmCell, "gru": GruCell}
    made: Cell = cells[kind](elementwise(activation))
    return made


def direction(
    take: Parameters, kind: str, fan_in: int, units: int, prefix: str, *, activation: str, bias: bool
) -> Direction:
    """Weights and biases under `kind.prefix…`; `backward.` walks from the last step."""
    made = cell(kind, activation)

    def weight(name: str, rows: int, columns: int) -> Weight:
        return given_weight(take(f"{kind}.{prefix}{name}", rows, columns))

    return Direction(
        made,
        weight("input.weight", fan_in, made.gates * units),
        weight("recurrent.weight", units, made.gates * units),
        weight("bias", 1, made.gates * units) if bias else None,
        weight("recurrent.bias", 1, units) if bias and kind == "gru" else None,
        reverse=prefix == "backward.",
    )


def recurrent(
    take: Parameters,
    kind: str,
    fan_in: int,
    units: int,
    *,
    activation: str = "tanh",
    bias: bool = True,
    both: bool = False,
    sequences: bool = True,
    name: str | None = None,
) -> Recurrent:
    """One direction or both; every step or where they arrive."""
    ways = ("forward", "backward") if both else ("forward",)
    prefixes = {way: f"{way}." if both else "" for way in ways}
    directions = {
        way: direction(take, kind, fan_in, units, prefix, activation=activation, bias=bias)
        for way, prefix in prefixes.items()
    }
    made = Recurrent if sequences else FinalState
    return made(info(name or kind), directions, Stream(0, 0, f"{kind}.state_gradient"))


def part(take: Parameters, name: str, fan_in: int, fan_out: int) -> Dense:
    """A dense map inside of a layer."""
    return Dense(
        info(name),
        given_weight(take(f"{name}.weight", fan_in, fan_out)),
        given_weight(take(f"{name}.bias", 1, fan_out)),
    )


def attention(take: Parameters, features: int, heads: int, *, causal: bool = False) -> Attention:
    """With biases."""
    query, key, value, out = (
        part(take, f"attention.{name}", features, features) for name in ("query", "key", "value", "out")
    )
    return Attention(info("attention"), query, key, value, out, heads=heads, causal=causal)


def glu(take: Parameters, fan_in: int, units: int, activation: str) -> Step:
    """Value and gate."""
    value, gate = part(take, "glu.value", fan_in, units), part(take, "glu.gate", fan_in, units)
    return Glu(info("glu"), value, gate, elementwise(activation))


def maxout(take: Parameters, fan_in: int, units: int, pieces: int) -> Step:
    """All pieces in one matrix."""
    return Maxout(info("maxout"), part(take, "maxout", fan_in, pieces * units), pieces)


SEQUENCE_CASES: dict[str, LayerCase] = {
    "rnn": LayerCase((3, 4, 2), lambda take: recurrent(take, "rnn", 2, 3)),
    "rnn, relu": LayerCase((3, 4, 2), lambda take: recurrent(take, "rnn", 2, 3, activation="relu")),
    "rnn, both ways": LayerCase((3, 4, 2), lambda take: recurrent(take, "rnn", 2, 3, both=True)),
    "rnn without bias": LayerCase((3, 4, 2), lambda take: recurrent(take, "rnn", 2, 3, bias=False)),
    "lstm": LayerCase((3, 4, 2), lambda take: recurrent(take, "lstm", 2, 3)),
    "lstm, softsign": LayerCase((2, 3, 2), lambda take: recurrent(take, "lstm", 2, 3, activation="softsign")),
    "lstm, both ways": LayerCase((2, 3, 2), lambda take: recurrent(take, "lstm", 2, 2, both=True)),
    "lstm, last step": LayerCase((2, 3, 2), lambda take: recurrent(take, "lstm", 2, 3, sequences=False)),
    "lstm, last step of both ways": LayerCase(
        (2, 3, 2), lambda take: recurrent(take, "lstm", 2, 2, both=True, sequences=False)
    ),
    "lstm of one step": LayerCase((3, 1, 2), lambda take: recurrent(take, "lstm", 2, 3)),
    "gru": LayerCase((3, 4, 2), lambda take: recurrent(take, "gru", 2, 3)),
    "gru, both ways": LayerCase((2, 3, 2), lambda take: recurrent(take, "gru", 2, 2, both=True)),
    "gru without bias": LayerCase((2, 3, 2), lambda take: recurrent(take, "gru", 2, 3, bias=False)),
    "attention": LayerCase((2, 3, 4), lambda take: attention(take, 4, 2)),
    "attention, causal": LayerCase((2, 4, 4), lambda take: attention(take, 4, 2, causal=True)),
    "attention of one step": LayerCase((2, 1, 4), lambda take: attention(take, 4, 4)),
    "glu": LayerCase((4, 3), lambda take: glu(take, 3, 5, "sigmoid")),
    "glu on a sequence": LayerCase((2, 3, 4), lambda take: glu(take, 4, 2, "silu")),
    "maxout": LayerCase((4, 3), lambda take: maxout(take, 3, 5, 2)),
    "maxout on a sequence": LayerCase((2, 3, 4), lambda take: maxout(take, 4, 2, 3)),
    "positions, learned": LayerCase(
        (3, 4, 2),
        lambda take: LearnedPositions(info("positional"), given_weight(take("positional.table", 4, 2))),
    ),
    "positions, sinusoidal": LayerCase((3, 4, 3), lambda take: SinusoidalPositions(info("positional"))),
    "mean over time": LayerCase((3, 4, 2), lambda take: MeanOverTime(info("mean_over_time"))),
    "last step": LayerCase((3, 4, 2), lambda take: LastStep(info("last_step"))),
    "first step": LayerCase((3, 4, 2), lambda take: FirstStep(info("first_step"))),
    "an image as a sequence": LayerCase((3, 4, 2, 3), lambda take: ToSequence(info("to_sequence"))),
    "class token": LayerCase(
        (3, 4, 2), lambda take: ClassToken(info("class_token"), given_weight(take("class_token.table", 1, 2)))
    ),
    "transpose": LayerCase((3, 4, 2), lambda take: Transpose(info("transpose"))),
}
