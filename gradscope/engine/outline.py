"""What is known of a network before anything is drawn: the facts of its layers, its loss and its inputs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from gradscope.engine.activations import Activation, Softmax
from gradscope.engine.axes import feature_axis
from gradscope.engine.initializers import Fans, Initializer
from gradscope.engine.inputs import Inputs
from gradscope.engine.losses import Loss


@dataclass(frozen=True)
class Law:
    """How the entries of a parameter are drawn."""

    name: str
    initializer: Initializer
    fans: Fans

    @property
    def mean(self) -> float:
        """Mean of an entry."""
        return self.initializer.mean(self.fans)

    @property
    def variance(self) -> float:
        """Variance of an entry about its mean."""
        return self.initializer.variance(self.fans)

    @cached_property
    def is_zero(self) -> bool:
        """Whether every entry is exactly zero."""
        return self.mean == 0.0 and self.variance == 0.0


class LayerInfo(NamedTuple):
    """The facts of one layer."""

    name: str
    path: str
    """The name it would have if none were given to it; its random streams are addressed by it."""
    kind: str
    number: int
    """Number on the trunk of the weighted layer or container it belongs to; the input is 0."""
    output_shape: tuple[int, ...]
    """Without the batch axis."""
    parameters: int = 0
    weighted: bool = False
    flow_point: bool = False
    container: bool = False
    shares: str | None = None
    """Name of the layer whose parameters this one uses too."""
    own: tuple[str, ...] = ()
    """Names of parameters that are its own although it shares others."""
    weight: Law | None = None
    bias: Law | None = None
    activation: Activation | Softmax | None = None
    normalizes: str | None = None
    """What a normalisation divides out: `batch`, `layer`, `rms` or `group`."""
    eps: float = 0.0
    """What a normalisation adds to the variance."""
    rate: float | None = None
    """Share of the entries a dropout zeroes."""
    rearranges: bool = False
    """Whether it only gives its input another shape."""
    joins: bool = False
    """Whether a container keeps its input beside what its branch gives, instead of adding it."""
    scale: float | None = None
    """What a residual branch is multiplied by."""
    is_affine: bool = True
    """Whether its own map, activation and normalisation aside, is an affine one: recurrence, attention,
    products and look-ups are none."""
    lost: float = 0.0
    """Share of a signal's energy that zeros around an image take from it."""
    groups: int = 1
    """Sets of channels that a convolution keeps apart."""
    looks_up: bool = False
    """Its weight is a table, of which a token takes a row."""
    last_weight: Law | None = None
    """Of a layer of several matrices in a row, the last one's."""
    workspace: int = 0
    """Entries it needs room for while it works, whatever the batch."""
    products: int = 0
    """Multiplications of a weight and an entry that a sample takes on its way forward."""
    steps: int = 1
    """Of a sequence, where they can only be taken one after the other."""
    kept: int = 0
    """Entries a sample that it keeps for the way back besides its output."""
    line: int | None = None
    column: int | None = None

    @property
    def scope(self) -> str:
        """The path of the list this layer stands in: empty on the trunk."""
        return self.path.rpartition(".")[0]

    @property
    def features(self) -> int:
        """Features of its output; channels of an image."""
        return self.output_shape[feature_axis(len(self.output_shape) + 1) - 1]

    @property
    def positions(self) -> int:
        """Steps of a sequence, pixels of an image; 1 for features."""
        return math.prod(self.output_shape) // self.features

    @property
    def starts_at_zero(self) -> bool:
        """Whether a matrix that all its output passes is exactly zero."""
        return any(law is not None and law.is_zero for law in (self.weight, self.last_weight))

    @property
    def is_linear(self) -> bool:
        """Whether its output is an affine function of its input."""
        if self.activation is not None:
            bends = not isinstance(self.activation, Activation) or not self.activation.is_linear
            return self.is_affine and not bends
        return self.is_affine and not self.container and self.normalizes is None


@dataclass(frozen=True)
class Outline:
    """A network before it is drawn."""

    layers: tuple[LayerInfo, ...]
    """In forward order, a container after what is inside it."""
    loss: Loss
    inputs: Inputs
    input_shape: tuple[int, ...]
    batch_size: int
    batch_count: int
    input_place: tuple[int | None, int | None] = (None, None)
    """Line and column of what says how inputs are drawn."""

    @cached_property
    def flow_points(self) -> tuple[LayerInfo, ...]:
        """The layers at which the gradient's flow is measured."""
        return tuple(info for info in self.layers if info.flow_point)

    @cached_property
    def head(self) -> LayerInfo | None:
        """The last weighted layer or container of the trunk, which the loss stands on; hidden are those
        before it."""
        return next((info for info in reversed(self.trunk) if info.weighted or info.container), None)

    @cached_property
    def hidden_flow_points(self) -> tuple[LayerInfo, ...]:
        """The flow points without the head, which is none behind a global reduction."""
        head = self.head
        return tuple(info for info in self.flow_points if head is None or info.name != head.name)

    @property
    def expected_loss(self) -> float | None:
        """The loss of an output that knows nothing; None where the loss has none, or the data's own targets
        decide."""
        if self.inputs.targets is not None and not self.loss.classes:
            return None
        return self.loss.expected((self.batch_size, *self.layers[-1].output_shape))

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Where in forward order the layer of a name stands."""
        return {info.name: number for number, info in enumerate(self.layers)}

    @cached_property
    def lists(self) -> Mapping[str, tuple[LayerInfo, ...]]:
        """The layers of each list in order, by its scope: the trunk and the inside of every container."""
        found: dict[str, list[LayerInfo]] = {}
        for info in self.layers:
            found.setdefault(info.scope, []).append(info)
        return {scope: tuple(layers) for scope, layers in found.items()}

    @property
    def trunk(self) -> tuple[LayerInfo, ...]:
        """The layers that stand in no container."""
        return self.lists.get("", ())

    def place_of(self, name: str | None) -> tuple[int | None, int | None]:
        """Line and column of what made the layer of that name; `input` has a place too, other names have
        none."""
        if name == "input":
            return self.input_place
        number = self.numbers.get(name) if name is not None else None
        return (None, None) if number is None else (self.layers[number].line, self.layers[number].column)
