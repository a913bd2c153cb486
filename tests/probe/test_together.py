"""Arrays that are measured together give what each gives by itself, and are what they were when they passed."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradscope
from gradscope import ConfigError
from gradscope.engine import Array
from gradscope.engine.affine_gradients import OuterProducts, RowSum
from gradscope.probe import listener, stats
from gradscope.probe.together import each, find_norms
from tests.build.test_random_configs import CONFIGS
from tests.engine.affine_gradients import TOLERANCE, case, collapsed
from tests.strategies import bounded, few, precisions, seeds


def test_results_keep_the_order_of_arrays_of_any_shapes() -> None:
    arrays = [np.full(shape, number) for number, shape in enumerate([(2, 3), (4,), (2, 3), (1,), (4,)])]
    calls = []

    def measure(stack: Array, names: list[str]) -> list[tuple[str, float]]:
        calls.append(len(stack))
        return [(name, float(array.flat[0])) for name, array in zip(names, stack, strict=True)]

    assert each(measure, arrays, list("abcde")) == [
        ("a", 0.0),
        ("b", 1.0),
        ("c", 2.0),
        ("d", 3.0),
        ("e", 4.0),
    ]
    assert sorted(calls) == [1, 2, 2]


@bounded
@given(kind=precisions(), seed=seeds(), samples=st.sampled_from([1, 2, 9, 300]))
def test_a_stack_gives_what_each_of_its_arrays_gives(kind: type, seed: int, samples: int) -> None:
    """Also beside arrays that cannot be told in float32, or not at all."""
    rng = np.random.default_rng(seed)
    stack = rng.standard_normal((6, samples, 7)).astype(kind)
    stack[1] = 1.0 + 1e-5 * stack[1]
    stack[2] *= 1e-25
    stack[3, 0, 0] = rng.choice([math.nan, math.inf])
    stack[4] = 0.0
    rows = stack.reshape(6, -1)
    exponents, slopes = [0, -30, 0, 5, 7, -40], [1.0, 0.2, 3.0, 1.0, 1.0, math.inf]
    with np.errstate(all="ignore"):
        together = (
            stats.moments(rows),
            stats.cosine_gaps(stack),
            [counts.tolist() for counts in stats.active_counts(stack)],
            stats.saturated_fractions(rows, slopes),
            stats.numeric_ranges(rows, exponents),
        )
        for n in range(6):
            alone = (
                stats.moments(rows[n : n + 1]),
                stats.cosine_gaps(stack[n : n + 1]),
                [counts.tolist() for counts in stats.active_counts(stack[n : n + 1])],
                stats.saturated_fractions(rows[n : n + 1], slopes[n : n + 1]),
                stats.numeric_ranges(rows[n : n + 1], exponents[n : n + 1]),
            )
            assert repr([found[n] for found in together]) == repr([found[0] for found in alone])


@bounded
@given(kind=precisions(), seed=seeds(), shape=st.sampled_from([(3, 1, 5, 4), (20, 1, 3, 2), (4, 1, 30, 40)]))
def test_gradients_of_one_shape_find_the_norms_each_finds_alone(
    kind: type[np.floating], seed: int, shape: tuple[int, int, int, int]
) -> None:
    cases = [case(seed, shape), collapsed(seed, shape, 1e-4), case(seed + 1, shape), case(seed + 2, shape)]
    products = [one.of(kind) for one in cases]
    products[2] = OuterProducts(products[2].x * 1e-25, products[2].dy * 1e30, 3)
    products[3].dy[...] = 0.0
    alone = [OuterProducts(one.x, one.dy, one.exponent) for one in products]
    sums = [RowSum(one.dy[:, 0], one.exponent) for one in products]
    sums_alone = [RowSum(one.dy, one.exponent) for one in sums]
    with np.errstate(all="ignore"):
        find_norms([*products, *sums])
        for one, other in zip([*products, *sums], [*alone, *sums_alone], strict=True):
            assert one.log2_l2 == pytest.approx(other.log2_l2, abs=2.0 * TOLERANCE[kind])
        for one, other in zip(products, alone, strict=True):
            assert one.sample_exponent == other.sample_exponent
            np.testing.assert_allclose(one.sample_l2, other.sample_l2, rtol=TOLERANCE[kind])


@few
@given(source=CONFIGS, batches=st.integers(1, 2))
def test_waiting_changes_nothing(source: dict[str, Any], batches: int) -> None:
    """What passes is not written to afterwards, and the order of what is noted is that of the pass."""
    source = {**source, "trials": 1, "batch": {**source["batch"], "count": batches}}
    try:
        config = gradscope.load_config(source)
        waited = gradscope.diagnose(config)
    except ConfigError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listener, "ALONE", 1)
        at_once = gradscope.diagnose(config)
    assert [finding.layer for finding in waited.findings] == [finding.layer for finding in at_once.findings]
    for one, other in zip(waited.layers, at_once.layers, strict=True):
        moments = msgspec.structs.astuple(one.output), msgspec.structs.astuple(other.output)
        assert moments[0] == pytest.approx(moments[1], rel=1e-5, nan_ok=True)
        for found, expected in ((one.output_grad, other.output_grad), (one.weight_grad, other.weight_grad)):
            assert (found is None) is (expected is None)
            if found is not None and expected is not None:
                assert found.log10_l2 == pytest.approx(expected.log10_l2, abs=1e-5, nan_ok=True)
