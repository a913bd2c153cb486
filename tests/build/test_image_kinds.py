"""Convolutions and pools from a config: shapes, parameters and their laws, flow points; each mistake in one line."""

from typing import Any

import numpy as np
import pytest

from gradscope import build_network, load_config
from gradscope.build import Plan
from tests.build.planning import messages_of, plan_of_config

IMAGE = [6, 12, 10]
SEQUENCE = {"length": 12, "features": 6}


def planned(layers: list[Any], size: Any = IMAGE, **rest: Any) -> Plan:
    return plan_of_config({"input": size, "layers": layers, "loss": "random_cotangent", **rest})


def conv(**options: Any) -> dict[str, Any]:
    return {"conv2d": {"filters": 4, **options}}


# Shapes


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ({"conv2d": 4}, (4, 12, 10)),
        (conv(kernel=5, padding="circular"), (4, 12, 10)),
        (conv(kernel=4), (4, 12, 10)),
        (conv(kernel=[3, 1], padding="valid"), (4, 10, 10)),
        (conv(kernel=[12, 10], padding="valid"), (4, 1, 1)),
        (conv(stride=2), (4, 6, 5)),
        (conv(stride=[5, 3]), (4, 3, 4)),
        (conv(kernel=7, stride=3, padding="valid"), (4, 2, 2)),
        (conv(kernel=25), (4, 12, 10)),
        ({"max_pool": 2}, (6, 6, 5)),
        ({"max_pool": {"size": 3, "stride": 2}}, (6, 5, 4)),
        ({"avg_pool": [12, 4]}, (6, 1, 2)),
        ({"avg_pool": {"size": 2, "stride": [1, 3]}}, (6, 11, 3)),
        ("global_avg_pool", (6,)),
    ],
    ids=str,
)
def test_shapes_behind_an_image(layer: Any, shape: tuple[int, ...]) -> None:
    """`same` and `circular` keep the size at stride 1; what does not fill a stride at the end is left out."""
    plan = planned([layer], batch={"size": 2})
    assert plan.output_shape == shape
    assert plan.network(0).forward(plan.batch(0)[0]).shape == (2, *shape)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ({"conv1d": 4}, (12, 4)),
        ({"conv1d": {"filters": 4, "kernel": 5, "stride": 3}}, (4, 4)),
        ({"conv1d": {"filters": 4, "kernel": 5, "padding": "valid"}}, (8, 4)),
        ({"max_pool": 5}, (2, 6)),
        ({"avg_pool": {"size": 5, "stride": 1}}, (8, 6)),
        ("global_avg_pool", (6,)),
    ],
    ids=str,
)
def test_shapes_behind_a_sequence(layer: Any, shape: tuple[int, ...]) -> None:
    plan = planned([layer], SEQUENCE, batch={"size": 2})
    assert plan.output_shape == shape
    assert plan.network(0).forward(plan.batch(0)[0]).shape == (2, *shape)


# Parameters


@pytest.mark.parametrize(
    ("layer", "size", "shape", "fans"),
    [
        (conv(kernel=[3, 5]), IMAGE, (3, 5, 6, 4), (90, 60, 15, 7)),
        (conv(groups=2), IMAGE, (3, 3, 3, 4), (27, 18, 9, 4)),
        ({"conv2d": {"filters": 6, "groups": 6}}, IMAGE, (3, 3, 1, 6), (9, 9, 9, 4)),
        ({"conv1d": {"filters": 4, "kernel": 5}}, SEQUENCE, (5, 6, 4), (30, 20, 5, 2)),
    ],
    ids=str,
)
def test_kernels_and_their_fans(layer: Any, size: Any, shape: tuple[int, ...], fans: tuple[int, ...]) -> None:
    """(kernel…, in, out); inputs to one output and outputs of one input, kernel positions counted."""
    plan = planned([layer], size)
    parameters = plan.network(0).parameters()
    (name,) = (info.name for info in plan.layers)
    assert parameters[f"{name}.weight"].shape == shape
    assert parameters[f"{name}.bias"].shape == shape[-1:]
    assert plan.layers[0].weight is not None
    assert plan.layers[0].weight.fans == fans
    assert plan.layers[0].parameters == np.prod(shape) + shape[-1]


