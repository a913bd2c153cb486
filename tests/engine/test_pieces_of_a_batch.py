"""Samples of a recurrent layer walk apart: the same numbers in any pieces, the same bits on any number of
threads."""

import numpy as np
import numpy.testing as npt
import pytest

from gradscope.engine import Array
from gradscope.engine.layers import scan
from gradscope.engine.layers.recurrent import Recurrent
from gradscope.engine.layers.scan import Trail
from gradscope.engine.sequence import SILENT
from gradscope.engine.signal import Signal
from gradscope.engine.threads import jobs_limit
from tests.engine.making import Parameters
from tests.engine.sequence_cases import recurrent

SAMPLES, STEPS, UNITS = 7, 9, 3
every_kind = pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a walk of two samples were work for a thread."""
    monkeypatch.setattr(scan, "_PIECE_SAMPLES", 2)
    monkeypatch.setattr(scan, "_PIECE_PRODUCTS", 1)


def passed(layer: Recurrent, scale: float = 1.0) -> dict[str, Array]:
    """Everything that comes of one pass."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((SAMPLES, STEPS, 2)), rng.standard_normal((SAMPLES, STEPS, 2 * UNITS))
    # From one sample to the next the gradient grows by a factor that float64 does not hold for all of them.
    dy *= scale ** np.arange(SAMPLES)[:, np.newaxis, np.newaxis]
    y, trails = layer.forward(x, SILENT)
    dx, gradients = layer.backward(Signal(dy), trails, SILENT)
    states = {f"state.{name}": norms for name, norms in layer.state_gradients(trails).items()}
    whole = {"y": y, "dx": np.ldexp(dx.mantissa, dx.exponent)}
    return whole | states | {name: gradient.matrix() for name, gradient in gradients.items()}


def pieces(trails: list[Trail]) -> set[int]:
    return {len(trail.walks) for trail in trails}


@every_kind
@pytest.mark.parametrize("scale", [1.0, 1e-40], ids=["level", "of many sizes"])
def test_pieces_change_nothing(kind: str, scale: float, request: pytest.FixtureRequest) -> None:
    layer = recurrent(Parameters(1), kind, 2, UNITS, both=True)
    whole = passed(layer, scale)
    assert pieces(layer.forward(np.zeros((SAMPLES, STEPS, 2)), SILENT)[1]) == {1}
    request.getfixturevalue("in_pieces")
    assert pieces(layer.forward(np.zeros((SAMPLES, STEPS, 2)), SILENT)[1]) == {3}
    for name, array in passed(layer, scale).items():
        npt.assert_allclose(array, whole[name], rtol=1e-12, atol=1e-13, err_msg=name)


@every_kind
@pytest.mark.usefixtures("in_pieces")
def test_threads_change_no_bit(kind: str) -> None:
    layer = recurrent(Parameters(2), kind, 2, UNITS, both=True)
    alone = passed(layer)
    for jobs in (2, 8):
        with jobs_limit(jobs):
            for name, array in passed(layer).items():
                assert array.tobytes() == alone[name].tobytes(), name


@every_kind
@pytest.mark.usefixtures("in_pieces")
def test_a_gradient_far_below_the_range_of_floats_comes_back_from_every_piece(kind: str) -> None:
    """Pieces have exponents of their own, steps too; they are brought under one."""
    layer = recurrent(Parameters(3), kind, 2, UNITS, both=True)
    x = np.random.default_rng(1).standard_normal((SAMPLES, STEPS, 2))
    dy = np.zeros((SAMPLES, STEPS, 2 * UNITS))
    dy[:, -1, :UNITS] = dy[:, 0, UNITS:] = np.random.default_rng(2).standard_normal((SAMPLES, UNITS))
    _, trails = layer.forward(x, SILENT)
    dx, plain = layer.backward(Signal(dy), trails, SILENT)
    small, scaled = layer.backward(Signal(np.ldexp(dy, -900)), trails, SILENT)
    npt.assert_allclose(np.ldexp(small.mantissa, small.exponent + 900), np.ldexp(dx.mantissa, dx.exponent))
    for name, gradient in plain.items():
        npt.assert_allclose(scaled[name].log2_l2 + 900, gradient.log2_l2, err_msg=name)
