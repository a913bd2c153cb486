"""Events read back by TensorBoard's own reader, against the report of the same training."""

import json
import resource
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradscope.cli import event_files
from tests.cli.calls import call, small

pytest.importorskip("tensorboardX")

NET = """\
name: watched
input: 6
layers:
  - {dense: {units: 8, name: in}}
  - relu
  - dense: 3
batch: {size: 16}
seed: 1
trials: 1
"""


def events(folder: Path) -> Any:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = reader.EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0})
    found.Reload()
    return found


def test_the_reader_finds_what_the_report_says(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    asked = ("--steps", 6, "--every", 2, "--lr", 0.1, "--tensorboard", folder, "--format", "json")
    result = call("train", small(tmp_path, "net", NET), *asked)
    assert result.exit_code == 0
    report, found = json.loads(result.stdout), events(folder)
    steps = {step["step"]: step for step in report["steps"]}
    assert [*steps] == [0, 2, 4, 6]
    for tag, read in {
        "training/loss": lambda step: step["loss"],
        "training/flow.log10_ratio": lambda step: step["flow"]["log10_ratio"],
        "output_grad.log10_l2/in": lambda step: step["layers"][0]["output_grad"]["log10_l2"],
        "dead_fraction/relu1": lambda step: step["layers"][1]["dead_fraction"],
        "output.zero_fraction/relu1": lambda step: step["layers"][1]["output"]["zero_fraction"],
    }.items():
        drawn = {event.step: event.value for event in found.Scalars(tag)}
        assert drawn == pytest.approx({number: read(step) for number, step in steps.items()}, rel=1e-6), tag
    assert "dead_fraction/in" not in found.Tags()["scalars"]


def test_histograms_hold_every_entry(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    call("train", small(tmp_path, "net", NET), "--steps", 4, "--every", 2, "--tensorboard", folder, "-q")
    found = events(folder)
    sizes = {
        "parameters/in.weight": 48,
        "gradients/in.weight": 48,
        "gradients/dense2.bias": 3,
        "outputs/relu1": 128,
    }
    assert {*sizes} < {*found.Tags()["histograms"]}
    for tag, size in sizes.items():
        drawn = found.Histograms(tag)
        assert [event.step for event in drawn] == [0, 2, 4]
        assert {sum(event.histogram_value.bucket) for event in drawn} == {size}


def test_a_histogram_is_that_of_the_weights(tmp_path: Path) -> None:
    from gradscope import build_network, load_config

    folder, file = tmp_path / "events", small(tmp_path, "net", NET)
    call("train", file, "--steps", 1, "--tensorboard", folder, "-q")
    weights = build_network(load_config(str(file)), trial=0).parameters()["in.weight"].astype(np.float64)
    value = events(folder).Histograms("parameters/in.weight")[0].histogram_value
    assert (value.min, value.max) == pytest.approx((weights.min(), weights.max()))
    assert (value.sum, value.sum_squares) == pytest.approx((weights.sum(), np.sum(weights**2)))
    limits = np.array(value.bucket_limit)
    for limit, count in zip(limits, np.cumsum(value.bucket), strict=True):
        assert np.sum(weights < limit - 1e-9) <= count <= np.sum(weights <= limit + 1e-9)


def test_watching_changes_no_number(tmp_path: Path) -> None:
    file = small(tmp_path, "net", NET)
    plain, watched = (
        json.loads(call("train", file, "--steps", 5, "--format", "json", *more).stdout)
        for more in ((), ("--tensorboard", tmp_path / "events"))
    )
    del plain["wall_seconds"], watched["wall_seconds"]
    assert plain == watched


def test_a_nan_is_no_end_of_the_curves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "events"
    result = call(
        "train", small(tmp_path, "net", NET), "--steps", 9, "--lr", 1e30, "--tensorboard", folder, "-q"
    )
    assert (result.exit_code, result.stderr, caplog.messages) == (0, "", [])
    losses = [event.value for event in events(folder).Scalars("training/loss")]
    assert np.isfinite(losses[0])
    assert not np.isfinite(losses[-1])


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    file, folder = small(tmp_path, "net", NET), tmp_path / "events"
    assert call("train", file, "--steps", 1, "--tensorboard", folder, "-q").exit_code == 0
    again = call("train", file, "--steps", 1, "--tensorboard", folder, "-q")
    assert (again.exit_code, "has events of an earlier run" in again.stderr) == (2, True)
    a_file = call("train", file, "--steps", 1, "--tensorboard", file, "-q")
    assert (a_file.exit_code, "is a file; name a folder" in a_file.stderr) == (2, True)
    cloud = call("train", file, "--steps", 1, "--tensorboard", "gs://bucket/runs", "-q")
    assert (cloud.exit_code, "is no folder of this machine" in cloud.stderr) == (2, True)
    below = call("train", file, "--steps", 1, "--tensorboard", file / "x", "-q")
    assert (below.exit_code, "events cannot be written" in below.stderr) == (2, True)


def test_a_disk_that_fills_ends_the_training_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files may grow to 10 kB only: writing fails as on a disk that is full, with another reason."""
    monkeypatch.setattr(event_files, "FLUSH_SECONDS", 0.0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        asked = ("--steps", 200, "--every", 1, "--tensorboard", tmp_path / "events", "-q")
        result = call("train", small(tmp_path, "net", NET), *asked)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"{tmp_path / 'events'}: events cannot be written: File too large; "
        "name another folder with --tensorboard\n"
    )


def test_without_tensorboardx_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradscope.cli.event_files.find_spec", lambda name: None)
    result = call("train", small(tmp_path, "net", NET), "--tensorboard", tmp_path / "events")
    assert result.exit_code == 2
    assert "pip install 'gradscope[tensorboard]'" in result.stderr
