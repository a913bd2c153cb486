"""Residual blocks of attention and whole transformer blocks: what is known of their gradients."""

import math
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from tests.laws.measuring import growth, mean_squares, run_once, trace

BLOCKS, WIDTH = 6, 64


def sequences(layers: list[Any], steps: int, **rest: Any) -> dict[str, Any]:
    """One Gaussian sequence below, a Gaussian cotangent on top."""
    return {
        "input": {"length": steps, "features": WIDTH},
        "batch": {"size": 1},
        "init": "lecun_normal",
        "layers": layers,
        "loss": "random_cotangent",
        "dtype": "float64",
        **rest,
    }


def attending(steps: int, scale: Any, **rest: Any) -> dict[str, Any]:
    """x + scale · attention(x): inputs so small that all scores are nearly zero, and every query takes the mean
    of all values."""
    attention = {"attention": {"heads": 4, "bias": False}}
    block = {"residual": {"layers": [attention], "scale": scale}}
    return sequences(
        [block] * BLOCKS,
        steps,
        batch={"size": 1, "inputs": {"normal": {"std": 1e-4}}},
        **rest,
    )


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("scale", [1.0, BLOCKS**-0.5], ids=["x + F(x)", "x + F(x)/√L"])
def test_growth_of_attention_blocks(steps: int, scale: float) -> None:
    """Of the squared gradient, in expectation: the mean over positions goes through value and out, whose
    variances are 1/n, and grows by 1 + scale² a block; what differs between positions is not seen. Of an
    independent gradient the mean is one part in T."""
    measured = growth(trace(attending(steps, scale, trials=60)))
    there = np.arange(BLOCKS - 1, -1, -1)
    expected = 1.0 - 1.0 / steps + (1.0 + scale**2) ** there / steps
    npt.assert_allclose(np.log(measured), np.log(expected), atol=0.12)


@pytest.mark.parametrize("scale", [0.0, {"learned": 0.0}], ids=["zero", "ReZero"])
def test_attention_that_is_off_passes_the_gradient_unchanged(scale: Any) -> None:
    """Exactly, and its own weights get an exact zero."""
    heard = run_once(attending(5, scale)).heard
    outer = [heard.output_gradients[f"residual{number}"] for number in range(1, BLOCKS + 1)]
    for gradient in outer[:-1]:
        npt.assert_array_equal(gradient, outer[-1])
    inner = [gradient for name, gradient in heard.gradients.items() if name.endswith("weight")]
    assert len(inner) == 4 * BLOCKS
    assert not any(gradient.any() for gradient in inner)


def blocks(**options: Any) -> list[Any]:
    """Pre-norm blocks without biases, whose MLP is linear."""
    block = {"heads": 4, "bias": False, "activation": "linear", "norm_kind": "rms_norm", **options}
    return [{"repeat": BLOCKS, "layers": [{"transformer_block": block}]}]


def test_pre_norm_blocks_grow_with_their_number() -> None:
    """On a single token attention is out(value(x)): every branch of normalised inputs adds 1 to the mean square
    of the stream, which becomes 1 + J behind J branches.

    Backwards a norm divides by the stream's size, so branch j adds 1/j to the gradient's square: from the last
    branch to the first they multiply to J/1, the square root of the depth in the norm (De & Smith 2020; Xiong et
    al. 2020).
    """
    measured = trace(sequences(blocks(), 1, trials=100, batch={"size": 4}))
    branches = np.arange(1, 2 * BLOCKS + 1)
    npt.assert_allclose(np.log(mean_squares(measured)), np.log(1.0 + branches), atol=0.1)
    # Behind branch j the stream has 1 + j, and what is behind are the branches up to the last, J.
    expected = (1.0 + 2 * BLOCKS) / (1.0 + branches)
    npt.assert_allclose(np.log(growth(measured)), np.log(expected), atol=0.2)


def test_blocks_that_write_nothing_are_the_identity() -> None:
    """Zero out projections (Goyal et al. 2017; Zhang et al. 2019): the gradient is the same behind every block,
    and only the projections learn."""
    found = run_once(sequences(blocks(out_init="zeros", activation="gelu"), 5))
    heard = found.heard
    for number in range(1, 2 * BLOCKS + 1):
        npt.assert_array_equal(heard.outputs[f"residual{number}"], found.inputs)
        npt.assert_array_equal(heard.output_gradients[f"residual{number}"], found.targets)
    of_out = {name for name in heard.gradients if name.endswith(("attention1.out.weight", "dense2.weight"))}
    assert len(of_out) == 2 * BLOCKS
    for name, gradient in heard.gradients.items():
        assert gradient.any() == (name in of_out), name
    assert math.isclose(heard.log2_l2["residual1"], heard.log2_l2[f"residual{2 * BLOCKS}"])
