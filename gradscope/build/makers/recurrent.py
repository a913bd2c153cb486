"""Makes recurrent layers: one direction or two of a cell."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gradscope.build.makers.elementwise import elementwise_activation
from gradscope.build.makers.facts import Shape, known, sequence_of
from gradscope.config import schema
from gradscope.engine.activations import Activation
from gradscope.engine.gate_initializers import chrono, remembering, stacked
from gradscope.engine.initializers import Fans, Initializer, uniform
from gradscope.engine.layer import Step
from gradscope.engine.layers.cells import Cell, PlainCell
from gradscope.engine.layers.gru_cell import GruCell
from gradscope.engine.layers.lstm_cell import LstmCell
from gradscope.engine.layers.recurrent import FinalState, Recurrent
from gradscope.engine.layers.scan import Direction
from gradscope.engine.outline import LayerInfo
from gradscope.engine.weights import Weight
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


class _Kind(NamedTuple):
    """What sets one kind of recurrent layer apart."""

    cell: Cell
    activation: Activation | None = None
    """Of its output, where that is an activation's."""
    has_recurrent_bias: bool = False
    adapt_bias: Callable[[Initializer], Initializer] | None = None


def make_rnn(assembly: Assembly, spec: schema.Rnn, shape: Shape, info: LayerInfo) -> Step:
    """Its output is an activation's, which is told of the layer."""
    activation = elementwise_activation(spec.activation, info.kind)
    return _recurrent(assembly, spec, shape, info, _Kind(PlainCell(activation), activation))


def make_gru(assembly: Assembly, spec: schema.Gru, shape: Shape, info: LayerInfo) -> Step:
    """With a bias of the candidate's recurrent product, which the reset gate multiplies."""
    cell = GruCell(elementwise_activation(spec.activation, info.kind))
    return _recurrent(assembly, spec, shape, info, _Kind(cell, has_recurrent_bias=True))


def make_lstm(assembly: Assembly, spec: schema.Lstm, shape: Shape, info: LayerInfo) -> Step:
    """With the forget gate's bias as it is asked for."""
    cell = LstmCell(elementwise_activation(spec.activation, info.kind))
    forget = spec.forget_bias
    if not spec.bias and forget not in (None, 1.0):
        raise Mistake("`forget_bias` needs a bias, and `bias` is false", "leave one of them out")
    if isinstance(forget, schema.Chrono):
        adapt = partial(chrono, steps=forget.chrono)
    elif forget is not None:
        adapt = partial(remembering, forget_bias=forget)
    else:
        adapt = None
    return _recurrent(assembly, spec, shape, info, _Kind(cell, adapt_bias=adapt))


def _recurrent(
    assembly: Assembly, spec: schema.Recurrent, shape: Shape, info: LayerInfo, kind: _Kind
) -> Step:
    length, features = sequence_of(shape, info.kind)
    names = ("forward", "backward") if spec.bidirectional else ("forward",)
    directions = {
        name: _direction(assembly, spec, info, kind, features=features, name=name) for name in names
    }
    units = spec.units * len(names)
    facts = known(
        info,
        (length, units) if spec.return_sequences else (units,),
        sum(direction.parameter_count for direction in directions.values()),
        weight=directions["forward"].into.law,
        activation=kind.activation,
        is_affine=False,
        products=length * sum(d.into.size + d.recurrent.size for d in directions.values()),
        steps=length,
        kept=_kept(kind.cell) * length * units,
    )
    layer = Recurrent if spec.return_sequences else FinalState
    return layer(facts, directions, assembly.stream(info, "state_gradient"))


def _kept(cell: Cell) -> int:
    """Entries a unit that a step leaves, or makes on the way back: the tape, dz and dq."""
    return cell.rows + cell.gates * (1 + cell.has_own_dq)


def _direction(
    assembly: Assembly, spec: schema.Recurrent, info: LayerInfo, kind: _Kind, *, features: int, name: str
) -> Direction:
    """Gates are initialised one by one; PyTorch's default is U(±1/√units) for all of a recurrent layer."""
    units, gates = spec.units, kind.cell.gates
    prefix = f"{name}." if spec.bidirectional else ""

    def adapt(made: Initializer) -> Initializer:
        bound = units**-0.5
        return uniform(low=-bound, high=bound) if made.is_torch else stacked(made, gates)

    def matrix(parameter: str, fan_in: int, init: schema.Choice | None) -> Weight:
        fans = Fans(fan_in, units)
        return assembly.weight(info, prefix + parameter, (fan_in, gates * units), init, fans, adapt=adapt)

    def bias(
        parameter: str, width: int, adapt_bias: Callable[[Initializer], Initializer] | None = None
    ) -> Weight:
        fans = Fans(units, width)
        return assembly.bias(
            info, fans, spec.init, spec.bias_init, parameter=prefix + parameter, adapt=adapt_bias
        )

    return Direction(
        kind.cell,
        matrix("input.weight", features, spec.init),
        matrix("recurrent.weight", units, spec.recurrent_init),
        bias("bias", gates * units, kind.adapt_bias) if spec.bias else None,
        bias("recurrent.bias", units) if spec.bias and kind.has_recurrent_bias else None,
        reverse=name == "backward",
    )
