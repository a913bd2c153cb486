"""A network's fate does not hang on its width: four times narrower, the shipped configs have the same
verdict.

Four times wider they have too; that takes longer and is measured in the benchmarks.
"""

from pathlib import Path

import pytest

from gradscope import diagnose, load_config
from gradscope.build import plan_of
from tests.acceptance.widths import resized

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


def is_dense(file: Path) -> bool:
    """Whether all weights are those of dense layers; heads, channels and gates have widths that hang together."""
    return all(info.kind == "dense" for info in plan_of(load_config(file)).layers if info.weighted)


@pytest.mark.parametrize("file", [file for file in CONFIGS if is_dense(file)], ids=lambda file: file.stem)
def test_four_times_narrower(file: Path) -> None:
    before = diagnose(load_config(file), jobs=1).verdict
    assert diagnose(load_config(file, resized(file, 0.25)), jobs=1).verdict == before
