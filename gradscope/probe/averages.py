"""Means over batches and over trials: of logarithms for norms, of values for everything else."""

import math
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct

from gradscope.probe.trace import NumericRange

Record = TypeVar("Record", bound=Struct)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; a single value unchanged, to the bit."""
    return values[0] if len(values) == 1 else sum(values) / len(values)


def optional_mean(values: Sequence[float | None]) -> float | None:
    """The mean of what is there, None when nothing is."""
    there = [value for value in values if value is not None]
    return mean(there) if there else None


def geometric_mean(log10s: Sequence[float]) -> float:
    """Mean of log10 values over those that are not an exact zero (−inf); −inf when all are, nan when one
    is."""
    counted = [value for value in log10s if value != -math.inf]
    return mean(counted) if counted else -math.inf


def mean_record(records: Sequence[Record]) -> Record:
    """The record whose every field is the mean of the others'."""
    if len(records) == 1:
        return records[0]
    kind = type(records[0])
    return kind(*(mean([getattr(record, field) for record in records]) for field in kind.__struct_fields__))


def optional_record(records: Sequence[Record | None]) -> Record | None:
    """The mean of the records that are there, None when none is."""
    there = [record for record in records if record is not None]
    return mean_record(there) if there else None


def mean_steps(steps: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """The geometric mean, step by step, of log10 values."""
    if len(steps) == 1:
        return steps[0]
    return tuple(geometric_mean(values) for values in zip(*steps, strict=True))


def mean_range(ranges: Sequence[NumericRange]) -> NumericRange | None:
    """Mean shares; the largest loss scale any needs, None when one cannot be saved."""
    if len(ranges) < 2:
        return ranges[0] if ranges else None
    scales = [found.loss_scale_log2 for found in ranges]
    return NumericRange(
        mean([found.fp16_underflow_fraction for found in ranges]),
        mean([found.bf16_underflow_fraction for found in ranges]),
        None if None in scales else max(scale for scale in scales if scale is not None),
    )
