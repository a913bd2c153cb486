"""Weights drawn ahead of the pass: the same bits, each block once, and nothing left running."""

import threading

import numpy as np
import numpy.testing as npt
import pytest

from gradscope import build_network, load_config
from gradscope.engine import Array, ahead
from gradscope.engine.ahead import drawn_ahead
from gradscope.engine.network import Network
from gradscope.engine.pages import PIECE, room
from gradscope.engine.threads import jobs_limit


def network(init: str) -> Network:
    layers = [
        {"repeat": 2, "share": True, "layers": [{"dense": 40}, "tanh"]},
        {"repeat": 6, "layers": [{"dense": 40}, "tanh"]},
    ]
    return build_network(load_config({"input": 40, "batch": {"size": 4}, "init": init, "layers": layers}))


@pytest.mark.parametrize("init", ["he_normal", "orthogonal"])
@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_a_pass_has_the_same_bits(init: str, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).standard_normal((4, 40)).astype(np.float32)
    expected = network(init).forward(x)
    monkeypatch.setattr(ahead, "WORTH_A_THREAD", 1)
    made = network(init)
    with jobs_limit(jobs):
        _, dx = made.backpropagate(x, np.arange(4))
    npt.assert_array_equal(made.forward(x), expected)
    assert np.isfinite(dx.mantissa).all()


def test_weights_are_there_when_the_pass_comes_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "WORTH_A_THREAD", 1)
    made = network("he_normal")
    weights = [weight for step in made.layers() for weight in step.weights()]
    drawn = threading.Event()
    first = weights[0].block

    def noted(number: int) -> Array:
        block = first(number)
        drawn.set()
        return block

    monkeypatch.setattr(weights[0], "block", noted)
    with jobs_limit(2), drawn_ahead(made.trunk):
        assert drawn.wait(10.0)
    assert all(weight.is_drawn(0) for weight in weights)


def test_an_error_in_the_pass_stops_the_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "WORTH_A_THREAD", 1)
    before = threading.active_count()
    with pytest.raises(KeyError), jobs_limit(2), drawn_ahead(network("he_normal").trunk):
        raise KeyError
    assert threading.active_count() == before


def test_small_weights_are_left_to_the_pass() -> None:
    made = network("he_normal")
    with jobs_limit(2), drawn_ahead(made.trunk):
        pass
    assert not any(weight.is_drawn(0) for step in made.layers() for weight in step.weights())


@pytest.mark.parametrize("count", [0, 1, 1 << 15, (1 << 15) + 1, 1 << 19, 1 << 21])
def test_room_is_of_the_size_asked_for_and_nobody_elses(count: int) -> None:
    arrays = [room(count) for _ in range(2 + (PIECE // (4 * count) if count > 1000 else 0))]
    for number, array in enumerate(arrays):
        array[...] = number
    assert all(array.shape == (count,) and array.dtype == np.float32 for array in arrays)
    assert all((array == number).all() for number, array in enumerate(arrays))
    assert all(array.ctypes.data % 16 == 0 for array in arrays if count)


def test_where_there_is_no_room_the_pass_says_so_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that a thread does not catch is a traceback on standard error, and here an error."""
    monkeypatch.setattr(ahead, "WORTH_A_THREAD", 1)
    made = network("he_normal")
    tried = threading.Event()

    def full(number: int) -> Array:
        tried.set()
        raise MemoryError

    for step in made.layers():
        for weight in step.weights():
            monkeypatch.setattr(weight, "block", full)
    with jobs_limit(2), drawn_ahead(made.trunk):
        assert tried.wait(10.0)
