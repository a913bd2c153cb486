"""Walks the layers of a Config and makes each: its name and place, its shape, its parameters from their
streams."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from gradscope.build.makers import KINDS, expansion_of, is_weighted, maker_of
from gradscope.build.makers.facts import Tokens, words
from gradscope.build.naming import Scope
from gradscope.build.sharing import Sharing
from gradscope.config import schema
from gradscope.engine import Array
from gradscope.engine.initializers import INITIALIZERS, Fans, Initializer
from gradscope.engine.layer import Step
from gradscope.engine.outline import Law, LayerInfo
from gradscope.engine.random import Stream
from gradscope.engine.sequence import Sequence as Steps
from gradscope.engine.weights import Weight
from gradscope.errors import Mistake, Problems
from gradscope.numerals import plural

Shape = tuple[int, ...]

Adapt = Callable[[Initializer], Initializer]

ZEROS = schema.Choice(name="zeros", options={})

OTHER_NAMES = ("input", "loss")
"""Where a NaN may begin besides the layers; both must be told apart."""

_SHARED_HINT = "inside `share: true` the last layer must give what the first one takes"


class Assembly:
    """Makes the steps of one trial. Shapes are those of one sample, without the batch axis."""

    def __init__(self, config: schema.Config, trial: int, problems: Problems):
        self.config = config
        self.problems = problems
        self.dtype = np.dtype(config.dtype)
        self._trial = trial
        self._sharing = Sharing()
        self._names: set[str] = set()
        self.tables: dict[str, Weight] = {}
        """Of the embeddings so far, by name."""
        self._flows = False
        """Whether a flow point was made."""
        self._in_head = False
        """Whether what is made now stands behind a global reduction of the trunk."""

    def sequence(
        self, specs: Sequence[schema.Layer], shape: Shape | None, scope: Scope
    ) -> tuple[Steps, Shape | None]:
        """The steps of a list of layers and the shape behind them: None once a mistake has hidden it."""
        steps: list[Step] = []
        for spec in specs:
            if isinstance(spec, schema.Repeat):
                shape = self._repeat(steps, spec, shape, scope)
            elif shape is not None and not self._sharing.lost:
                shape = self._made_of(steps, spec, shape, scope)
        return Steps(tuple(steps)), shape

    def weight(
        self,
        info: LayerInfo,
        parameter: str,
        shape: tuple[int, int],
        init: schema.Choice | None,
        fans: Fans | None = None,
        *,
        adapt: Adapt | None = None,
    ) -> Weight:
        """The recipe of a parameter, or that of the first copy inside a shared repeat.

        Args:
            info: of the layer.
            parameter: its name.
            shape: (I, O).
            init: how it is drawn, as the config's `init` says when None.
            fans: those the initialiser scales by, when they are not the shape's.
            adapt: what this kind of layer makes of the initialiser.
        """
        choice = init or self.config.init

        def make() -> Weight:
            stream = self.stream(info, parameter)
            made = _made(choice)
            law = Law(choice.name, adapt(made) if adapt else made, fans or Fans(*shape))
            return Weight(shape, law, stream, self.dtype)

        weight = self._sharing.take(make)
        if weight.shape != shape:
            inputs, outputs = weight.shape
            raise Mistake(
                f"shared weights have {inputs} {plural(inputs, 'input')} and {outputs} "
                f"{plural(outputs, 'output')}, this copy needs {shape[0]} and {shape[1]}",
                _SHARED_HINT,
            )
        return weight

    def bias(
        self,
        info: LayerInfo,
        fans: Fans,
        init: schema.Choice | None,
        bias_init: schema.Choice | None,
        *,
        parameter: str = "bias",
        adapt: Adapt | None = None,
    ) -> Weight:
        """A bias (1, O): zeros unless said otherwise, but what PyTorch does when the weight is PyTorch's
        too."""
        weight_init = init or self.config.init
        choice = bias_init or (weight_init if _made(weight_init).is_torch else ZEROS)
        if not _made(choice).in_blocks:
            raise Mistake(
                f"a bias is no matrix, '{choice.name}' cannot fill it", "use zeros, constant or normal"
            )
        return self.weight(info, parameter, (1, fans.fan_out), choice, fans, adapt=adapt)

    def vector(self, size: int, value: float) -> Array:
        """A gain, slope or bias of a normalisation (size,), all of one value, or that of the first copy."""
        with np.errstate(over="ignore"):  # what float32 cannot hold is found when measured
            vector = self._sharing.take(lambda: np.full(size, value, dtype=self.dtype))
        if vector.size != size:
            fact = f"shared parameters are for {words((vector.size,))}, this copy has {size}"
            raise Mistake(fact, _SHARED_HINT)
        return vector

    def stream(self, info: LayerInfo, purpose: str) -> Stream:
        """The layer's own stream for one purpose."""
        return Stream(self.config.seed, self._trial, f"{info.path}.{purpose}")

    def _made_of(self, steps: list[Step], spec: schema.Layer, shape: Shape, scope: Scope) -> Shape | None:
        """One layer, or the layers that it stands for."""
        if isinstance(shape, Tokens) and not spec.takes_tokens and not isinstance(spec, schema.Unknown):
            self.problems.add(
                spec.place,
                f"{_kind(spec)} takes numbers, not {words(shape)}",
                "put `embedding: 64` before it",
            )
            return None
        expansion = expansion_of(spec)
        if expansion is None:
            return self._add(steps, spec, shape, scope)
        inner, behind = self.sequence(expansion(spec, shape), shape, scope)
        steps.extend(inner.steps)
        return behind

    def _add(self, steps: list[Step], spec: schema.Layer, shape: Shape, scope: Scope) -> Shape | None:
        if isinstance(spec, schema.Unknown):
            return None
        info = self._info(spec, scope)
        try:
            step = maker_of(spec)(self, spec, shape, info)
        except Mistake as mistake:
            self.problems.add(spec.place, mistake.fact, mistake.hint)
            self._sharing.break_off()
            return None
        if step is None:
            return None
        steps.append(step)
        if scope.on_trunk:
            self._flows = self._flows or step.info.flow_point
            # A reduction that nothing flows before is a way to read the input, and no head begins there.
            self._in_head = self._in_head or (step.reduces and self._flows)
        return step.info.output_shape

    def _repeat(
        self, steps: list[Step], spec: schema.Repeat, shape: Shape | None, scope: Scope
    ) -> Shape | None:
        """The copies one behind the other; a mistake in the first is not told once more for the others."""
        if not spec.share:
            for _ in range(spec.count):
                shape = shape and self._copy(steps, spec, shape, scope)
            return shape
        with self._sharing.first_copy() as record:
            shape = self._copy(steps, spec, shape, scope)
        for _ in range(1, spec.count):
            with self._sharing.later_copy(record):
                shape = shape and self._copy(steps, spec, shape, scope)
        return shape

    def _copy(
        self, steps: list[Step], spec: schema.Repeat, shape: Shape | None, scope: Scope
    ) -> Shape | None:
        copy, shape = self.sequence(spec.layers, shape, scope)
        steps.extend(copy.steps)
        return shape

    def _info(self, spec: schema.Layer, scope: Scope) -> LayerInfo:
        kind = _kind(spec)
        weighted = is_weighted(spec)
        is_container = isinstance(spec, schema.Residual | schema.Concat)
        label = scope.label(kind, weighted=weighted, name=spec.name)
        if label.name in self._names:
            self.problems.add(
                spec.place, f"the name '{label.name}' is given twice", "inside `repeat`, leave names out"
            )
        if label.name in OTHER_NAMES:
            self.problems.add(
                spec.place, f"no layer can be called '{label.name}'", "choose another; reports need this one"
            )
        self._names.add(label.name)
        first = self._sharing.take(lambda: label.name)
        return LayerInfo(
            name=label.name,
            path=label.path,
            kind=kind,
            number=label.number,
            output_shape=(),
            weighted=weighted and not is_container,
            flow_point=scope.on_trunk and not self._in_head and (weighted or is_container),
            shares=None if first == label.name else first,
            line=spec.place.line,
            column=spec.place.column,
        )


def _kind(spec: schema.Layer) -> str:
    return spec.choice.name if isinstance(spec, schema.Activation) else KINDS[type(spec)]


def _made(choice: schema.Choice) -> Initializer:
    return _initializer(choice.name, tuple(choice.options.items()))


@lru_cache(maxsize=256)
def _initializer(name: str, options: tuple[tuple[str, schema.Scalar], ...]) -> Initializer:
    return INITIALIZERS[name](**dict(options))