@pytest.mark.parametrize("groups", [1, 8])
def test_default_kernels_and_biases_are_those_of_pytorch(groups: int) -> None:
    """Both uniform within 1/√fan_in (PyTorch's nn.Conv2d)."""
    config = load_config(
        {"input": [8, 4, 4], "layers": [{"conv2d": {"filters": 512, "groups": groups}}], "loss": "mse"}
    )
    bound = 1.0 / np.sqrt(9 * 8 / groups)
    for array in build_network(config).parameters().values():
        assert np.abs(array).max() <= bound * (1.0 + 1e-6)
        assert np.abs(array).max() > 0.95 * bound
        assert np.std(array) == pytest.approx(bound / np.sqrt(3.0), rel=0.08)


@pytest.mark.parametrize("groups", [1, 2])
def test_he_kernels_have_the_variance_of_their_law(groups: int) -> None:
    plan = planned([{"conv2d": {"filters": 256, "groups": groups, "init": "he_normal"}}])
    kernel = plan.network(0).parameters()["conv2d1.weight"]
    assert np.var(kernel) == pytest.approx(2.0 / (9 * 6 / groups), rel=0.03)


def test_padding_changes_no_weight() -> None:
    """Configs that differ in padding alone see the same network."""
    kernels = [
        planned([conv(padding=padding, init="he_normal")]).network(0).parameters()["conv2d1.weight"]
        for padding in ("same", "circular", "valid")
    ]
    for kernel in kernels[1:]:
        np.testing.assert_array_equal(kernel, kernels[0])


def test_a_delta_orthogonal_kernel_is_orthogonal_at_its_centre_alone() -> None:
    plan = planned([{"conv2d": {"filters": 6, "kernel": [3, 5], "init": "delta_orthogonal", "groups": 2}}])
    kernel = plan.network(0).parameters()["conv2d1.weight"]
    centre = kernel[1, 2]
    assert np.count_nonzero(kernel) == np.count_nonzero(centre) == centre.size
    for group in (centre[:, :3], centre[:, 3:]):
        np.testing.assert_allclose(group.T @ group, np.eye(3), atol=1e-6)


def test_a_shared_kernel_is_one() -> None:
    """Also when the image shrinks between its uses."""
    shared = {"repeat": 3, "share": True, "layers": [{"conv2d": 6}, {"max_pool": 2}]}
    plan = planned([shared])
    assert [info.shares for info in plan.layers if info.kind == "conv2d"] == [None, "conv2d1", "conv2d1"]
    assert set(plan.network(0).parameters()) == {"conv2d1.weight", "conv2d1.bias"}
    assert [info.output_shape for info in plan.layers][1::2] == [(6, 6, 5), (6, 3, 2), (6, 1, 1)]


# Flow points


def flow_points(layers: list[Any], size: Any = IMAGE) -> list[str]:
    return [info.name for info in planned(layers, size).layers if info.flow_point]


BLOCK = {"residual": [{"conv2d": 6}, "relu"]}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (
            [{"conv2d": 6}, BLOCK, {"max_pool": 2}, "flatten", {"dense": 5}],
            ["conv2d1", "residual2", "dense3"],
        ),
        (
            [{"conv2d": 6}, BLOCK, "global_avg_pool", {"dense": 5}, "relu", {"dense": 4}],
            ["conv2d1", "residual2"],
        ),
        ([BLOCK, "global_avg_pool", {"residual": ["relu"]}], ["residual1"]),
        (["relu", "global_avg_pool", {"dense": 5}, {"dense": 4}], ["dense1", "dense2"]),
    ],
    ids=["no reduction", "a reduction", "containers behind it", "nothing before it"],
)
def test_the_flow_ends_at_a_global_reduction(layers: list[Any], expected: list[str]) -> None:
    """What stands behind it is the head, unless nothing flowed before."""
    assert flow_points(layers) == expected


def test_the_head_is_reported_but_hidden_layers_end_before_it() -> None:
    outline = planned([{"conv2d": 6}, BLOCK, "global_avg_pool", {"dense": 5}]).outline
    assert outline.head is not None
    assert outline.head.name == "dense3"
    assert [info.name for info in outline.hidden_flow_points] == ["conv2d1", "residual2"]
    outline = planned([{"conv2d": 6}, "flatten", {"dense": 5}]).outline
    assert [info.name for info in outline.hidden_flow_points] == ["conv2d1"]


