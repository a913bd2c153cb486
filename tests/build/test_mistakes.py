"""Mistakes that only show when shapes are known: the whole message, with line and column."""

import time

import pytest

from tests.build.planning import messages_of

SINGLE = {
    "dense on an image": (
        "input: [3, 4, 4]\nlayers:\n  - dense: 4\n",
        "net.yaml:3:5: dense takes features or a sequence, not an image of 3 × 4 × 4; "
        "put `flatten` before it",
    ),
    "groups that do not divide": (
        "input: 6\nlayers:\n  - group_norm: 4\n  - dense: 3\n",
        "net.yaml:3:5: 4 groups do not divide 6 features; use one of 1, 2, 3, 6",
    ),
    "residual branch of another width": (
        "input: 6\nlayers:\n  - residual: [dense: 4]\n  - dense: 3\n",
        "net.yaml:3:5: the branch gives 4 features, the shortcut 6 features; "
        "end the branch with as many, or write `shortcut: [{dense: …}]`",
    ),
    "shortcut of another width": (
        "input: 6\nlayers:\n  - residual: {layers: [dense: 4], shortcut: [dense: 5]}\n  - dense: 3\n",
        "net.yaml:3:5: the branch gives 4 features, the shortcut 5 features; "
        "give the shortcut the same last layer",
    ),
    "residual of a sequence": (
        "input: {length: 5, features: 6}\nlayers:\n  - residual: [flatten]\n",
        "net.yaml:3:5: the branch gives 30 features, the shortcut a sequence of 5 × 6; "
        "end the branch with as many, or write `shortcut: [{dense: …}]`",
    ),
    "concat of features to an image": (
        "input: [2, 4, 4]\nlayers:\n  - concat: [flatten]\n  - flatten\n  - dense: 3\n",
        "net.yaml:3:5: 32 features cannot be joined to an image of 2 × 4 × 4; only the features may differ",
    ),
    "one class": (
        "input: 6\nlayers:\n  - dense: 1\n",
        "net.yaml:3:5: cross_entropy needs at least 2 classes, the last layer gives 1; "
        "use `loss: binary_cross_entropy` or `loss: mse` with a single output",
    ),
    "an image as class scores": (
        "input: [3, 4, 4]\nlayers:\n  - relu\n",
        "net.yaml:3:5: cross_entropy needs class scores, the last layer gives an image of 3 × 4 × 4; "
        "end with `flatten` and `dense: CLASSES`",
    ),
    "batch norm over a single sample": (
        "input: 6\nbatch: {size: 1}\nlayers:\n  - batch_norm\n  - dense: 3\n",
        "net.yaml:4:5: batch_norm cannot normalise over a single sample: all it gives is zero; "
        "set `batch.size: 2` or more",
    ),
    "a bias that is no matrix": (
        "input: 6\nlayers:\n  - dense: {units: 3, bias_init: orthogonal}\n",
        "net.yaml:3:5: a bias is no matrix, 'orthogonal' cannot fill it; use zeros, constant or normal",
    ),
    "tokens where numbers are needed": (
        "input: {length: 5, vocab: 7}\nlayers:\n  - relu\n  - embedding: 4\n",
        "net.yaml:3:5: relu takes numbers, not 5 tokens of 7; put `embedding: 64` before it",
    ),
    "numbers where tokens are needed": (
        "input: 6\nlayers:\n  - embedding: 4\n",
        "net.yaml:3:5: embedding takes tokens, not 6 features; write `input: {length: …, vocab: …}`",
    ),
    "shared weights of another shape": (
        "input: 8\nlayers:\n  - repeat: 2\n    share: true\n    layers:\n      - dense: 4\n  - dense: 3\n",
        "net.yaml:6:9: shared weights have 8 inputs and 4 outputs, this copy needs 4 and 4; "
        "inside `share: true` the last layer must give what the first one takes",
    ),
    "shared gains of another size": (
        "input: 8\nlayers:\n  - repeat: 2\n    share: true\n    layers:\n      - concat: [batch_norm]\n"
        "  - dense: 3\n",
        "net.yaml:6:18: shared parameters are for 8 features, this copy has 16; "
        "inside `share: true` the last layer must give what the first one takes",
    ),
    "shared residual of another shape": (
        "input: 8\nlayers:\n  - repeat: 2\n    share: true\n    layers:\n"
        "      - residual: {layers: [dense: 4], shortcut: [dense: 4]}\n  - dense: 3\n",
        "net.yaml:6:29: shared weights have 8 inputs and 4 outputs, this copy needs 4 and 4; "
        "inside `share: true` the last layer must give what the first one takes",
    ),
}


@pytest.mark.parametrize("case", SINGLE)
def test_message(case: str) -> None:
    text, message = SINGLE[case]
    assert messages_of(text) == [message]


def test_batch_norm_of_one_sample_with_positions_is_no_mistake() -> None:
    assert messages_of("input: [3, 4, 4]\nbatch: {size: 1}\nlayers: [batch_norm, flatten, dense: 3]\n") == []
    assert messages_of("input: [3, 1, 1]\nbatch: {size: 1}\nlayers: [batch_norm, flatten, dense: 3]\n") != []


def test_a_single_output_is_no_mistake_under_other_losses() -> None:
    for loss in ("mse", "binary_cross_entropy", "huber", "mae", "random_cotangent"):
        assert messages_of(f"input: 6\nlayers: [dense: 1]\nloss: {loss}\n") == []


def test_a_mistake_in_a_repeat_is_told_once() -> None:
    text = "input: 6\nlayers:\n  - repeat: 50\n    layers:\n      - group_norm: 4\n  - dense: 3\n"
    assert messages_of(text) == ["net.yaml:5:9: 4 groups do not divide 6 features; use one of 1, 2, 3, 6"]


def test_branch_and_shortcut_are_both_told() -> None:
    text = (
        "input: 6\nlayers:\n  - residual:\n      layers: [group_norm: 4]\n      shortcut: [group_norm: 5]\n"
    )
    assert messages_of(text) == [
        "net.yaml:4:16: 4 groups do not divide 6 features; use one of 1, 2, 3, 6",
        "net.yaml:5:18: 5 groups do not divide 6 features; use one of 1, 2, 3, 6",
    ]


def test_shape_mistakes_and_rule_mistakes_come_together() -> None:
    text = "rules: {GS101: {min_ration: 1}}\ninput: 6\nlayers:\n  - group_norm: 4\n  - dense: 3\n"
    assert messages_of(text) == [
        "net.yaml:1:17: unknown limit 'min_ration' of GS101; did you mean 'min_ratio'?",
        "net.yaml:4:5: 4 groups do not divide 6 features; use one of 1, 2, 3, 6",
    ]


def test_divisors_of_a_billion_features_are_found_at_once() -> None:
    start = time.perf_counter()
    messages = messages_of("input: 6\nlayers:\n  - dense: 999999937\n  - group_norm: 7\n  - dense: 3\n")
    assert messages == ["net.yaml:4:5: 7 groups do not divide 999999937 features; use one of 1, 999999937"]
    assert time.perf_counter() - start < 5.0  # every number up to a billion takes a minute
