"""What a sweep has shown, from its store: shares and medians for each axis, a map of two, best and worst."""

from __future__ import annotations

import heapq
import math
import os
import shlex
import statistics
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from gradscope.rules.judge import VERDICTS
from gradscope.sweeping.axes import yaml_text
from gradscope.sweeping.buckets import Buckets
from gradscope.sweeping.columns import COLUMNS, FAILED
from gradscope.sweeping.grid import Design, design_from_plain
from gradscope.sweeping.store import Kept, Row, Store

MOST_VALUES = 20
"""Most rows of the table of an axis."""
MOST_ROWS, MOST_COLUMNS = 48, 120
"""Of a map."""
SHOWN = 3
"""So many best points, worst points and kinds of failures are shown."""

WORST_FIRST = (FAILED, *VERDICTS)
_RANK = {word: rank for rank, word in enumerate(WORST_FIRST)}

_GAIN = COLUMNS.index("flow.gain_per_layer")
_RATIO = COLUMNS.index("flow.log10_ratio")


class ValueSummary(Struct, frozen=True, kw_only=True):
    """The points at one value of an axis, or at some neighbouring ones."""

    value: str
    points: int
    verdicts: dict[str, int]
    """How many points have which verdict; `failed` for those without."""
    median_gain: float | None


class AxisSummary(Struct, frozen=True, kw_only=True):
    """One axis, or several that go together."""

    name: str
    values: tuple[ValueSummary, ...]


class MapSummary(Struct, frozen=True, kw_only=True):
    """The verdicts over two axes. Of several points in a cell it is the worst."""

    row_axis: str
    column_axis: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str | None, ...], ...]
    """By row; None where there is no point."""


class PointSummary(Struct, frozen=True, kw_only=True):
    """One point, and what to type to see it."""

    verdict: str
    log10_ratio: float | None
    gain_per_layer: float | None
    axes: dict[str, Any]
    command: str


class FailureSummary(Struct, frozen=True, kw_only=True):
    """Points that failed for the same reason."""

    error: str
    points: int
    command: str
    """Of the first of them."""


class Summary(Struct, frozen=True, kw_only=True):
    """A sweep as far as it has come."""

    name: str
    points: int
    most: int
    """Points the sweep has when it is complete; fewer where a condition drops some."""
    verdicts: dict[str, int]
    axes: tuple[AxisSummary, ...]
    map: MapSummary | None
    best: tuple[PointSummary, ...]
    worst: tuple[PointSummary, ...]
    failures: tuple[FailureSummary, ...]
    kinds_of_failures: int
    other_sweeps: int
    """How many other sweeps the same store has."""


def summarise(store: Store, kept: Kept) -> Summary:
    """The summary of one of the sweeps in a store; every point is looked at once."""
    design = design_from_plain(kept.definition["design"])
    tally = _Tally(design)
    for row in store.rows(kept.id):
        tally.add(row)
    best, worst = (tuple(_shown(row, design, kept.definition) for row in rows) for rows in tally.extremes())
    return Summary(
        name=kept.definition["name"],
        points=tally.points,
        most=design.most,
        verdicts=_ordered(tally.verdicts),
        axes=tuple(part.summary() for part in tally.parts if part.buckets.count > 1),
        map=tally.map(),
        best=best,
        worst=worst,
        failures=tuple(
            FailureSummary(
                error=error,
                points=count,
                command=command(kept.definition, _named(design, tally.examples[error])),
            )
            for error, count in tally.errors.most_common(SHOWN)
        ),
        kinds_of_failures=len(tally.errors),
        other_sweeps=len(store.sweeps()) - 1,
    )


def _shown(row: Row, design: Design, definition: Mapping[str, Any]) -> PointSummary:
    values = _named(design, row.number)
    return PointSummary(
        verdict=_word(row),
        log10_ratio=row.columns[_RATIO],
        gain_per_layer=row.columns[_GAIN],
        axes=values,
        command=command(definition, values),
    )


def _named(design: Design, number: int) -> dict[str, Any]:
    return dict(zip(design.names, design.values(number), strict=True))


