import numpy as np
import pytest

from gradscope.engine.activations import ACTIVATIONS, Activation
from gradscope.errors import ConfigError
from gradscope.phases import phase_diagram
from gradscope.theory.mean_field import chi_1, fixed_point
from gradscope.theory.phase_map import chi_map

TANH = "configs/tanh_edge_of_chaos.yaml"


def test_the_edge_of_chaos_of_tanh() -> None:
    found = phase_diagram(TANH, ["sigma_w2=lin:1.7:1.8:11"], {})
    assert found.edge[0] == pytest.approx((1.760955,), abs=2e-4)


@pytest.mark.parametrize("name", ["tanh", "relu", "gelu", "selu", "softplus"])
def test_many_at_once_as_one_by_one(name: str) -> None:
    activation = ACTIVATIONS[name]()
    assert isinstance(activation, Activation)
    sigma_w2 = np.array([0.5, 1.0, 1.5])
    sigma_b2 = np.array([0.1, 0.0, 0.3])
    expected = [
        chi_1(activation, w, fixed_point(activation, w, b)) for w, b in zip(sigma_w2, sigma_b2, strict=True)
    ]
    assert chi_map(activation, sigma_w2, sigma_b2) == pytest.approx(expected, rel=2e-4)


def test_two_axes_are_rows_and_columns() -> None:
    found = phase_diagram(TANH, ["sigma_w2=1,2,4", "sigma_b=0.1,0.5"], {})
    assert [len(row) for row in found.chi_1] == [3, 3]
    alone = phase_diagram(TANH, ["sigma_w2=1,2,4"], {"sigma_b": 0.5})
    assert found.chi_1[1] == pytest.approx(alone.chi_1[0], rel=1e-9)


def test_axes_that_act_together() -> None:
    text = """\
input: 9
params: {a: 1, b: 1}
init: {variance: "${a}"}
layers:
  - {repeat: 4, layers: [{dense: {units: 9, bias_init: {normal: {std: "${a}"}}}}, tanh]}
  - dense: {units: 4, init: {variance: "${b}"}}
"""
    found = phase_diagram("text", ["a=1,2", "b=1,3"], {}, text=text)
    assert found.chi_1[0] == found.chi_1[1]
    expected = [chi_1(ACTIVATIONS["tanh"](), a, fixed_point(ACTIVATIONS["tanh"](), a, a * a)) for a in (1, 2)]
    assert found.chi_1[0] == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize(
    ("axes", "fact"),
    [
        (["sigma_w2=1,2", "sigma_b=1", "depth=1,2"], "3 axes make no diagram"),
        (["sigma_w2=lin:1:2"], "does not say how many"),
        (["sigma_w2=1,2", "sigma_w2=1,2"], "given twice"),
    ],
)
def test_axes_that_make_no_diagram(axes: list[str], fact: str) -> None:
    with pytest.raises(ConfigError, match=fact):
        phase_diagram(TANH, axes, {})


def test_a_network_without_a_repeated_activation() -> None:
    with pytest.raises(ConfigError, match="repeats a dense layer and an activation"):
        phase_diagram("configs/residual_grows.yaml", ["blocks=10,20"], {})
