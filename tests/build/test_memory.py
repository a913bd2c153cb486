"""A batch that memory cannot hold is refused before anything is drawn."""

import pytest

from gradscope.build import memory, plan
from tests.build.planning import messages_of, plan_of


def test_a_billion_units_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "available_bytes", lambda: 2_000_000_000)
    assert messages_of("input: 8\nlayers:\n  - dense: 1000000000\n") == [
        "net.yaml:1:8: one batch takes 512.0 GB of memory on its way, 2.0 GB are free; "
        "lower `batch.size` or the width of the layers"
    ]


def test_small_numbers_are_told_in_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "available_bytes", lambda: 30_000_000)
    assert messages_of("input: 8\nlayers:\n  - dense: 100000\n") == [
        "net.yaml:1:8: one batch takes 51 MB of memory on its way, 30 MB are free; "
        "lower `batch.size` or the width of the layers"
    ]


@pytest.mark.parametrize(("short", "fits"), [(0, True), (1, False)])
@pytest.mark.parametrize(("dtype", "itemsize"), [("float32", 4), ("float64", 8)])
def test_input_outputs_and_caches_count(
    monkeypatch: pytest.MonkeyPatch, dtype: str, itemsize: int, short: int, fits: bool
) -> None:
    """Two samples: 6 features, and twice what layers of 100, 100 and 5 units give."""
    needed = 2 * (6 + 2 * (100 + 100 + 5)) * itemsize
    monkeypatch.setattr(plan, "available_bytes", lambda: needed - short)
    text = f"input: 6\ndtype: {dtype}\nbatch: {{size: 2}}\nlayers: [dense: 100, relu, dense: 5]\n"
    assert (messages_of(text) == []) is fits


def test_memory_of_the_machine() -> None:
    assert 1 << 20 < memory.available_bytes() < 1 << 50


def test_ten_billion_weights_are_planned_without_being_drawn() -> None:
    layers = plan_of([{"dense": 100_000}, {"dense": 100_000}, {"dense": 3}], batch={"size": 1}).layers
    assert layers[1].parameters == 100_000 * 100_000 + 100_000
