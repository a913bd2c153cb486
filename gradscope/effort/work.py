"""What there is to do in one trial of a network: products, entries, draws and calls. Knows no seconds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gradscope.engine.activations import Activation, Softmax
from gradscope.engine.initializers import Initializer
from gradscope.engine.layer import Step
from gradscope.engine.outline import LayerInfo
from gradscope.engine.weights import SPLIT_FROM, Weight

STEP_LAYERS = 4
"""Layers that take as many calls as a step of a recurrent one, forward, back and through time."""

_PASSES_OVER_FORMED = 20
"""What writing and reading a sample's product of a sequence costs, in multiplications an entry."""


class Work(NamedTuple):
    """The work of one trial: all its batches together, its weights drawn once."""

    layers: int
    products: float
    """Multiplications on the way forward; as many are taken on the way back."""
    norm_products: float
    """Multiplications for the norms of the weight gradients."""
    entries: float
    """Entries of the outputs of all layers, and of what they keep for the way back."""
    patches: float
    """Entries of the windows that convolutions look at."""
    calls: float
    """Layers in all batches, each step of a sequence that is taken one by one being several."""
    split: float
    """Share of the products whose weights are large enough for threads to share."""
    activated: Mapping[Activation | Softmax, float]
    """Entries that go through each activation."""
    drawn: Mapping[Initializer, float]
    """Entries of weights, by the initialiser that draws them."""
    whole: Mapping[Initializer, float]
    """Multiplications for weights that are only drawn whole, as a QR decomposition takes them."""

    @property
    def flops(self) -> float:
        """Additions and multiplications of all products."""
        return 2.0 * (2.0 * self.products + self.norm_products)


def work_of(steps: Iterable[Step], batch_size: int, batch_count: int) -> Work:
    """What a trial of a network of these steps takes."""
    found = [*steps]
    infos = [step.info for step in found]
    passes = batch_size * batch_count
    activated: Counter[Activation | Softmax] = Counter()
    for info in infos:
        if info.activation is not None:
            activated[info.activation] += _entries(info) * passes
    products = sum(info.products for info in infos)
    split = sum(step.info.products for step in found if any(w.size >= SPLIT_FROM for w in step.weights()))
    drawn, whole = _draws(found)
    return Work(
        layers=len(found),
        products=float(products * passes),
        norm_products=sum(_norm_products(info, batch_size) for info in infos) * batch_count,
        entries=float(sum(map(_entries, infos)) * passes),
        patches=float(sum(map(_patches, infos)) * passes),
        calls=float(sum(1 + STEP_LAYERS * (info.steps - 1) for info in infos) * batch_count),
        split=split / products if products else 0.0,
        activated=activated,
        drawn=drawn,
        whole=whole,
    )


def _draws(steps: Iterable[Step]) -> tuple[Mapping[Initializer, float], Mapping[Initializer, float]]:
    weights: dict[int, Weight] = {id(weight): weight for step in steps for weight in step.weights()}
    drawn: Counter[Initializer] = Counter()
    whole: Counter[Initializer] = Counter()
    for weight in weights.values():
        if weight.law.initializer.in_blocks:
            drawn[weight.law.initializer] += weight.size
        else:
            whole[weight.law.initializer] += weight.size * min(weight.shape)
    return drawn, whole


def _entries(info: LayerInfo) -> int:
    return info.positions * info.features + info.kept


def _patches(info: LayerInfo) -> int:
    is_kernel = info.weight is not None and info.weight.fans.positions > 1
    return info.products // info.features if is_kernel else 0


def _norm_products(info: LayerInfo, batch_size: int) -> float:
    """By the inner products of the rows, or by forming what each sample contributes, whichever is cheaper."""
    if not info.products:
        return 0.0
    rows = batch_size * info.positions
    entries = info.products / info.positions
    inner = rows * rows * 2.0 * entries**0.5
    formed = rows * entries
    if info.positions > 1:
        formed += _PASSES_OVER_FORMED * batch_size * entries
    return float(min(inner, formed))
