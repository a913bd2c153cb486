"""What layers are called and how they are counted; and that a given name changes no number."""

from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from gradscope import build_network, diagnose, load_config
from tests.build.planning import messages_of, plan_of

DENSE = {"dense": 6}
NAMES: dict[str, tuple[list[Any], str]] = {
    "kinds and numbers": ([DENSE, "relu", DENSE, "relu"], "dense1 relu1 dense2 relu2"),
    "second of a kind": (
        [DENSE, DENSE, "relu", "tanh", "relu", "relu"],
        "dense1 dense2 relu2 tanh2 relu2b relu2c",
    ),
    "before the first weight": (["relu", DENSE, "relu"], "relu0 dense1 relu1"),
    "activation option": ([{"dense": {"units": 6, "activation": "tanh"}}, "tanh"], "dense1 tanh1 tanh1b"),
    "repeat goes on counting": (
        [{"repeat": 2, "layers": [DENSE, {"repeat": 2, "layers": ["relu"]}]}, DENSE],
        "dense1 relu1 relu1b dense2 relu2 relu2b dense3",
    ),
    "shared repeat too": (
        [{"repeat": 2, "share": True, "layers": [DENSE, "relu"]}, DENSE],
        "dense1 relu1 dense2 relu2 dense3",
    ),
    "norms and dropout carry no number of their own": (
        [DENSE, "batch_norm", "relu", {"dropout": 0.5}, "batch_norm"],
        "dense1 batch_norm1 relu1 dropout1 batch_norm1b",
    ),
    "containers count from 1 inside": (
        [DENSE, "relu", DENSE, {"residual": ["relu", DENSE, "relu", DENSE]}, "relu"],
        "dense1 relu1 dense2 "
        "residual3.relu0 residual3.dense1 residual3.relu1 residual3.dense2 residual3 relu3",
    ),
    "projection shortcut": (
        [DENSE, DENSE, {"residual": {"layers": [{"dense": 4}], "shortcut": [{"dense": 4}]}}],
        "dense1 dense2 residual3.shortcut.dense1 residual3.dense1 residual3",
    ),
    "containers in containers": (
        [{"residual": [{"concat": [{"dense": 2}]}, DENSE]}],
        "residual1.concat1.dense1 residual1.concat1 residual1.dense2 residual1",
    ),
    "a container without weights counts for none": (
        [DENSE, {"residual": ["relu"]}, "relu", DENSE],
        "dense1 residual1.relu0 residual1 relu1 dense2",
    ),
    "given names": (
        [
            {"dense": {"units": 6, "name": "stem"}},
            "relu",
            {"residual": {"layers": [DENSE], "name": "block"}},
            DENSE,
        ],
        "stem relu1 block.dense1 block dense3",
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_names(case: str) -> None:
    layers, expected = NAMES[case]
    assert [info.name for info in plan_of(layers).layers] == expected.split()


def test_letters_go_on_after_z() -> None:
    names = [info.name for info in plan_of([DENSE, *["relu"] * 28]).layers]
    assert names[1:4] == ["relu1", "relu1b", "relu1c"]
    assert names[26:] == ["relu1z", "relu1ba", "relu1bb"]


def test_index_is_the_number_on_the_trunk() -> None:
    layers = plan_of(["relu", DENSE, "relu", {"residual": [DENSE, "relu", DENSE]}, "tanh", DENSE]).layers
    assert {info.name: info.number for info in layers} == {
        "relu0": 0,
        "dense1": 1,
        "relu1": 1,
        "residual2.dense1": 2,
        "residual2.relu1": 2,
        "residual2.dense2": 2,
        "residual2": 2,
        "tanh2": 2,
        "dense3": 3,
    }


def test_flow_points_are_weighted_layers_and_containers_of_the_trunk() -> None:
    layers = plan_of(
        [DENSE, "relu", {"residual": [DENSE]}, {"residual": ["relu"]}, {"concat": [DENSE]}, DENSE]
    ).layers
    points = [info.name for info in layers if info.flow_point]
    assert points == ["dense1", "residual2", "residual2b", "concat3", "dense4"]


def test_places_are_those_of_the_yaml() -> None:
    text = "input: 6\nlayers:\n  - repeat: 2\n    layers:\n      - dense: 6\n      - relu\n  - dense: 3\n"
    report = diagnose(load_config("net.yaml", text=text))
    assert [(layer.name, layer.line, layer.column) for layer in report.layers] == [
        ("dense1", 5, 9),
        ("relu1", 6, 9),
        ("dense2", 5, 9),
        ("relu2", 6, 9),
        ("dense3", 7, 5),
    ]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            "  - dense: {units: 4, name: a}\n  - dense: {units: 4, name: a}\n",
            "net.yaml:4:5: the name 'a' is given twice; inside `repeat`, leave names out",
        ),
        (
            "  - dense: 4\n  - dense: {units: 4, name: dense1}\n",
            "net.yaml:4:5: the name 'dense1' is given twice; inside `repeat`, leave names out",
        ),
        (
            "  - repeat: 3\n    layers: [dense: {units: 4, name: a}]\n",
            "net.yaml:4:14: the name 'a' is given twice; inside `repeat`, leave names out",
        ),
    ],
)
def test_a_name_given_twice(layers: str, message: str) -> None:
    assert messages_of(f"input: 6\nlayers:\n{layers}") == [message]


@pytest.mark.parametrize("name", ["input", "loss"])
def test_names_that_reports_give_to_something_else(name: str) -> None:
    layers = f"  - dense: {{units: 4, name: {name}}}\n  - residual: [dense: {{units: 4, name: {name}}}]\n"
    assert messages_of(f"input: 6\nlayers:\n{layers}") == [
        f"net.yaml:3:5: no layer can be called '{name}'; choose another; reports need this one"
    ], "inside a container it has the container's name in front"


def named(*names: str | None) -> dict[str, Any]:
    """A net that draws weights, biases and dropout masks, in and out of a container."""

    def options(number: int, **rest: Any) -> dict[str, Any]:
        return rest | ({"name": names[number]} if names[number] else {})

    return {
        "input": 6,
        "layers": [
            {"dense": options(0, units=6)},
            {"dropout": options(1, rate=0.5)},
            {"residual": options(2, layers=[{"dense": options(3, units=6)}, "relu"])},
            {"dense": 3},
        ],
    }


def test_names_change_no_number() -> None:
    plain = load_config(named(None, None, None, None))
    other = load_config(named("stem", "noise", "block", "inner"))
    ours, theirs = build_network(plain).parameters(), build_network(other).parameters()
    assert list(theirs)[:4] == ["stem.weight", "stem.bias", "block.inner.weight", "block.inner.bias"]
    for left, right in zip(ours.values(), theirs.values(), strict=True):
        npt.assert_array_equal(left, right)
    before, after = diagnose(plain), diagnose(other)
    assert before.loss == after.loss
    assert before.flow == after.flow
    assert [layer.output for layer in before.layers] == [layer.output for layer in after.layers]


def test_layers_draw_from_streams_of_their_own() -> None:
    arrays = build_network(
        load_config({"input": 6, "layers": [DENSE, DENSE, {"residual": [DENSE]}]})
    ).parameters()
    weights = [array for name, array in arrays.items() if name.endswith("weight")]
    assert len({weight.tobytes() for weight in weights}) == 3
    assert all(np.ptp(weight) > 0.0 for weight in weights)
