"""The names a user of the Python package relies on, and that they do what the README says."""

import copy
import json
import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

import gradscope

CONFIGS = Path(__file__).parents[1] / "configs"

SMALL: dict[str, Any] = {
    "input": 5,
    "batch": {"size": 4},
    "layers": [
        {"dense": 7},
        {"prelu": {"learned": True}},
        {
            "residual": {
                "layers": ["batch_norm", {"dense": {"units": 7, "bias": False}}],
                "scale": {"learned": 0.5},
            }
        },
        {"dense": {"units": 3, "activation": "tanh"}},
    ],
}

REPORT_KEYS = {
    *(
        "schema_version",
        "gradscope_version",
        "name",
        "source",
        "config_sha256",
        "seed",
        "trials",
        "batch_size",
    ),
    *("batch_count", "dtype", "parameters", "wall_seconds", "loss", "layers", "flow", "verdict", "findings"),
}
LAYER_KEYS = {
    *("name", "kind", "index", "flow_point", "line", "output_shape", "parameters", "init", "weight_grad"),
    *(
        "bias_grad",
        "gain_grad",
        "output_grad",
        "weight_rms",
        "update_ratio",
        "sample_grad",
        "output",
        "range",
    ),
    *("time", "parts", "dead_fraction", "inactive_fraction", "rarely_active_fraction", "saturated_fraction"),
}
NORM_KEYS = {"l2", "rms", "log10_l2", "log10_rms", "log10_l2_std", "zero_trials"}
FINDING_KEYS = {
    *("rule", "name", "severity", "layer", "line", "column", "message", "measured", "limit", "trials_fired"),
    *("explains", "remedy"),
}


def strict_json(report: gradscope.Report) -> Any:
    """The dictionary form through JSON and back; raises where it holds what JSON cannot."""
    return json.loads(json.dumps(report.to_dict(), allow_nan=False))


def test_every_name_can_be_imported_and_others_are_an_attribute_error() -> None:
    for name in gradscope.__all__:
        assert getattr(gradscope, name) is not None
    with pytest.raises(AttributeError, match="module 'gradscope' has no attribute 'diagnoze'"):
        gradscope.diagnoze  # noqa: B018


def test_importing_the_package_loads_no_numpy() -> None:
    code = "import sys, gradscope; print(gradscope.__version__, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [gradscope.__version__, "False"]


def test_overrides_are_knobs_by_name_and_values_by_path() -> None:
    config = gradscope.load_config(
        CONFIGS / "deep_sigmoid.yaml", overrides={"depth": 3, "width": 16, "batch.size": 8, "trials": 2}
    )
    report = gradscope.diagnose(config)
    assert [layer.name for layer in report.layers if layer.kind == "dense"] == [
        "dense1",
        "dense2",
        "dense3",
        "dense4",
    ]
    assert report.layers[0].output_shape == (16,)
    assert (report.batch_size, report.trials) == (8, 2)
    assert len(report.layers) == 7


def test_a_path_a_text_and_a_dictionary_say_the_same() -> None:
    file = CONFIGS / "deep_sigmoid.yaml"
    by_path = gradscope.diagnose(gradscope.load_config(str(file), overrides={"depth": 2}))
    by_text = gradscope.diagnose(
        gradscope.load_config("other.yaml", overrides={"depth": 2}, text=file.read_text(encoding="utf-8"))
    )
    assert by_path.config_sha256 == by_text.config_sha256
    assert by_path.layers == by_text.layers
    assert (by_path.source, by_text.source) == (str(file), "other.yaml")


def test_loading_leaves_the_dictionary_as_it_was() -> None:
    source = copy.deepcopy(SMALL)
    gradscope.diagnose(gradscope.load_config(source, overrides={"batch.size": 6, "trials": 1}))
    assert source == SMALL


def test_a_wrong_config_raises_everything_that_is_wrong() -> None:
    with pytest.raises(gradscope.ConfigError) as caught:
        gradscope.load_config({"input": 4, "layers": [{"dens": 3}, {"dense": 0}], "trails": 2})
    assert isinstance(caught.value, gradscope.GradscopeError)
    assert len(caught.value.problems) == 3
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems
    assert str(again) == str(caught.value)


def test_parameters_by_name_and_shape() -> None:
    network = gradscope.build_network(gradscope.load_config(SMALL), trial=0)
    shapes = {name: array.shape for name, array in network.parameters().items()}
    assert shapes == {
        "dense1.weight": (5, 7),
        "dense1.bias": (7,),
        "prelu1.slope": (7,),
        "residual2.batch_norm0.gain": (7,),
        "residual2.batch_norm0.bias": (7,),
        "residual2.dense1.weight": (7, 7),
        "residual2.scale": (1,),
        "dense3.weight": (7, 3),
        "dense3.bias": (3,),
    }
    report = gradscope.diagnose(gradscope.load_config(SMALL))
    assert report.parameters == sum(math.prod(shape) for shape in shapes.values())