def command(definition: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """The call of gradscope that diagnoses one point."""
    source = definition["source"]
    words = ["gradscope", "run", "CONFIG" if source is None else _short(source)]
    for name, value in {**definition["overrides"], **values}.items():
        words += ["--set", f"{name}={yaml_text(value)}"]
    for option in ("seed", "trials"):
        if definition[option] is not None:
            words += [f"--{option}", str(definition[option])]
    for option in ("select", "ignore"):
        if definition[option]:
            words += [f"--{option}", ",".join(definition[option])]
    return shlex.join(words)


def _short(path: str) -> str:
    """From where the process is, when that is above the file."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


class _Tally:
    """Counts while the rows go by; only the gains are kept, eight bytes each."""

    def __init__(self, design: Design) -> None:
        self.points = 0
        self.verdicts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.examples: dict[str, int] = {}
        self._design = design
        starts = [sum(map(len, design.dimensions[:number])) for number in range(len(design.dimensions))]
        self.parts = [
            _Part(Buckets(group, MOST_VALUES), start)
            for group, start in zip(design.dimensions, starts, strict=True)
        ]
        varied = [
            (group, start)
            for group, start, part in zip(design.dimensions, starts, self.parts, strict=True)
            if part.buckets.count > 1
        ]
        self._map = _Map(*varied) if len(varied) == 2 else None
        self._best: list[tuple[tuple[int, float, int], Row]] = []
        self._worst: list[tuple[tuple[int, float, int], Row]] = []

    def add(self, row: Row) -> None:
        word = _word(row)
        values = self._design.values(row.number)
        self.points += 1
        self.verdicts[word] += 1
        for part in self.parts:
            part.add(values, word, row.columns[_GAIN])
        if self._map is not None:
            self._map.add(values, word)
        if row.error is not None:
            self.errors[row.error] += 1
            self.examples.setdefault(row.error, row.number)
            return
        goodness = (_RANK[word], -_distance(row), -row.number)
        _keep_largest(self._best, goodness, row)
        _keep_largest(self._worst, (-goodness[0], -goodness[1], -row.number), row)

    def extremes(self) -> tuple[list[Row], list[Row]]:
        """The best and the worst points, none of them twice."""
        best = [row for _, row in sorted(self._best, reverse=True)]
        numbers = {row.number for row in best}
        worst = [row for _, row in sorted(self._worst, reverse=True) if row.number not in numbers]
        return best, worst

    def map(self) -> MapSummary | None:
        return None if self._map is None else self._map.summary()


class _Part:
    """The values along one dimension."""

    def __init__(self, buckets: Buckets, start: int) -> None:
        self.buckets = buckets
        self._start = start
        self._verdicts: list[Counter[str]] = [Counter() for _ in range(buckets.count)]
        self._gains = [array("d") for _ in range(buckets.count)]

    def add(self, values: Sequence[Any], word: str, gain: float | None) -> None:
        index = self.buckets(values[self._start])
        self._verdicts[index][word] += 1
        if gain is not None and not math.isnan(gain):
            self._gains[index].append(gain)

    def summary(self) -> AxisSummary:
        return AxisSummary(
            name=self.buckets.name,
            values=tuple(
                ValueSummary(
                    value=label,
                    points=verdicts.total(),
                    verdicts=_ordered(verdicts),
                    median_gain=statistics.median(gains) if gains else None,
                )
                for label, verdicts, gains in zip(
                    self.buckets.labels, self._verdicts, self._gains, strict=True
                )
            ),
        )


class _Map:
    """The worst verdict in each cell of two dimensions."""

    def __init__(self, rows: tuple[Any, int], columns: tuple[Any, int]) -> None:
        self._rows, self._row_start = Buckets(rows[0], MOST_ROWS), rows[1]
        self._columns, self._column_start = Buckets(columns[0], MOST_COLUMNS), columns[1]
        self._cells: list[list[str | None]] = [[None] * self._columns.count for _ in range(self._rows.count)]

    def add(self, values: Sequence[Any], word: str) -> None:
        row = self._cells[self._rows(values[self._row_start])]
        column = self._columns(values[self._column_start])
        row[column] = worse(row[column], word)

    def summary(self) -> MapSummary:
        return MapSummary(
            row_axis=self._rows.name,
            column_axis=self._columns.name,
            rows=tuple(self._rows.labels),
            columns=tuple(self._columns.labels),
            cells=tuple(map(tuple, self._cells)),
        )


def worse(one: str | None, other: str | None) -> str | None:
    """The worse of two verdicts; anything is worse than none."""
    return min((one, other), key=lambda word: len(_RANK) if word is None else _RANK[word])


def _keep_largest(
    heap: list[tuple[tuple[int, float, int], Row]], rank: tuple[int, float, int], row: Row
) -> None:
    if len(heap) < SHOWN:
        heapq.heappush(heap, (rank, row))
    elif rank > heap[0][0]:
        heapq.heapreplace(heap, (rank, row))


def _word(row: Row) -> str:
    return FAILED if row.error is not None else row.columns[0]


def _distance(row: Row) -> float:
    """How far a point is from a level gradient, in decades; what is not finite is farthest."""
    ratio = row.columns[_RATIO]
    return math.inf if ratio is None or math.isnan(ratio) else abs(ratio)


def _ordered(verdicts: Counter[str]) -> dict[str, int]:
    """Best first."""
    return {word: verdicts[word] for word in reversed(WORST_FIRST) if verdicts[word]}
