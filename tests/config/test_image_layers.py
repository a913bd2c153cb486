"""Convolutions and pools as they are written: every form, and what is said of every mistake."""

from typing import Any

import pytest

from gradscope.config import schema
from gradscope.config.schema import Choice, Layer
from tests.config.reading import messages_of, read


def layer_of(text: str) -> Layer:
    (layer,) = read(f"input: [3, 8, 8]\nlayers:\n- {text}\n").layers
    return layer


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        ("conv2d: 16", schema.Conv2d, {"filters": 16}),
        ("conv2d: {filters: 16, kernel: 5}", schema.Conv2d, {"filters": 16, "kernel": 5}),
        ("conv2d: {filters: 16, kernel: [3, 5]}", schema.Conv2d, {"filters": 16, "kernel": (3, 5)}),
        ("conv2d: {filters: 8, stride: [2, 1]}", schema.Conv2d, {"filters": 8, "stride": (2, 1)}),
        ("conv2d: {filters: 8, padding: circular}", schema.Conv2d, {"filters": 8, "padding": "circular"}),
        (
            "conv2d: {filters: 8, groups: 8, bias: false}",
            schema.Conv2d,
            {"filters": 8, "groups": 8, "bias": False},
        ),
        (
            "conv2d: {filters: 8, init: delta_orthogonal, bias_init: zeros}",
            schema.Conv2d,
            {
                "filters": 8,
                "init": Choice(name="delta_orthogonal", options={"gain": 1.0}),
                "bias_init": Choice(name="zeros"),
            },
        ),
        (
            "conv1d: {filters: 16, kernel: 7, name: stem}",
            schema.Conv1d,
            {"filters": 16, "kernel": 7, "name": "stem"},
        ),
        ("max_pool: 2", schema.MaxPool, {"size": 2}),
        ("max_pool: {size: 3, stride: 2}", schema.MaxPool, {"size": 3, "stride": 2}),
        ("avg_pool: [2, 4]", schema.AvgPool, {"size": (2, 4)}),
        ("avg_pool: {size: 2, stride: null}", schema.AvgPool, {"size": 2}),
        ("global_avg_pool", schema.GlobalAvgPool, {}),
    ],
)
def test_forms(text: str, kind: type[Layer], fields: dict[str, Any]) -> None:
    layer = layer_of(text)
    assert layer == kind(place=layer.place, **fields)


def test_defaults() -> None:
    """A kernel of 3 × 3 at stride 1 that keeps the size, with a bias; a pool moves on by its size."""
    conv, pool = layer_of("conv2d: 16"), layer_of("max_pool: 2")
    assert isinstance(conv, schema.Conv2d)
    assert (conv.kernel, conv.stride, conv.padding, conv.groups, conv.bias) == (3, 1, "same", 1, True)
    assert isinstance(pool, schema.MaxPool)
    assert pool.stride is None


@pytest.mark.parametrize("kind", ["conv1d", "conv2d"])
def test_an_activation_among_the_options_comes_behind(kind: str) -> None:
    layers = read(f"input: 8\nlayers:\n- {kind}: {{filters: 4, activation: relu}}\n").layers
    assert [type(layer).__name__ for layer in layers] == [kind.capitalize(), "Activation"]


PAIR = "expected a whole number of at least 1 or a pair of them"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv2d", "3:3: layers[0]: 'conv2d' needs 'filters'; write `- conv2d: 64`"),
        ("max_pool", "3:3: layers[0]: 'max_pool' needs 'size'; write `- max_pool: 2`"),
        (
            "conv2d: 0",
            "3:11: layers[0].conv2d: expected a whole number of at least 1, got 0; as in `conv2d: 8`",
        ),
        (
            "conv2d: [3]",
            "3:11: layers[0].conv2d: expected a whole number of at least 1, got a list; as in `conv2d: 8`",
        ),
        (
            "conv2d: {filters: 3, kernel: 0}",
            f"3:32: layers[0].conv2d.kernel: {PAIR}, got 0; as in `kernel: 3`",
        ),
        (
            "conv2d: {filters: 3, kernel: [3, 3, 3]}",
            f"3:32: layers[0].conv2d.kernel: {PAIR}, got [3, 3, 3]; as in `kernel: 3` or `kernel: [3, 3]`",
        ),
        (
            "conv2d: {filters: 3, stride: [1, 0]}",
            f"3:32: layers[0].conv2d.stride: {PAIR}, got [1, 0]; as in `stride: 1` or `stride: [1, 1]`",
        ),
        (
            "conv2d: {filters: 3, kernel: [three, 3]}",
            f"3:32: layers[0].conv2d.kernel: {PAIR}, got a list; as in `kernel: 3` or `kernel: [3, 3]`",
        ),
        (
            "conv2d: {filters: 3, kernel: '3'}",
            f"3:32: layers[0].conv2d.kernel: {PAIR}, got the text '3'; remove the quotes",
        ),
        ("conv2d: {filters: 3, stride: 2.0}", f"3:32: layers[0].conv2d.stride: {PAIR}, got 2.0; write 2"),
        (
            "max_pool: {size: 2, stride: 1.5}",
            f"3:31: layers[0].max_pool.stride: {PAIR}, got 1.5; as in `stride: 8`",
        ),
        (
            "conv1d: {filters: 3, kernel: [3, 3]}",
            "3:32: layers[0].conv1d.kernel: expected a whole number of at least 1, got [3, 3]; as in `kernel: 3`",
        ),
        (
            "conv2d: {filters: 3, padding: 1}",
            "3:33: layers[0].conv2d.padding: expected 'same', 'valid' or 'circular', got 1; as in `padding: same`",
        ),
        (
            "conv2d: {filters: 3, padding: zeros}",
            "3:33: layers[0].conv2d.padding: expected 'same', 'valid' or 'circular', got the text 'zeros'; "
            "as in `padding: same`",
        ),
        (
            "global_avg_pool: 3",
            "3:20: layers[0].global_avg_pool: 'global_avg_pool' takes no options, got 3; write `global_avg_pool`",
        ),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    assert messages_of(f"input: 8\nlayers:\n- {text}\n") == [f"net.yaml:{message}"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Conv2d: 8", "conv2d"),
        ("conv: 8", "conv2d"),
        ("MaxPool2d: 2", "max_pool"),
        ("AveragePooling2D: 2", "avg_pool"),
        ("GlobalAveragePooling2D", "global_avg_pool"),
        ("AdaptiveAvgPool2d", "global_avg_pool"),
    ],
)
def test_names_from_elsewhere(written: str, meant: str) -> None:
    (message,) = messages_of(f"input: 8\nlayers:\n- {written}\n")
    assert message.endswith(f"; did you mean '{meant}'?")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("out_channels", "filters"),
        ("kernel_size", "kernel"),
        ("strides", "stride"),
        ("padding_mode", "padding"),
    ],
)
def test_options_from_elsewhere(written: str, meant: str) -> None:
    message = messages_of(f"input: 8\nlayers:\n- conv2d: {{{written}: 3}}\n")[-1]
    assert message.endswith(f"there is no key '{written}'; did you mean '{meant}'?")


def test_the_size_of_a_pool_by_its_other_name() -> None:
    assert messages_of("input: 8\nlayers:\n- max_pool: {kernel_size: 3}\n") == [
        "net.yaml:3:14: layers[0].max_pool: there is no key 'kernel_size'; did you mean 'size'?"
    ]
