"""Which layers make a row of the table: nesting, what stands behind a layer, and what is folded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from gradscope.probe.summary import LayerSummary
from gradscope.report import Report, TheorySummary
from gradscope.rules.base import Severity

ENDS = 12
"""Rows kept at either end of a folded table, at most."""
LEAST_FOLDED = 4
"""Fewer rows than this are not worth a fold."""

UNTOLD = TheorySummary(None, None, None)
"""Of reports that know no theory."""


class Row(Struct, frozen=True, kw_only=True):
    """One layer with a row of its own."""

    layer: LayerSummary
    label: str
    """Its name; inside a container, whose row stands above, what follows the container's: `.dense1`."""
    depth: int
    """How many containers it is in."""
    behind: tuple[LayerSummary, ...]
    """The layers without rows that follow it, such as its activation."""
    severity: Severity | None
    """Of the worst finding at the layer or at one behind it."""
    sigmas: float
    """Standard deviations beyond which a measurement is unlike theory."""


class Fold(Struct, frozen=True):
    """Stands for rows that are not shown."""

    count: int
    first: str
    last: str


class _Marks(NamedTuple):
    """What a report says of its layers besides their numbers."""

    worst: Mapping[str, Severity]
    """Of the findings at each layer that has any."""
    sigmas: float


class _Node(Struct):
    layer: LayerSummary
    inner: "list[_Node]"


def rows_of(report: Report, *, all_layers: bool = False) -> tuple[Row, ...]:
    """A row for each weighted layer and container, or for all layers; a container above what is inside it.

    A layer without weights has one when nothing weighted comes before it and there is something to say of it.
    """
    marks = _Marks(_worst(report), (report.theory or UNTOLD).sigmas)
    trunk = _nested(report.layers)
    rows = tuple(_rows(trunk, marks, "", 0, all_layers))
    return rows or tuple(_rows(trunk, marks, "", 0, True))


def folded_rows(rows: Sequence[Row]) -> Iterator[Row | Fold]:
    """The rows of both ends, those with findings, and the containers they are in; folds for the others."""
    kept = _kept(rows)
    hidden: list[Row] = []
    for number, row in enumerate(rows):
        if number not in kept:
            hidden.append(row)
            continue
        yield from _fold(hidden)
        hidden = []
        yield row
    yield from _fold(hidden)


def _nested(layers: Iterable[LayerSummary]) -> list[_Node]:
    """The tree: a container comes after its inner layers, whose names begin with its own and a dot."""
    nodes: list[_Node] = []
    for layer in layers:
        first = len(nodes)
        while first and nodes[first - 1].layer.name.startswith(f"{layer.name}."):
            first -= 1
        nodes[first:] = [_Node(layer, nodes[first:])]
    return nodes


def _rows(nodes: Sequence[_Node], marks: _Marks, prefix: str, depth: int, all_layers: bool) -> Iterator[Row]:
    worst = marks.worst
    for group in _groups(nodes, worst, all_layers):
        head, *behind = (node.layer for node in group)
        severities = [worst[layer.name] for layer in (head, *behind) if layer.name in worst]
        yield Row(
            layer=head,
            label=head.name.removeprefix(prefix),
            depth=depth,
            behind=tuple(behind),
            severity=max(severities, default=None),
            sigmas=marks.sigmas,
        )
        yield from _rows(group[0].inner, marks, head.name, depth + 1, all_layers)


def _groups(nodes: Iterable[_Node], worst: Mapping[str, Severity], all_layers: bool) -> list[list[_Node]]:
    """A layer with a row, and the nodes behind it that have none."""
    groups: list[list[_Node]] = []
    led = False
    for node in nodes:
        is_head = bool(node.inner) or node.layer.weight_grad is not None or node.layer.flow_point
        if is_head or all_layers or (not led and _is_worth_a_row(node.layer, worst)):
            groups.append([node])
        elif led:
            groups[-1].append(node)
        led = led or is_head
    return groups


def _is_worth_a_row(layer: LayerSummary, worst: Mapping[str, Severity]) -> bool:
    return layer.name in worst or layer.dead_fraction is not None or layer.saturated_fraction is not None


def _worst(report: Report) -> dict[str, Severity]:
    worst: dict[str, Severity] = {}
    for finding in report.findings:
        if finding.layer is not None:
            severity = Severity[finding.severity]
            worst[finding.layer] = max(severity, worst.get(finding.layer, severity))
    return worst


def _kept(rows: Sequence[Row]) -> set[int]:
    head, tail = _ends(rows)
    kept = {*range(head), *range(tail, len(rows))}
    kept |= {number for number, row in enumerate(rows) if row.severity is not None}
    trail: list[int] = []
    for number, row in enumerate(rows):
        trail[row.depth :] = [number]
        if number in kept:
            kept.update(trail)
    return kept


def _ends(rows: Sequence[Row]) -> tuple[int, int]:
    """Where the kept head ends and the kept tail begins: between two layers of the trunk, if any are near."""
    borders = [number for number, row in enumerate(rows) if row.depth == 0] + [len(rows)]
    head = max((border for border in borders if 0 < border <= ENDS), default=ENDS)
    last = len(rows) - ENDS
    tail = min((border for border in borders if last <= border < len(rows)), default=last)
    return min(head, len(rows)), max(tail, 0)


def _fold(hidden: Sequence[Row]) -> Iterator[Row | Fold]:
    if len(hidden) < LEAST_FOLDED:
        yield from hidden
    else:
        yield Fold(len(hidden), hidden[0].layer.name, hidden[-1].layer.name)
