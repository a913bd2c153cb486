"""The rules on convolutional networks: what is no collapse, how wide an image is, which units are dead."""

import pytest

from gradscope.report import Report
from tests.rules.judging import fired, only, report_of


def image_report(
    layers: str, *, size: str = "[8, 8, 8]", rest: str = "trials: 1", init: str = "he_normal"
) -> Report:
    """Of layers on images, flattened before the head."""
    return report_of(
        f"input: {size}\nbatch: {{size: 8}}\ninit: {init}\n{rest}\n"
        f"layers: [{layers}, relu, flatten, dense: 5]\n"
    )


# GS301


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        ("conv2d: 16, conv2d: 32", "[8, 8, 8]"),
        ("conv2d: 32, conv2d: 64", "[3, 8, 8]"),
        ("conv2d: 8, avg_pool: 2, conv2d: 8", "[8, 8, 8]"),
        ("conv2d: 8, conv2d: {filters: 8, kernel: 1}", "[8, 8, 8]"),
        ("conv2d: 8, conv2d: {filters: 8, kernel: 1}", "[1, 8, 8]"),
        ("conv2d: {filters: 8, groups: 8}, conv2d: {filters: 8, groups: 8}", "[8, 8, 8]"),
    ],
)
def test_two_convolutions_in_a_row_collapse(layers: str, size: str) -> None:
    finding = only(image_report(layers, size=size).findings, "GS301")
    assert finding.layer == "conv2d2"
    assert "nothing non-linear stands between conv2d1 and conv2d2" in finding.message


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        pytest.param(
            "conv2d: {filters: 8, groups: 8}, conv2d: {filters: 16, kernel: 1}",
            "[8, 8, 8]",
            id="depthwise, pointwise",
        ),
        pytest.param(
            "conv2d: {filters: 16, kernel: 1}, conv2d: {filters: 16, groups: 16}",
            "[8, 8, 8]",
            id="pointwise, depthwise",
        ),
        pytest.param("conv2d: {filters: 4, kernel: 1}, conv2d: 16", "[8, 8, 8]", id="few channels between"),
        pytest.param("conv2d: 16, conv2d: {filters: 64, kernel: 1}", "[3, 8, 8]", id="rank of a patch"),
        pytest.param("conv2d: 8, max_pool: 2, conv2d: 8", "[8, 8, 8]", id="a maximum between"),
        pytest.param("conv2d: 8, batch_norm, conv2d: 8", "[8, 8, 8]", id="a norm between"),
        pytest.param("conv2d: 8, relu, conv2d: 8", "[8, 8, 8]", id="an activation between"),
    ],
)
def test_what_is_no_collapse(layers: str, size: str) -> None:
    assert "GS301" not in fired(image_report(layers, size=size))


def test_a_convolution_flattened_into_a_dense_layer_collapses() -> None:
    """Its few channels are no bottleneck: the dense layer reads every pixel of them."""
    report = report_of("input: [3, 8, 8]\ntrials: 1\nlayers: [conv2d: 2, flatten, dense: 5]\n")
    assert only(report.findings, "GS301").layer == "dense2"


# GS110, GS303


@pytest.mark.parametrize(
    ("filters", "depth", "kernel", "fires"),
    [(4, 6, 1, True), (4, 10, 3, False), (4, 14, 3, True), (16, 14, 3, False)],
)
def test_the_width_of_an_image_is_its_channels(filters: int, depth: int, kernel: int, fires: bool) -> None:
    """Times the root of the kernel's positions; how many pixels there are makes no difference."""
    layers = f"{{repeat: {depth}, layers: [conv2d: {{filters: {filters}, kernel: {kernel}}}, relu]}}"
    for size in ("[8, 4, 4]", "[8, 12, 12]"):
        assert ("GS110" in fired(image_report(layers, size=size))) is fires


def test_a_bias_before_batch_norm() -> None:
    assert only(image_report("conv2d: 8, batch_norm").findings, "GS303").layer == "conv2d1"
    assert "GS303" not in fired(image_report("conv2d: {filters: 8, bias: false}, batch_norm"))


# GS201


def test_dead_channels() -> None:
    """A unit is a channel, here one with a bias far below zero."""
    report = image_report("conv2d: {filters: 4, bias_init: {constant: -30}}")
    assert only(report.findings, "GS201").layer == "relu1"
    summary = next(layer for layer in report.layers if layer.name == "relu1")
    assert summary.dead_fraction == 1.0


def test_a_channel_that_fires_at_one_pixel_is_alive() -> None:
    """4096 pixels on eight samples leave hardly a channel silent everywhere, though half of the entries are."""
    report = image_report("conv2d: 64", size="[3, 64, 64]")
    summary = next(layer for layer in report.layers if layer.name == "relu1")
    assert summary.dead_fraction == 0.0
    assert summary.inactive_fraction == pytest.approx(0.5, abs=0.1)


# Sound networks


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param(
            "{repeat: 20, layers: [conv2d: {filters: 24, padding: circular}, relu]}",
            id="20 circular convolutions",
        ),
        pytest.param(
            "{repeat: 3, layers: [{repeat: 3, layers: [conv2d: {filters: 24, padding: circular}, relu]}, max_pool: 2]}, conv2d: 24",
            id="max pooling",
        ),
        pytest.param(
            "{repeat: 3, layers: [{repeat: 2, layers: [conv2d: 24, relu]}, conv2d: {filters: 24, stride: 2}, relu]}, conv2d: 24",
            id="strides",
        ),
        pytest.param(
            "conv2d: 16, {repeat: 6, layers: [residual: [group_norm: 4, relu, conv2d: 16]]}, group_norm: 4",
            id="residual blocks",
        ),
    ],
)
def test_sound_networks_have_notes_at_most(layers: str) -> None:
    report = image_report(layers, size="[3, 16, 16]", rest="trials: 3")
    assert [finding.rule for finding in report.findings if finding.severity != "note"] == []
    assert report.verdict == "healthy"


def test_layers_behind_a_global_average_are_the_head() -> None:
    """A head of many layers that vanishes by itself is no vanishing flow, and hidden are the layers before it."""
    text = (
        "input: [3, 8, 8]\nbatch: {size: 8}\ninit: he_normal\ntrials: 2\n"
        "layers: [{repeat: 4, layers: [conv2d: {filters: 16, padding: circular}, relu]}, global_avg_pool, "
        "{repeat: 6, layers: [dense: {units: 16, init: {variance: 0.01}}, relu]}, dense: 10]\n"
    )
    report = report_of(text)
    assert "GS101" not in fired(report)
    assert abs(report.flow.log10_ratio) < 0.5
    assert [layer.flow_point for layer in report.layers if layer.kind == "dense"] == [False] * 7
