import time

import msgspec
import pytest

from gradscope.config.schema import LAYERS, Training
from gradscope.config.suggest import HABITS, nearest, suggest
from gradscope.config.tables import CHOICES

NAMES = ["relu", "dense", "batch_norm", "units", "init"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("rleu", "relu"),
        ("ReLU", "relu"),
        ("BATCH-NORM", "batch_norm"),
        ("batchnorm", "batch_norm"),
        ("BatchNorm2d", "batch_norm"),
        ("out_features", "units"),
        ("kernel_initializer", "init"),
        ("Linear", "dense"),
        ("zzz", None),
        ("", None),
    ],
)
def test_the_nearest_word(word, meant):
    assert nearest(word, NAMES) == meant


def test_without_a_near_word_a_short_list_is_shown():
    assert suggest("zzz", ["b", "a"]) == "known are a, b"
    assert suggest("zzz", []) is None
    assert suggest("zzz", [f"name{number}" for number in range(20)]) is None


def test_long_words_and_long_lists_take_no_time():
    start = time.process_time()
    assert suggest("x" * 60_000, NAMES) == "known are batch_norm, dense, init, relu, units"
    assert suggest("knbo7", [f"knob{number}" for number in range(50_000)]) is None
    assert time.process_time() - start < 1.0


def test_habits_lead_to_words_that_exist():
    words = {
        "units",
        "bias",
        "init",
        "bias_init",
        "activation",
        "rate",
        "eps",
        "affine",
        "groups",
        "shortcut",
        "kernel",
        "padding",
        "stride",
        "filters",
    }
    words |= {
        "slope",
        "std",
        "mean",
        "repeat",
        "share",
        "layers",
        "input",
        "inputs",
        "features",
        "vocab",
        "length",
    }
    words |= {"batch", "size", "count", "loss", "params", "seed", "trials", "rules", "training"}
    words |= {field.name for field in msgspec.structs.fields(Training)}
    for table in CHOICES.values():
        words |= set(table.names)
    assert set(HABITS) <= words | set(LAYERS)