# Mistakes


@pytest.mark.parametrize(
    ("size", "layer", "message"),
    [
        (
            "784",
            "conv2d: 8",
            "conv2d takes an image, not 784 features; write `input: [channels, height, width]`",
        ),
        (
            "{length: 9, features: 4}",
            "conv2d: 8",
            "conv2d takes an image, not a sequence of 9 × 4; use `conv1d`",
        ),
        ("[3, 8, 8]", "conv1d: 8", "conv1d takes a sequence, not an image of 3 × 8 × 8; use `conv2d`"),
        (
            "784",
            "conv1d: 8",
            "conv1d takes a sequence, not 784 features; write `input: {length: …, features: …}`",
        ),
        (
            "[3, 8, 6]",
            "conv2d: {filters: 8, kernel: 7, padding: valid}",
            "a kernel of 7 × 7 does not fit into an image of 8 × 6; use a smaller one, or `padding: same`",
        ),
        (
            "{length: 4, features: 2}",
            "conv1d: {filters: 8, kernel: 5, padding: valid}",
            "a kernel of 5 does not fit into a sequence of 4; use a smaller one, or `padding: same`",
        ),
        (
            "[3, 8, 6]",
            "residual: [conv2d: {filters: 8, stride: 2}]",
            "the branch gives an image of 8 × 4 × 3, the shortcut an image of 3 × 8 × 6; end the branch with "
            "as many, or write `shortcut: [{conv2d: {filters: …, kernel: 1, stride: …}}]`",
        ),
        (
            "[6, 8, 8]",
            "conv2d: {filters: 8, groups: 4}",
            "4 groups do not divide 6 channels and 8 filters; use one of 1, 2",
        ),
        (
            "[5, 8, 8]",
            "conv2d: {filters: 8, groups: 4}",
            "4 groups do not divide 5 channels and 8 filters; use 1",
        ),
        (
            "[3, 8, 6]",
            "max_pool: 7",
            "max_pool of 7 does not fit into an image of 3 × 8 × 6; use 6 at most, or `global_avg_pool`",
        ),
        (
            "[3, 1, 1]",
            "max_pool: 2",
            "max_pool of 2 does not fit into an image of 3 × 1 × 1; there is nothing left to pool: leave it out, "
            "or pool less often before it",
        ),
        (
            "[3, 8, 6]",
            "avg_pool: [2, 7]",
            "avg_pool of 2 × 7 does not fit into an image of 3 × 8 × 6; use 6 at most, or `global_avg_pool`",
        ),
        (
            "64",
            "max_pool: 2",
            "max_pool takes an image or a sequence, not 64 features; put it before `flatten`",
        ),
        (
            "64",
            "global_avg_pool",
            "global_avg_pool takes an image or a sequence, not 64 features; put it before `flatten`",
        ),
        (
            "{length: 9, features: 4}",
            "avg_pool: [2, 2]",
            "a sequence has one axis, avg_pool is given 2 × 2; write one number",
        ),
        (
            "[3, 8, 8]",
            "conv2d: {filters: 8, bias_init: orthogonal}",
            "a bias is no matrix, 'orthogonal' cannot fill it; use zeros, constant or normal",
        ),
    ],
)
def test_mistakes(size: str, layer: str, message: str) -> None:
    text = f"input: {size}\nlayers:\n- {layer}\n- flatten\n- dense: 4\n"
    assert messages_of(text) == [f"net.yaml:3:3: {message}"]


def test_a_shared_kernel_that_does_not_fit_its_next_use() -> None:
    text = (
        "input: [6, 8, 8]\nlayers:\n- {repeat: 2, share: true, layers: [conv2d: 12]}\n- flatten\n- dense: 4\n"
    )
    assert messages_of(text) == [
        "net.yaml:3:37: shared weights have 54 inputs and 12 outputs, this copy needs 108 and 12; "
        "inside `share: true` the last layer must give what the first one takes"
    ]


@pytest.mark.parametrize(
    "layer", ["conv2d: {filters: 1, kernel: 1000000000}", "conv2d: {filters: 1000000000}"]
)
def test_what_no_memory_holds_is_refused(layer: str) -> None:
    (message,) = messages_of(f"input: [1, 8, 8]\nlayers: [{layer}, global_avg_pool]\nloss: mse\n")
    assert "of memory on its way" in message
