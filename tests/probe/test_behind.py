"""Listening a few steps behind the pass: the same numbers, whatever is heard later than it happened."""

from typing import Any

import msgspec
import pytest

from gradscope import load_config
from gradscope.build import plan_of
from gradscope.probe import behind
from gradscope.probe.run import measure
from gradscope.probe.trace import Trace

IMAGES: dict[str, Any] = {
    "input": [2, 6, 6],
    "layers": [
        {"conv2d": {"filters": 4, "kernel": 3}},
        "batch_norm",
        "relu",
        {"residual": [{"conv2d": {"filters": 4, "kernel": 3}}, "batch_norm"]},
        "global_avg_pool",
        {"dense": 3},
    ],
}
TOKENS: dict[str, Any] = {
    "input": {"length": 6, "vocab": 11},
    "layers": [
        {"embedding": {"units": 8, "name": "table"}},
        {"repeat": 2, "share": True, "layers": [{"transformer_block": {"heads": 2, "causal": True}}]},
        {"dense": {"tied": "table"}},
    ],
}
FEATURES: dict[str, Any] = {
    "input": 6,
    "layers": [{"repeat": 3, "layers": [{"dense": 8}, "relu"]}, {"dense": 2}],
}
RECURRENT: dict[str, Any] = {"input": {"length": 5, "features": 3}, "layers": [{"lstm": 4}, {"dense": 2}]}


def traced(config: dict[str, Any], jobs: int) -> Trace:
    plan = plan_of(load_config(config, {"batch.size": 4, "batch.count": 2, "trials": 1}))
    return measure(plan.outline, plan.network, plan.batch, trials=1, jobs=jobs)


@pytest.mark.parametrize("config", [IMAGES, TOKENS, FEATURES], ids=["images", "tokens", "features"])
@pytest.mark.parametrize("jobs", [2, 5])
def test_what_is_heard_behind_is_the_same(
    config: dict[str, Any], jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = traced(config, 1)
    begun: list[object] = []
    kept = behind.followed
    monkeypatch.setattr(behind, "_pays", lambda outline, samples: True)
    monkeypatch.setattr(behind, "followed", lambda: begun.append(config) or kept())
    assert msgspec.to_builtins(traced(config, jobs).trials) == msgspec.to_builtins(at_once.trials)
    assert len(begun) == 2


def test_small_images_whatever_is_no_image_and_a_single_thread_are_heard_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(behind, "followed", lambda: pytest.fail("nothing is gained by it"))
    traced(IMAGES, 2)
    monkeypatch.setattr(behind, "WORTH_A_THREAD", 1)
    traced(IMAGES, 1)
    for config in (TOKENS, FEATURES, RECURRENT):
        traced(config, 2)
    with pytest.raises(pytest.fail.Exception):
        traced(IMAGES, 2)
