"""Transformer blocks against PyTorch's own encoder layer: pre and post norm, output and every gradient."""

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradscope
from tests.collecting import Collector
from tests.strategies import seeds, sizes

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

TOLERANCE = {"rtol": 1e-10, "atol": 1e-11}


def ours_in(layer: nn.TransformerEncoderLayer, *, pre: bool, gradients: bool) -> dict[str, Tensor]:
    """PyTorch's parameters, or their gradients, by our names and in our shapes."""

    def taken(parameter: Tensor) -> Tensor:
        return parameter.grad if gradients else parameter.detach()

    attention = layer.self_attn
    maps = {
        "residual1.attention1.out": (taken(attention.out_proj.weight), taken(attention.out_proj.bias)),
        "residual2.dense1": (taken(layer.linear1.weight), taken(layer.linear1.bias)),
        "residual2.dense2": (taken(layer.linear2.weight), taken(layer.linear2.bias)),
    }
    rows = zip(taken(attention.in_proj_weight).chunk(3), taken(attention.in_proj_bias).chunk(3), strict=True)
    for name, (weight, bias) in zip(("query", "key", "value"), rows, strict=True):
        maps[f"residual1.attention1.{name}"] = (weight, bias)
    norms = ("residual1.layer_norm0", "residual2.layer_norm0") if pre else ("layer_norm1", "layer_norm2")
    named = {f"{name}.weight": weight.T for name, (weight, _) in maps.items()}
    named |= {f"{name}.bias": bias for name, (_, bias) in maps.items()}
    for name, norm in zip(norms, (layer.norm1, layer.norm2), strict=True):
        named |= {f"{name}.gain": taken(norm.weight), f"{name}.bias": taken(norm.bias)}
    return named


@pytest.mark.parametrize("norm", ["pre", "post"])
@settings(max_examples=25)
@given(
    shape=st.tuples(sizes(3), sizes(6), sizes(3), st.integers(2, 4)),
    form=st.tuples(sizes(4), st.sampled_from(["relu", "gelu"]), st.booleans()),
    seed=seeds(),
)
def test_a_block_is_an_encoder_layer(
    norm: str, shape: tuple[int, int, int, int], form: tuple[int, str, bool], seed: int
) -> None:
    samples, steps, heads, width = shape
    ratio, activation, causal = form
    features = heads * width
    block = {"heads": heads, "norm": norm, "mlp_ratio": ratio, "activation": activation, "causal": causal}
    config = gradscope.load_config(
        {
            "input": {"length": steps, "features": features},
            "batch": {"size": samples},
            "layers": [{"transformer_block": block | {"bias_init": {"normal": {"std": 0.3}}}}],
            "loss": "random_cotangent",
            "dtype": "float64",
            "trials": 1,
            "seed": seed % 10_000,
        }
    )
    network = gradscope.build_network(config)
    x, dy = gradscope.make_batch(config)
    heard = Collector()
    dx = network.backpropagate(x, dy, heard)[1]

    pre = norm == "pre"
    layer = nn.TransformerEncoderLayer(
        features,
        heads,
        ratio * features,
        dropout=0.0,
        activation=activation,
        batch_first=True,
        norm_first=pre,
        dtype=torch.float64,
    )
    with torch.no_grad():
        homes = ours_in(layer, pre=pre, gradients=False)
        assert set(homes) == set(network.parameters())
        for name, array in network.parameters().items():
            homes[name].copy_(torch.tensor(array))
    inputs = torch.tensor(x, requires_grad=True)
    mask = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1) if causal else None
    y = layer(inputs, src_mask=mask)
    y.backward(torch.tensor(dy))
    last = "residual2" if pre else "layer_norm2"
    npt.assert_allclose(heard.outputs[last], y.detach().numpy(), **TOLERANCE)
    npt.assert_allclose(np.ldexp(dx.mantissa, dx.exponent), inputs.grad.numpy(), **TOLERANCE)
    for name, gradient in ours_in(layer, pre=pre, gradients=True).items():
        npt.assert_allclose(heard.gradients[name], gradient.numpy(), **TOLERANCE, err_msg=name)
