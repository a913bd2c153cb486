"""Remedies by normalisation: one before or behind each activation, another kind, a transformer's pre-norm."""

from collections.abc import Iterator

from gradscope.remedies.changes import Change
from gradscope.remedies.families.units import hidden_activations
from gradscope.remedies.remedy import Option, Situation, changing
from gradscope.remedies.written import NORMS

_KINDS = ("layer_norm", "batch_norm")
_INSTEAD = ("layer_norm", "rms_norm", "batch_norm")


def normalised(at: Situation) -> Iterator[Option]:
    """A normalisation in front of each hidden activation, or behind it."""
    if at.written.of_kind(*NORMS):
        return
    hidden = hidden_activations(at)
    before = [item.path for item in hidden if item.is_entry]
    # An activation among a layer's options ends where the layer does.
    entries = dict.fromkeys(item.path if item.is_entry else item.path[:-2] for item in hidden)
    for kind in _KINDS:
        if len(before) == len(hidden):
            yield Option(
                f"{kind} before each activation", tuple(Change("insert", path, kind) for path in before)
            )
        after = [(*path[:-1], int(path[-1]) + 1) for path in entries]
        yield Option(f"{kind} after each activation", tuple(Change("insert", path, kind) for path in after))


def other_norm(at: Situation) -> Iterator[Option]:
    """Another kind of normalisation, or none."""
    norms = at.written.of_kind(*NORMS)
    for to in _INSTEAD if norms else ():
        changes = changing([at.written.set(item.path, to) for item in norms])
        yield Option(f"{to} instead of {norms[0].kind}", changes)
    removals = tuple(Change("remove", item.path, was=item.entry) for item in norms)
    yield Option("without normalisation", removals)


def pre_norm(at: Situation) -> Iterator[Option]:
    """Transformer blocks that normalise in front of their branches."""
    blocks = at.written.of_kind("transformer_block")
    post = [item for item in blocks if at.written.resolved(item.options.get("norm")) == "post"]
    yield Option("norm: pre", tuple(at.written.with_option(item, "norm", "pre") for item in post))
