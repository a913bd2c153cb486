from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from gradscope.config.load import read_document
from gradscope.diagnosis import diagnose
from gradscope.errors import Problems
from gradscope.loading import load_config
from gradscope.remedies.fixing import Found, Source, fixed, read_file
from gradscope.remedies.search import passes
from gradscope.remedies.splices import MARK
from tests.acceptance import test_shipped_configs as shipped

CONFIGS = sorted(Path("configs").glob("*.yaml"))
SICK = {
    "batch_norm_explodes",
    "deep_sigmoid",
    "dying_relu",
    "gru",
    "lessons/sigmoid_stands_still",
    "lstm_forget_bias",
    "plain56_batch_norm",
    "residual_grows",
    "rnn_linear_gaussian",
    "rnn_tanh_gaussian",
    "rnn_tanh_orthogonal",
    "torch_default_relu_20",
    "unscaled_pixels",
    "xavier_relu_30",
}


@lru_cache
def search(path: Path) -> Found:
    return fixed(read_file(str(path)), {}, asked={}, jobs=1)


@pytest.mark.parametrize("name", sorted(SICK))
def test_every_sick_config_is_cured(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = search(Path("configs", f"{name}.yaml"))
    assert found.fix.needed
    assert found.fix.found is not None
    assert passes(found.fix.found.report)
    assert found.text is not None
    monkeypatch.chdir(Path("configs", name).parent)  # data files are found from there
    assert diagnose(load_config("new", text=found.text)).verdict == "healthy"


def test_no_sick_config_is_left_out() -> None:
    assert {*shipped.SICK, *shipped.QUESTIONABLE} <= {Path(name).name for name in SICK}


@pytest.mark.parametrize("name", ["deep_relu_he", "digits_mlp", "rezero", "tanh_glorot"])
def test_a_healthy_config_is_left_alone(name: str) -> None:
    found = search(Path("configs", f"{name}.yaml"))
    assert (found.fix.needed, found.fix.tried, found.text, found.diff) == (False, (), None, ())


@pytest.mark.parametrize("name", sorted(SICK))
def test_untouched_lines_stay_byte_for_byte(name: str) -> None:
    found = search(Path("configs", f"{name}.yaml"))
    assert found.text is not None
    removed = [line[1:] for line in found.diff if line.startswith("-") and not line.startswith("---")]
    added = [line[1:] for line in found.diff if line.startswith("+") and not line.startswith("+++")]
    kept = [line for line in found.text.splitlines() if line not in added]
    assert kept == [line for line in found.source.text.splitlines() if line not in removed]
    assert any(MARK in line for line in added)


TWICE = """\
input: 16
batch: {size: 16, inputs: one_hot}
init: glorot_normal
layers:
  - {repeat: 20, layers: [dense: 16, batch_norm, mish]}
  - dense: 4
  - softmax
trials: 2
"""
RUNS_AWAY = """\
input: 16
init: {variance: 9}
batch: {inputs: {normal: {std: 50}}}
layers:
  - {repeat: 40, layers: [dense: 16, squared_relu]}
  - dense: 4
trials: 2
"""


@pytest.mark.parametrize(("text", "before"), [(TWICE, "warning"), (RUNS_AWAY, "non_finite")])
def test_two_changes_where_one_is_not_enough(text: str, before: str) -> None:
    found = fixed(Source("text", text), {}, asked={}, jobs=1)
    assert found.fix.before.verdict == before
    assert found.fix.found is not None
    assert len(found.fix.found.trial.remedies) == 2
    assert not any(passes(attempt.report) for attempt in found.fix.tried[:-1])
    assert found.text is not None
    assert diagnose(load_config("text", text=found.text)).verdict == "healthy"


HOPELESS = """\
input: 4
layers: [dense: 4, relu, dense: 4]
trials: 1
rules: {GS101: {min_ratio: 1.0e+9, warn_ratio: 1.0e+10}}
"""


def test_nothing_helps_against_what_no_remedy_is_for() -> None:
    found = fixed(Source("text", HOPELESS), {}, asked={}, jobs=1)
    assert found.fix.needed
    assert found.fix.found is None
    assert found.fix.best is not None
    assert (found.text, found.diff) == (None, ())


def test_a_signal_that_no_gain_of_floats_brings_back() -> None:
    """The first layer's own scale is 1e-310, and what follows would be multiplied by the inverse of it."""
    text = (
        "input: {length: 4, features: 3}\nbatch: {size: 3}\ntrials: 1\ndtype: float64\nlayers:\n"
        "  - rnn: {units: 3, init: {constant: 1.0e-310}, recurrent_init: {constant: 1.0e-310}, bias: false}\n"
        "  - last_step\n  - dense: 2\nrules: {GS101: {min_ratio: 1.0e+9, warn_ratio: 1.0e+10}}\n"
    )
    found = fixed(Source("text", text), {}, asked={}, jobs=1)
    assert found.fix.needed
    assert found.fix.found is None


def test_a_bias_that_normalisation_cancels() -> None:
    text = (
        "input: 9\ninit: he_normal\nlayers: [dense: 9, batch_norm, relu, dense: 4]\nrules: {GS303: error}\n"
    )
    found = fixed(Source("text", text), {}, asked={}, select=("GS303",), jobs=1)
    assert found.text is not None
    assert yaml.safe_load(found.text)["layers"][0] == {"dense": {"units": 9, "bias": False}}


def test_a_knob_nothing_uses_any_more_goes_too() -> None:
    text = 'input: 64\nparams: {s: 0.3, d: 25}\ninit: {variance: "${s}"}\n'
    text += 'layers:\n  - {repeat: "${d}", layers: [dense: 64, relu]}\n  - dense: 10\n'
    found = fixed(Source("text", text), {}, asked={}, jobs=1)
    assert found.text is not None
    data = yaml.safe_load(found.text)
    assert data["params"] == {"d": 25}
    problems = Problems()
    assert read_document("text", problems, text=found.text) is not None
    assert not problems.found
