"""Report A and report B in, one Comparison out: their layers aligned by name, every change from A to B."""

import math
from collections.abc import Iterator, Sequence

from msgspec import Struct

from gradscope.comparing.changes import FindingChanges, finding_changes
from gradscope.numerals import power10
from gradscope.probe.summary import LayerSummary, NormSummary
from gradscope.report import Report


class Side(Struct, frozen=True):
    """A report, and what to call it beside the other."""

    label: str
    """Its source, and what was set."""
    report: Report


class Change(Struct, frozen=True, kw_only=True):
    """From A to B: decades of norms, differences of shares. None where one of them has no such quantity."""

    output_grad: float | None = None
    weight_grad: float | None = None
    update_ratio: float | None = None
    output_rms: float | None = None
    dead_fraction: float | None = None
    saturated_fraction: float | None = None
    noise: float | None = None
    """The standard error of `output_grad` over the trials of both, were their draws independent."""


class LayerPair(Struct, frozen=True):
    """The layer of one name in both networks, or in the one that has it."""

    name: str
    a: LayerSummary | None
    b: LayerSummary | None
    change: Change

    @property
    def only(self) -> str | None:
        """The side that has it alone."""
        if self.a is None:
            return "b"
        return "a" if self.b is None else None


class Comparison(Struct, frozen=True, kw_only=True):
    """B against A."""

    a: Side
    b: Side
    layers: tuple[LayerPair, ...]
    log10_ratio: float
    """Decades that the flow ratio has moved by."""
    gain_factor: float | None
    """B's gain per layer over A's."""
    findings: FindingChanges
    unlike: tuple[str, ...]
    """What was not the same in both runs and may be the reason for a change."""

    def is_worse(self, severities: Sequence[str]) -> bool:
        """Whether B gained a finding of one of these severities."""
        return any(finding.severity in severities for finding in self.findings.gained)


_CONDITIONS = {
    "gradscope_version": "version",
    "seed": "seed",
    "trials": "trials",
    "batch_size": "batch size",
    "batch_count": "batches a trial",
    "dtype": "dtype",
}


def compare(a: Side, b: Side) -> Comparison:
    """B against A, whatever their architectures."""
    before, after = a.report.flow, b.report.flow
    return Comparison(
        a=a,
        b=b,
        layers=tuple(_pairs(a.report, b.report)),
        log10_ratio=difference(before.log10_ratio, after.log10_ratio),
        gain_factor=_factor(before.gain_per_layer, after.gain_per_layer),
        findings=finding_changes(a.report, b.report),
        unlike=tuple(_unlike(a.report, b.report)),
    )


def difference(before: float, after: float) -> float:
    """After − before; 0 for two infinities of one sign, as for any two that are the same."""
    return 0.0 if before == after else after - before


def _pairs(a: Report, b: Report) -> Iterator[LayerPair]:
    """Layers by name, in the order of B, those of A alone where they stand in A."""
    order = {layer.name: number for number, layer in enumerate(b.layers)}
    shared = {layer.name for layer in a.layers} & order.keys()
    reached = 0
    for layer in a.layers:
        if layer.name not in shared:
            yield _pair(layer, None, a, b)
            continue
        number = order[layer.name]
        yield from (_pair(None, new, a, b) for new in b.layers[reached:number] if new.name not in shared)
        reached = max(reached, number)
        yield _pair(layer, b.layers[number], a, b)
    yield from (_pair(None, new, a, b) for new in b.layers[reached:] if new.name not in shared)


def _pair(before: LayerSummary | None, after: LayerSummary | None, a: Report, b: Report) -> LayerPair:
    if before is None or after is None:
        present = before or after
        assert present is not None  # a layer is in one of the two, or there would be no pair
        return LayerPair(present.name, before, after, Change())
    change = Change(
        output_grad=difference(before.output_grad.log10_l2, after.output_grad.log10_l2),
        weight_grad=_decades_of_norm(before.weight_grad, after.weight_grad),
        update_ratio=_decades(before.update_ratio, after.update_ratio),
        output_rms=_decades(before.output.rms, after.output.rms),
        dead_fraction=_share(before.dead_fraction, after.dead_fraction),
        saturated_fraction=_share(before.saturated_fraction, after.saturated_fraction),
        noise=_noise((before.output_grad, a.trials), (after.output_grad, b.trials)),
    )
    return LayerPair(before.name, before, after, change)


def _decades_of_norm(before: NormSummary | None, after: NormSummary | None) -> float | None:
    return None if before is None or after is None else difference(before.log10_l2, after.log10_l2)


def _decades(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else difference(_log10(before), _log10(after))


def _share(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else difference(before, after)


def _noise(*norms: tuple[NormSummary, int]) -> float | None:
    """√(s_A²/n_A + s_B²/n_B); None where a side has no spread."""
    total = 0.0
    for norm, trials in norms:
        if norm.log10_l2_std is None:
            return None
        total += norm.log10_l2_std * norm.log10_l2_std / max(1, trials - norm.zero_trials)
    return math.sqrt(total)


def _log10(number: float) -> float:
    if number > 0.0:
        return math.log10(number)
    return -math.inf if number == 0.0 else math.nan


def _factor(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else power10(difference(_log10(before), _log10(after)))


def _unlike(a: Report, b: Report) -> Iterator[str]:
    for field, words in _CONDITIONS.items():
        before, after = getattr(a, field), getattr(b, field)
        if before != after:
            yield f"{words} {before} and {after}"
