"""Makes recurrent layers: one direction or two of a cell."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

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
from gradscope.errors import Mistake

if TYPE_CHECKING:
    from gradscope.build.assembly import Assembly


def make_rnn(assembly: Assembly, spec: schema.Rnn, shape: Shape, info: LayerInfo) -> Step:
    """Its output is an activation's, which is told of the layer."""
    activation = elementwise_activation(spec.activation, info.kind)
    return _recurrent(assembly, spec, shape, info, PlainCell(activation), activation=activation)


def make_gru(assembly: Assembly, spec: schema.Gru, shape: Shape, info: LayerInfo) -> Step:
    """With a bias of the candidate's recurrent product, which the reset gate multiplies."""
    cell = GruCell(elementwise_activation(spec.activation, info.kind))
    return _recurrent(assembly, spec, shape, info, cell, has_recurrent_bias=True)


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
    return _recurrent(assembly, spec, shape, info, cell, adapt_bias=adapt)


def _recurrent(
    assembly: Assembly,
    spec: schema.Recurrent,
    shape: Shape,
    info: LayerInfo,
    cell: Cell,
    *,
    activation: Activation | None = None,
    has_recurrent_bias: bool = False,
    adapt_bias: Callable[[Initializer], Initializer] | None = None,
) -> Step:
    length, features = sequence_of(shape, info.kind)

    def direction(name: str) -> Direction:
        prefix = f"{name}." if spec.bidirectional else ""
        return _direction(
            assembly, spec, info, cell, features, prefix, has_recurrent_bias, adapt_bias, name == "backward"
        )

    names = ("forward", "backward") if spec.bidirectional else ("forward",)
    directions = {name: direction(name) for name in names}
    units = spec.units * len(names)
    facts = known(
        info,
        (length, units) if spec.return_sequences else (units,),
        sum(each.parameter_count for each in directions.values()),
        weight=directions["forward"].into.law,
        activation=activation,
        is_affine=False,
        kept=cell.kept * length * units,
    )
    layer = Recurrent if spec.return_sequences else FinalState
    return layer(facts, directions, assembly.stream(info, "state_gradient"))


def _direction(
    assembly: Assembly,
    spec: schema.Recurrent,
    info: LayerInfo,
    cell: Cell,
    features: int,
    prefix: str,
    has_recurrent_bias: bool,
    adapt_bias: Callable[[Initializer], Initializer] | None,
    reverse: bool,
) -> Direction:
    """Gates are initialised one by one; PyTorch's default is U(±1/√units) for all that a recurrent layer
    has."""
    units, gates = spec.units, cell.gates

    def adapt(made: Initializer) -> Initializer:
        bound = units**-0.5
        return uniform(low=-bound, high=bound) if made.is_torch else stacked(made, gates)

    into = assembly.weight(
        info, f"{prefix}input.weight", (features, gates * units), spec.init, Fans(features, units), adapt
    )
    recurrent = assembly.weight(
        info,
        f"{prefix}recurrent.weight",
        (units, gates * units),
        spec.recurrent_init,
        Fans(units, units),
        adapt,
    )
    bias = recurrent_bias = None
    if spec.bias:
        bias = assembly.bias(
            info, Fans(units, gates * units), spec.init, spec.bias_init, f"{prefix}bias", adapt_bias
        )
        if has_recurrent_bias:
            recurrent_bias = assembly.bias(
                info, Fans(units, units), spec.init, spec.bias_init, f"{prefix}recurrent.bias"
            )
    return Direction(cell, into, recurrent, bias, recurrent_bias, reverse=reverse)
