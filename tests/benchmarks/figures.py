"""What a benchmark finds: figures with the limits they are meant to keep, as a table and as JSON."""

import json
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """One number and what it is meant to be."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""
    """How it came about: the two times behind a ratio, for one."""

    @property
    def missed(self) -> bool:
        """Whether it is beyond its limit; a NaN always is."""
        return not (
            (self.at_most is None or self.value <= self.at_most)
            and (self.at_least is None or self.value >= self.at_least)
        )

    @property
    def target(self) -> str:
        """Its limit in words."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return f"at least {self.at_least:g}" if self.at_least is not None else ""


def line(figure: Figure, earlier: Mapping[str, float]) -> str:
    """A row of the table, with the figure of an earlier run when there is one."""
    mark = "✗" if figure.missed else "✓" if figure.target else " "
    before = earlier.get(figure.name)
    change = f"  was {before:.4g}" if before is not None else ""
    row = f"{mark} {figure.name:<44} {figure.value:>10.4g} {figure.unit:<5} {figure.target:<14} {figure.note}"
    return f"{row}{change}".rstrip()


def saved(figures: Iterable[Figure]) -> str:
    """A run as JSON: what was found, when, and of which commit."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    run: dict[str, Any] = {
        "commit": commit.stdout.strip(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "machine": platform.platform(),
        "figures": [figure._asdict() | {"missed": figure.missed} for figure in figures],
    }
    return json.dumps(run, indent=1, ensure_ascii=False) + "\n"


def read_earlier(path: Path) -> dict[str, float]:
    """The values of a run that was saved, by name."""
    return {
        figure["name"]: figure["value"] for figure in json.loads(path.read_text(encoding="utf-8"))["figures"]
    }
