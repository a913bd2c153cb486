"""Where the points of a sweep come from: its design, and of what is stored already the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradscope.sweeping.grid import Point
from gradscope.sweeping.job import Job, about_the_sweep
from gradscope.sweeping.outcome import SweepPoint
from gradscope.sweeping.points import key_of
from gradscope.sweeping.store import Row, Store
from gradscope.sweeping.worker import Result


class Supply:
    """The points of a job in blocks, told apart by whether they are to be computed."""

    def __init__(self, job: Job, store: Store | None, sweep: int) -> None:
        self._job = job
        self._store = store
        self._sweep = sweep

    def blocks(self) -> Iterator[tuple[list[SweepPoint], list[Point]]]:
        """The points of the design: those that are stored, and those that are missing."""
        has_others = self._store is not None and self._store.has_others(self._sweep)
        for points in self._blocks_of_design():
            if self._store is None or not points:
                yield [], points
                continue
            rows = {row.number: row for row in self._rows(points)}
            missing = [point for point in points if point.number not in rows]
            if has_others and missing:
                found = self._computed_by_others(missing)
                rows |= found
                missing = [point for point in missing if point.number not in found]
            missing += [point for point in points if self._is_to_retry(rows.get(point.number))]
            missing.sort()
            asked = {point.number for point in missing}
            known = [point for point in points if point.number not in asked]
            yield [self._stored(point, rows[point.number]) for point in known], missing

    def _blocks_of_design(self) -> Iterator[list[Point]]:
        with about_the_sweep():
            yield from self._job.design.blocks()

    def _rows(self, points: Sequence[Point]) -> Iterator[Row]:
        assert self._store is not None  # or there are no rows
        return self._store.rows(self._sweep, points[0].number, points[-1].number)

    def _computed_by_others(self, points: Sequence[Point]) -> dict[int, Row]:
        """Points whose config another sweep computed, by number; they become members of this one."""
        assert self._store is not None  # or there are no others
        names = self._job.design.names
        keys = {
            point.number: key_of(self._job.base, dict(zip(names, point.values, strict=True)))
            for point in points
        }
        rows = self._store.with_keys([*keys.values()])
        known = [(point, keys[point.number]) for point in points if keys[point.number] in rows]
        if known:
            self._store.add((), known)
        return {point.number: rows[key] for point, key in known}

    def _is_to_retry(self, row: Row | None) -> bool:
        return self._job.retry_failed and row is not None and row.error is not None

    def _stored(self, point: Point, row: Row) -> SweepPoint:
        report = None
        if self._job.with_reports and self._store is not None:
            report = self._store.compressed_report(row.key)
        return self._point(point.number, point.values, row.key, row.columns, report, is_stored=True)

    def computed(self, result: Result) -> SweepPoint:
        """A point that a worker has computed."""
        return self._point(
            result.number, result.values, result.key, result.columns, result.report, is_stored=False
        )

    def _point(
        self,
        number: int,
        values: Sequence[object],
        key: str,
        columns: tuple[object, ...],
        report: bytes | None,
        *,
        is_stored: bool,
    ) -> SweepPoint:
        return SweepPoint(
            number=number,
            axes=dict(zip(self._job.design.names, values, strict=True)),
            key=key,
            columns=columns,
            is_stored=is_stored,
            compressed_report=report,
        )