def test_trials_have_weights_and_batches_of_their_own() -> None:
    config = gradscope.load_config(SMALL)
    first, again, second = (gradscope.build_network(config, trial).parameters() for trial in (0, 0, 1))
    for name, array in first.items():
        npt.assert_array_equal(again[name], array)
    assert not np.array_equal(first["dense1.weight"], second["dense1.weight"])
    inputs, targets = gradscope.make_batch(config, trial=0)
    assert (inputs.shape, inputs.dtype) == ((4, 5), np.dtype(np.float32))
    assert (targets.shape, targets.dtype.kind) == ((4,), "i")
    assert not np.array_equal(inputs, gradscope.make_batch(config, trial=1)[0])
    npt.assert_array_equal(inputs, gradscope.make_batch(config)[0])


def test_the_networks_own_forward_pass_is_what_the_report_measured() -> None:
    config = gradscope.load_config(SMALL, overrides={"trials": 1, "dtype": "float64"})
    outputs = gradscope.build_network(config).forward(gradscope.make_batch(config)[0])
    found = gradscope.diagnose(config).layers[-1].output
    assert (found.min, found.max) == (outputs.min(), outputs.max())


def test_reports_are_frozen_and_picklable() -> None:
    report = gradscope.diagnose(gradscope.load_config(SMALL))
    with pytest.raises(AttributeError):
        report.verdict = "healthy"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(report)) == report


def test_the_dictionary_has_the_keys_of_the_schema() -> None:
    report = strict_json(gradscope.diagnose(gradscope.load_config(SMALL)))
    assert report.keys() >= REPORT_KEYS
    assert report["schema_version"] == 1
    assert report["loss"].keys() >= {"mean", "expected"}
    assert report["flow"].keys() >= {"log10_ratio", "gain_per_layer", "r2", "risk"}
    for layer in report["layers"]:
        assert layer.keys() >= LAYER_KEYS
        assert layer["output_grad"].keys() >= NORM_KEYS
        assert layer["output"].keys() >= {"mean", "std", "rms", "zero_fraction", "min", "max"}
    dense = report["layers"][0]
    assert dense["sample_grad"].keys() >= {"mean_l2", "noise_scale"}
    assert dense["range"].keys() >= {"fp16_underflow_fraction", "bf16_underflow_fraction", "loss_scale_log2"}
    assert dense["output_shape"] == [7]


def test_every_layer_is_one_entry_and_a_container_comes_after_what_is_inside() -> None:
    report = strict_json(gradscope.diagnose(gradscope.load_config(SMALL)))
    assert [(layer["name"], layer["index"], layer["flow_point"]) for layer in report["layers"]] == [
        ("dense1", 1, True),
        ("prelu1", 1, False),
        ("residual2.batch_norm0", 2, False),
        ("residual2.dense1", 2, False),
        ("residual2", 2, True),
        ("dense3", 3, True),
        ("tanh3", 3, False),
    ]


def test_what_is_no_number_is_a_word_in_the_dictionary() -> None:
    stack = [{"repeat": 60, "layers": [{"dense": 16}]}, {"dense": 4}]
    report = strict_json(
        gradscope.diagnose(gradscope.load_config({"input": 16, "init": {"variance": 1e4}, "layers": stack}))
    )
    assert report["verdict"] == "non_finite"
    assert report["layers"][-1]["output"]["std"] == "nan"
    assert report["loss"]["mean"] in ("nan", "inf")
    (finding,) = (found for found in report["findings"] if found["rule"] == "GS401")
    assert finding.keys() >= FINDING_KEYS
    zero = {"input": 4, "layers": [{"dense": 4}, {"dense": {"units": 3, "init": "zeros"}}]}
    first = strict_json(gradscope.diagnose(gradscope.load_config(zero)))["layers"][0]["output_grad"]
    assert (first["log10_l2"], first["l2"], first["zero_trials"]) == ("-inf", 0.0, 3)


def test_the_same_call_twice_gives_the_same_but_for_the_clock() -> None:
    config = gradscope.load_config(SMALL)
    first, second = (gradscope.diagnose(config).to_dict() for _ in range(2))
    assert first.pop("wall_seconds") > 0.0
    second.pop("wall_seconds")
    assert first == second


def test_progress_is_told_after_every_trial() -> None:
    told: list[int] = []
    gradscope.diagnose(gradscope.load_config(SMALL, overrides={"trials": 5}), jobs=2, progress=told.append)
    assert told == [1, 2, 3, 4, 5]
