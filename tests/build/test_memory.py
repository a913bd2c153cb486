"""What trials take of memory: refused before anything is drawn, or shared so that they fit."""

import math
from typing import Any

import pytest

from gradscope import load_config
from gradscope.build import plan
from gradscope.build.memory import Allotment, Needs, allot
from gradscope.diagnosis import diagnose, measured
from gradscope.engine.weights import Weight
from tests.build.planning import messages_of, plan_of, plan_of_config

GB = 10**9


@pytest.mark.parametrize(
    ("units", "free", "message"),
    [
        (1_000_000_000, 2 * GB, "one batch takes 0.5 TB of memory on its way, with 2.0 GB free"),
        (100_000, 30_000_000, "one batch takes 51 MB of memory on its way, with 30 MB free"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch, units: int, free: int, message: str
) -> None:
    monkeypatch.setattr(plan, "available_bytes", lambda: free)
    assert messages_of(f"input: 8\nlayers:\n  - dense: {units}\n") == [
        f"net.yaml:1:8: {message}; lower `batch.size` or the width of the layers"
    ]


@pytest.mark.parametrize(("short", "fits"), [(0, True), (1, False)])
@pytest.mark.parametrize(("dtype", "itemsize"), [("float32", 4), ("float64", 8)])
def test_input_outputs_caches_and_a_drawn_block_count(
    monkeypatch: pytest.MonkeyPatch, dtype: str, itemsize: int, short: int, fits: bool
) -> None:
    """Two samples: 6 features, and twice what layers of 100, 100 and 5 units give; 600 weights of 12 bytes."""
    needed = 2 * (6 + 2 * (100 + 100 + 5)) * itemsize + 600 * 12
    monkeypatch.setattr(plan, "available_bytes", lambda: needed - short)
    text = f"input: 6\ndtype: {dtype}\nbatch: {{size: 2}}\nlayers: [dense: 100, relu, dense: 5]\n"
    assert (messages_of(text) == []) is fits


def test_a_matrix_whose_qr_does_not_fit_is_refused_at_its_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "available_bytes", lambda: 24 * GB)
    text = "input: 40000\nlayers:\n  - dense: {units: 40000, init: orthogonal}\n  - relu\n  - dense: 3\n"
    assert messages_of(text) == [
        "net.yaml:3:5: drawing the weights of 'dense1' takes 64.0 GB of memory; one batch takes 51 MB of memory "
        "on its way, with 24.0 GB free; use an initialiser that needs no QR, as `he_normal`"
    ]
    assert messages_of(text.replace("orthogonal", "he_normal")) == []


def test_ten_billion_weights_are_planned_without_being_drawn() -> None:
    layers = plan_of([{"dense": 100_000}, {"dense": 100_000}, {"dense": 3}], batch={"size": 1}).layers
    assert layers[1].parameters == 100_000 * 100_000 + 100_000


# Sharing


def needs(weights: int, passing: int = 10, whole: int = 0, block: int = 0) -> Needs:
    return Needs(weights, passing, whole, block, None)


@pytest.mark.parametrize(
    ("needed", "free", "budget", "expected"),
    [
        (needs(weights=100), 1000, 500, Allotment(3, 166)),  # all three fit and are held
        (needs(weights=200), 1000, 500, Allotment(2, 250)),  # two at a time are held, three would not be
        (needs(weights=400), 1000, 500, Allotment(1, 500)),
        (needs(weights=600), 1000, 500, Allotment(3, 166)),  # drawn again anyway: as many as can be
        (needs(weights=100, passing=400), 1000, 500, Allotment(2, 100)),  # what is left counts, too
        (needs(weights=100, passing=600), 1000, 500, Allotment(1, 400)),
        (needs(weights=0, whole=450), 1000, 500, Allotment(2, 40)),  # each trial draws one
        (needs(weights=0, block=230), 1000, 500, Allotment(3, 93)),  # and each thread a block
        (needs(weights=0, block=250), 1000, 500, Allotment(3, 73)),
        (needs(weights=100, passing=2000), 1000, 500, Allotment(1, 0)),  # nothing fits: it must do
        (needs(weights=100), 1000, 10**12, Allotment(3, 323)),  # no more than there is
        (needs(weights=100), 1000, 0, Allotment(3, 0)),
    ],
)
def test_one_budget_for_all_trials(needed: Needs, free: int, budget: int, expected: Allotment) -> None:
    assert allot(needed, trials=3, jobs=3, free=free, budget=budget) == expected


@pytest.mark.parametrize("memory", [0, 5 * 10**5, 10**6, None])
def test_trials_together_hold_no_more_than_the_budget(memory: int | None) -> None:
    made = plan_of([{"repeat": 6, "layers": [{"dense": 150}]}, {"dense": 3}], trials=4)
    shares = made.allotment(trials=4, jobs=2, memory=memory)
    held = sum(
        weight.held_bytes
        for step in made.network(0, hold=shares.hold).layers()
        for weight in step.weights()
        if weight.held
    )
    assert shares.together in (1, 2)
    assert shares.together * held <= (math.inf if memory is None else memory)
    if memory:
        assert held > 0.5 * memory / shares.together, "the budget is used as far as whole weights go"
    if memory is None:
        assert held >= made.needs.weights - 8 * sum(info.output_shape[0] for info in made.layers)


def test_what_is_dear_to_draw_is_held_first() -> None:
    layers: list[Any] = [{"dense": 100}, {"dense": {"units": 100, "init": "orthogonal"}}, {"dense": 100}]
    network = plan_of(layers).network(0, hold=100 * 100 * 8)
    weights: list[Weight] = [weight for step in network.layers() for weight in step.weights()]
    assert [weight.held for weight in weights] == [False, True, False]


ALL_KINDS: list[dict[str, Any]] = [
    {"input": 40, "layers": [{"repeat": 3, "share": True, "layers": [{"dense": 40}, "relu"]}, {"dense": 5}]},
    {
        "input": 700,
        "init": "he_normal",
        "layers": [{"dense": 700}, "relu", {"maxout": 9}, {"glu": 8}, {"dense": 4}],
    },
    {"input": 500, "init": "orthogonal", "layers": [{"dense": 500}, "tanh", {"dense": 4}]},
    {
        "input": [3, 8, 8],
        "layers": [{"conv2d": {"filters": 6, "kernel": 3}}, "relu", "flatten", {"dense": 3}],
    },
    {
        "input": {"length": 5, "vocab": 30},
        "layers": [
            {"embedding": 8},
            "positional",
            {"transformer_block": {"heads": 2}},
            {"lstm": {"units": 6, "bidirectional": True}},
            {"gru": 8},
            {"dense": {"tied": "embedding1"}},
        ],
    },
]


@pytest.mark.parametrize("source", ALL_KINDS, ids=lambda source: str(source["input"]))
def test_no_number_depends_on_the_memory(source: dict[str, Any]) -> None:
    """A report of weights that are held, partly held, or drawn at every use."""
    config = load_config({**source, "batch": {"size": 4, "count": 2}, "trials": 3})
    parameters = sum(info.parameters for info in plan_of_config({**source}).layers)
    reports = [
        diagnose(config, jobs=jobs, memory=memory).to_dict() | {"wall_seconds": 0}
        for jobs, memory in ((1, None), (2, 0), (2, 2 * parameters), (1, 5 * parameters))
    ]
    assert all(report == reports[0] for report in reports[1:])


def test_fewer_trials_at_a_time_are_the_same_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    made = plan_of_config({"input": 50, "layers": [{"dense": 50}, "relu", {"dense": 3}], "trials": 5})
    alone = measured(made, jobs=1)
    monkeypatch.setattr(plan, "available_bytes", lambda: made.needs.besides(2, 4) + 1)
    assert made.allotment(trials=5, jobs=4, memory=0).together == 2
    assert measured(made, jobs=4, memory=0).trials == alone.trials
