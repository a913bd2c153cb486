"""What judging costs: in proportion to the depth, and nothing that was known before is worked out again."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from gradscope import diagnose, load_config
from gradscope.rules import base
from gradscope.theory import counterfactual
from gradscope.theory.mean_field import gradient_gain


def stack(depth: int, *inner: Any, **options: Any) -> dict[str, Any]:
    block = {"repeat": depth, "layers": [*inner]}
    return {"input": 8, "batch": {"size": 4}, "trials": 1, "layers": [block, {"dense": 4}], **options}


def calls(source: dict[str, Any]) -> int:
    """Calls of functions that a diagnosis takes, those inside generators and of built-in ones too."""
    config = load_config(source)
    diagnose(config, jobs=1)  # imports and tables that are made once
    count = 0

    def tell(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(tell)
    try:
        diagnose(config, jobs=1)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "source",
    [
        lambda depth: stack(depth, {"dense": 8}, "sigmoid"),
        lambda depth: stack(depth, {"residual": {"layers": [{"dense": 8}, "relu"]}}),
        lambda depth: stack(depth, {"dense": {"units": 8, "bias_init": {"constant": -9}}}, "relu"),
    ],
    ids=["vanishing", "residual", "dead"],
)
def test_a_network_twice_as_deep_takes_twice_the_work(source: Callable[[int], dict[str, Any]]) -> None:
    shallow, deep, deeper = (calls(source(depth)) for depth in (40, 80, 160))
    assert deeper - deep < 1.1 * 2 * (deep - shallow)


def test_theory_is_asked_once_of_a_network_and_once_of_each_that_is_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    for module in (base, counterfactual):
        original = module.predict

        def predict(outline: Any, *rest: Any, original: Any = original, **options: Any) -> Any:
            asked.append(outline)
            return original(outline, *rest, **options)

        monkeypatch.setattr(module, "predict", predict)
    report = diagnose(load_config(stack(20, {"dense": 8}, "sigmoid", init="glorot_uniform")))
    assert [cause.cause for cause in report.root_cause] == ["init"]
    # There is neither a normalisation nor a branch to mend, and the inputs have the mean square of 1.
    assert len(asked) == 2


def test_equal_pairs_of_initialiser_and_activation_cost_one_evaluation() -> None:
    gradient_gain.cache_clear()
    found = diagnose(load_config(stack(30, {"dense": 8}, "tanh", init={"variance": 1.5})), select=["GS302"])
    assert not found.findings
    assert gradient_gain.cache_info().misses == 1
