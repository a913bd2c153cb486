"""One sweep: the base, the design, and what to do about points that do not work out. Runs nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from gradscope.errors import Mistake, Place, Problem, UserError
from gradscope.sweeping.grid import Design
from gradscope.sweeping.points import Base


class Job(Struct, frozen=True, kw_only=True):
    """What is to be computed, and how far a failure goes."""

    base: Base
    design: Design
    timeout: float | None = None
    """Seconds for each point."""
    memory: int | None = None
    """Bytes that held weights may take in all processes of this machine together, by default half of what is
    free; on a cluster in each worker."""
    fail_fast: bool = False
    """End with the first point that failed."""
    retry_failed: bool = False
    """Compute points again that failed before."""
    with_reports: bool = False
    """Also hand on the reports of points that were stored before."""

    @property
    def digest(self) -> str:
        """The same for the same points of the same base."""
        return hashlib.sha256(f"{self.base.digest} {self.design.digest}".encode()).hexdigest()

    @property
    def definition(self) -> dict[str, Any]:
        """What a summary has to know of the sweep when it is over, as plain data."""
        base = self.base
        is_file = isinstance(base.source, str) and os.path.isfile(base.source)
        return {
            "source": os.path.abspath(base.name) if is_file else None,
            "name": base.name,
            "overrides": base.overrides,
            "seed": base.seed,
            "trials": base.trials,
            "select": base.select,
            "ignore": base.ignore,
            "design": self.design.to_plain(),
        }


@contextmanager
def about_the_sweep() -> Iterator[None]:
    """Turn a `Mistake` in the block, which no single axis has made, into a `UserError`."""
    try:
        yield
    except Mistake as mistake:
        raise UserError([Problem(Place("sweep"), mistake.fact, mistake.hint)]) from mistake
