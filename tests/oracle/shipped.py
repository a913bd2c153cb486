"""The shipped configs as plain dictionaries, knobs put in, made small where only their form matters."""

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

CONFIGS = Path(__file__).parents[2] / "configs"
NAMES = sorted(file.stem for file in CONFIGS.glob("*.yaml"))

SMALL: dict[str, dict[str, Any]] = {
    "batch_norm_explodes": {"depth": 4, "layers.0.layers.0.dense.units": 24},
    "batch_norm_rescues_sigmoid": {"depth": 4, "layers.0.layers.0.dense.units": 24},
    "convnext": {"blocks": 2, "width": 8, "input": [3, 16, 16]},
    "deep_relu_he": {"depth": 4, "width": 16},
    "deep_sigmoid": {"depth": 4, "width": 16},
    "gpt2_small": {"blocks": 2, "width": 24, "vocab": 17, "input.length": 6},
    "gru": {"length": 12, "layers.0.gru": 16},
    "lstm_chrono": {"input.length": 12, "layers.0.lstm.units": 16},
    "lstm_forget_bias": {"input.length": 12, "layers.0.lstm.units": 16},
    "mlp_mixer": {"blocks": 2, "patches": 9, "width": 12, "tokens_mlp": 6, "channels_mlp": 20},
    "orthogonal_linear": {"depth": 6},
    "plain56": {"later": 2, "input": [3, 8, 8]},
    "plain56_batch_norm": {"later": 2, "input": [3, 8, 8]},
    "relu_variants": {"depth": 4, "layers.0.layers.0.dense": 24},
    "residual_grows": {"blocks": 3},
    "residual_scaled": {"blocks": 3},
    "resnet20": {"input": [3, 8, 8], "first": 1, "later": 1},
    "rezero": {"blocks": 5},
    "rnn_linear_gaussian": {"input.length": 12, "layers.0.rnn.units": 16},
    "rnn_linear_orthogonal": {"input.length": 12, "layers.0.rnn.units": 16},
    "rnn_tanh_gaussian": {"input.length": 12, "layers.0.rnn.units": 16},
    "rnn_tanh_orthogonal": {"input.length": 12, "layers.0.rnn.units": 16},
    "selu_lecun": {"depth": 4, "layers.0.layers.0.dense": 24},
    "tanh_edge_of_chaos": {"depth": 4, "layers.0.layers.0.dense.units": 24},
    "tanh_glorot": {"depth": 3, "layers.0.layers.0.dense.units": 40},
    "torch_default_relu_20": {"layers.0.layers.0.dense": 24},
    "transformer_post_ln_12": {"blocks": 2, "input.length": 5, "input.features": 16},
    "transformer_post_ln_48": {"blocks": 3, "input.length": 5, "input.features": 16},
    "transformer_pre_ln_12": {"blocks": 2, "input.length": 5, "input.features": 16},
    "transformer_pre_ln_48": {"blocks": 3, "input.length": 5, "input.features": 16},
    "vgg_circular_padding": {"deep": 1, "batch.size": 2},
    "vgg_zero_padding": {"deep": 1, "batch.size": 2},
    "vit": {"blocks": 2, "width": 12, "input": [3, 12, 8]},
    "xavier_relu_30": {"depth": 4, "layers.0.layers.0.dense": 24},
}
"""Knobs and paths of fewer and narrower layers; a config that is not named here is small enough."""

_KNOB = re.compile(r"\$\{(\w+)\}")


def small(name: str) -> dict[str, Any]:
    """One trial of three samples in float64, without the words and without what is judged."""
    source = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    for key in ("name", "description", "rules"):
        source.pop(key, None)
    return written_out(source, {"batch.size": 3, "batch.count": 1, **SMALL.get(name, {})})


def written_out(source: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A config without knobs."""
    config = copy.deepcopy(dict(source))
    knobs = config.pop("params", {})
    for path, value in changes.items():
        if path in knobs:
            knobs[path] = value
            continue
        *outer, last = path.split(".")
        place: Any = config
        for key in outer:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        place[last] = value
    put_in: dict[str, Any] = _put_in(config, knobs)
    if "inputs" in put_in["batch"] and "file" in put_in["batch"]["inputs"]:
        file = put_in["batch"]["inputs"]["file"]
        file["path"] = str(CONFIGS / file["path"])
    return put_in | {"trials": 1, "dtype": "float64"}


def _put_in(value: Any, knobs: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _put_in(entry, knobs) for key, entry in value.items()}
    if isinstance(value, list):
        return [_put_in(entry, knobs) for entry in value]
    if isinstance(value, str) and (found := _KNOB.fullmatch(value)):
        return knobs[found[1]]
    return value
