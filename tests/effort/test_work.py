"""The arithmetic of each kind of layer, against closed forms."""

from typing import Any

import pytest

from gradscope.effort.work import Work, work_of
from gradscope.engine.initializers import INITIALIZERS
from tests.build.planning import plan_of_config

SEQUENCE = {"length": 7, "features": 8}


def work(layers: list[Any], batch: int = 3, **rest: Any) -> Work:
    source = {"input": 6, "batch": {"size": batch, "count": 2}, "loss": "mse", **rest, "layers": layers}
    return work_of(plan_of_config(source).steps(), batch, 2)


PRODUCTS: list[tuple[dict[str, Any], Any, int]] = [
    ({}, {"dense": 5}, 6 * 5),
    ({"input": SEQUENCE}, {"dense": 5}, 7 * 8 * 5),
    ({"input": [4, 9, 9]}, {"conv2d": {"filters": 6, "kernel": 3, "groups": 2}}, 81 * 6 * 9 * 2),
    ({"input": [4, 9, 9]}, {"conv2d": {"filters": 6, "kernel": 3, "padding": "valid"}}, 49 * 6 * 9 * 4),
    ({"input": SEQUENCE}, {"conv1d": {"filters": 5, "kernel": 3, "stride": 2}}, 4 * 5 * 3 * 8),
    ({"input": SEQUENCE}, {"rnn": 5}, 7 * 5 * (8 + 5)),
    ({"input": SEQUENCE}, {"gru": {"units": 5, "bidirectional": True}}, 2 * 7 * 3 * 5 * (8 + 5)),
    ({"input": SEQUENCE}, {"lstm": 5}, 7 * 4 * 5 * (8 + 5)),
    ({"input": SEQUENCE}, {"attention": {"heads": 2}}, 4 * 7 * 8 * 8 + 2 * 7 * 7 * 8),
    ({}, {"glu": 5}, 2 * 6 * 5),
    ({}, {"maxout": {"units": 5, "pieces": 3}}, 3 * 6 * 5),
    ({}, "relu", 0),
    ({}, "batch_norm", 0),
]


@pytest.mark.parametrize(("rest", "layer", "expected"), PRODUCTS, ids=lambda value: str(value)[:40])
def test_multiplications_on_the_way_forward(rest: dict[str, Any], layer: Any, expected: int) -> None:
    assert work([layer], **rest).products == 3 * 2 * expected


def test_a_tied_layer_multiplies_and_an_embedding_looks_up() -> None:
    tokens = {"input": {"length": 7, "vocab": 50}, "loss": "cross_entropy"}
    assert work([{"embedding": 8}, {"dense": {"tied": "embedding1"}}], **tokens).products == 6 * 7 * 50 * 8


def test_shared_weights_multiply_at_each_use_and_are_drawn_once() -> None:
    shared = work([{"repeat": 4, "share": True, "layers": [{"dense": 6}, "tanh"]}])
    assert shared.products == 6 * 4 * 36
    assert sum(shared.drawn.values()) == 36


def test_draws_are_told_apart_by_how_they_are_made() -> None:
    layers = [{"dense": {"units": 9, "init": "orthogonal"}}, {"dense": {"units": 5, "init": "he_normal"}}]
    found = work(layers)
    assert list(found.whole.values()) == [6 * 9 * 6]
    assert list(found.drawn.values()) == [9 * 5]
    assert all(made.in_blocks for made in found.drawn)
    assert INITIALIZERS["orthogonal"]().in_blocks is False


def test_norms_take_the_cheaper_way() -> None:
    """Few samples of a wide layer: their inner products. Many of a narrow one: what they add up to."""
    few, many = work([{"dense": 600}], input=600), work([{"dense": 6}], batch=200)
    assert few.norm_products == 2 * 3 * 3 * 2 * 600
    assert many.norm_products == 2 * 200 * 36
    assert few.flops == 2 * (2 * few.products + few.norm_products)
