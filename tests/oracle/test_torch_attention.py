"""Attention, embeddings and gates against PyTorch, over random shapes; whole transformers by its own
modules."""

from typing import Any

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradscope
from gradscope.engine import Array
from gradscope.engine.layers.attention import Attention
from gradscope.engine.layers.embedding import Embedding
from gradscope.engine.network import Network
from gradscope.engine.sequence import Sequence
from gradscope.probe.attending import attending
from tests.collecting import Collector, collect, collect_network
from tests.engine.making import Parameters, given_weight, info
from tests.engine.sequence_cases import attention
from tests.strategies import bounded, few, seeds, sizes

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}


def drawn(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def tensor(array: Array) -> Tensor:
    return torch.tensor(array, requires_grad=True)


# Attention


def module_of(layer: Attention) -> torch.nn.MultiheadAttention:
    """PyTorch's, which holds query, key and value as one matrix."""
    named = {name: torch.tensor(array) for name, array in layer.parameters().items()}
    features = len(named["out.bias"])
    module = torch.nn.MultiheadAttention(features, layer.heads, batch_first=True, dtype=torch.float64)
    into = ("query", "key", "value")
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.cat([named[f"{name}.weight"].T for name in into]))
        module.in_proj_bias.copy_(torch.cat([named[f"{name}.bias"] for name in into]))
        module.out_proj.weight.copy_(named["out.weight"].T)
        module.out_proj.bias.copy_(named["out.bias"])
    return module


def gradients_of(module: torch.nn.MultiheadAttention) -> dict[str, Array]:
    """Under the layer's own names."""
    weights, biases = module.in_proj_weight.grad.chunk(3), module.in_proj_bias.grad.chunk(3)
    found = {"out.weight": module.out_proj.weight.grad.T, "out.bias": module.out_proj.bias.grad}
    for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
        found |= {f"{name}.weight": weight.T, f"{name}.bias": bias}
    return {name: gradient.numpy() for name, gradient in found.items()}


@bounded
@given(
    shape=st.tuples(sizes(3), sizes(6), sizes(3), sizes(4)),
    causal=st.booleans(),
    seed=seeds(),
)
def test_attention(shape: tuple[int, int, int, int], causal: bool, seed: int) -> None:
    samples, steps, heads, width = shape
    features = heads * width
    layer = attention(Parameters(seed), features, heads, causal=causal)
    x, dy = drawn(seed, samples, steps, features), drawn(seed + 1, samples, steps, features)
    dx, heard = collect(Sequence((layer,)), x, dy)

    module, inputs = module_of(layer), tensor(x)
    mask = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1) if causal else None
    y, weights = module(inputs, inputs, inputs, attn_mask=mask, average_attn_weights=False)
    y.backward(torch.tensor(dy))
    npt.assert_allclose(heard.outputs["attention"], y.detach().numpy(), **TOLERANCE)
    npt.assert_allclose(dx, inputs.grad.numpy(), **TOLERANCE)
    for name, gradient in gradients_of(module).items():
        # The gradient of the keys' bias is exactly zero: a sum of terms of the size of the others.
        npt.assert_allclose(heard.gradients[f"attention.{name}"], gradient, rtol=1e-10, atol=1e-11)
    _, cache = layer.forward(x, Collector())
    npt.assert_allclose(layer.attention(cache)[0], weights.detach().numpy(), **TOLERANCE)


@few
@given(steps=st.integers(2, 6), heads=sizes(3), causal=st.booleans(), seed=seeds())
def test_entropy_and_favourite_key(steps: int, heads: int, causal: bool, seed: int) -> None:
    """By the definitions, one query after the other."""
    layer = attention(Parameters(seed), 2 * heads, heads, causal=causal)
    _, cache = layer.forward(drawn(seed, 3, steps, 2 * heads), Collector())
    weights = torch.tensor(layer.attention(cache)[0])
    entropies, shares = [], []
    for head in range(heads):
        tops = []
        for sample in range(3):
            rows = weights[sample, head]
            first = 1 if causal else 0
            for query in range(first, steps):
                seen = rows[query, : query + 1] if causal else rows[query]
                entropy = torch.distributions.Categorical(probs=seen).entropy()
                entropies.append((entropy / np.log(len(seen))).item())
            tops.append(rows[first:].mean(dim=0).max().item())
        shares.append(np.mean(tops))
    found = attending(weights.numpy(), causal=causal)
    npt.assert_allclose([found.entropy, found.top_key_weight], [np.mean(entropies), max(shares)], atol=1e-12)


# Embeddings


@bounded
@given(samples=sizes(4), steps=sizes(7), vocab=sizes(6), units=sizes(4), seed=seeds())
def test_embedding(samples: int, steps: int, vocab: int, units: int, seed: int) -> None:
    """Repeated tokens are the rule here: a row's gradient is the sum over all of them."""
    table = drawn(seed, vocab, units)
    tokens = np.random.default_rng(seed).integers(vocab, size=(samples, steps))
    dy = drawn(seed + 1, samples, steps, units)
    layer = Embedding(info("embedding"), given_weight(table))
    y, cache = layer.forward(tokens)
    _, gradients = layer.backward(dy, cache)
    found = gradients["weight"]

    weight = tensor(table)
    expected = functional.embedding(torch.tensor(tokens), weight)
    expected.backward(torch.tensor(dy))
    npt.assert_array_equal(y, expected.detach().numpy())
    npt.assert_allclose(found.matrix(), weight.grad.numpy(), **TOLERANCE)
    npt.assert_allclose(found.log2_l2, np.log2(np.linalg.norm(weight.grad.numpy())), **TOLERANCE)
    for sample in range(samples):
        alone = tensor(table)
        functional.embedding(torch.tensor(tokens[sample]), alone).backward(torch.tensor(dy[sample]))
        l2 = np.ldexp(np.sqrt(found.sample_squares[sample]), found.sample_exponent)
        npt.assert_allclose(l2, np.linalg.norm(alone.grad.numpy()), **TOLERANCE)


def tied_gradient(source: dict[str, Any]) -> tuple[Network, Array, Array, dict[str, Tensor], Tensor]:
    """The network of a config, its batch, and PyTorch's parameters and loss for embedding, tanh, tied
    head."""
    config = gradscope.load_config(source)
    network = gradscope.build_network(config)
    tokens, targets = gradscope.make_batch(config)
    named = {name: tensor(array) for name, array in network.parameters().items()}
    h = torch.tanh(functional.embedding(torch.tensor(tokens), named["embedding1.weight"]))
    logits = h @ named["embedding1.weight"].T + named["dense2.bias"]
    return (
        network,
        tokens,
        targets,
        named,
        functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten()),
    )


@few
@given(seed=seeds(), vocab=st.integers(2, 7), units=sizes(4))
def test_a_tied_head_adds_to_the_gradient_of_its_embedding(seed: int, vocab: int, units: int) -> None:
    """One table, two uses: the report's norms are those of the sum, sample by sample too."""
    source = {
        "input": {"length": 5, "vocab": vocab},
        "batch": {"size": 3},
        "layers": [{"embedding": units}, "tanh", {"dense": {"tied": "embedding1", "bias_init": "ones"}}],
        "dtype": "float64",
        "trials": 1,
        "seed": seed,
    }
    _, tokens, targets, named, loss = tied_gradient(source)
    loss.backward()
    report = gradscope.diagnose(gradscope.load_config(source))
    by_name = {layer.name: layer for layer in report.layers}
    table = named["embedding1.weight"].grad.numpy()
    npt.assert_allclose(report.loss.mean, loss.item(), rtol=1e-12)
    npt.assert_allclose(by_name["embedding1"].weight_grad.l2, np.linalg.norm(table), rtol=1e-10)
    bias = named["dense2.bias"].grad.numpy()
    npt.assert_allclose(by_name["dense2"].bias_grad.l2, np.linalg.norm(bias), rtol=1e-10)
    assert by_name["dense2"].weight_grad is None
    assert report.parameters == vocab * units + vocab
    norms = []
    for sample in range(3):
        alone = {name: tensor(value.detach().numpy()) for name, value in named.items()}
        h = torch.tanh(functional.embedding(torch.tensor(tokens[sample]), alone["embedding1.weight"]))
        logits = h @ alone["embedding1.weight"].T + alone["dense2.bias"]
        functional.cross_entropy(logits, torch.tensor(targets[sample])).backward()
        norms.append(np.linalg.norm(alone["embedding1.weight"].grad.numpy()))
    npt.assert_allclose(by_name["embedding1"].sample_grad.mean_l2, np.mean(norms), rtol=1e-10)


# Whole blocks


def norm_of(x: Tensor, named: dict[str, Tensor], name: str) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], named[f"{name}.gain"], named[f"{name}.bias"], 1e-5)


def block_of(x: Tensor, named: dict[str, Tensor], number: int, heads: int, *, pre: bool) -> Tensor:
    """A transformer block written out, with PyTorch's dot-product attention."""
    first, second = f"residual{number}", f"residual{number + 1}"

    def attended(inputs: Tensor) -> Tensor:
        query, key, value = (
            (inputs @ named[f"{first}.attention1.{part}.weight"] + named[f"{first}.attention1.{part}.bias"])
            .unflatten(-1, (heads, -1))
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        flat = mixed.transpose(1, 2).flatten(2)
        return flat @ named[f"{first}.attention1.out.weight"] + named[f"{first}.attention1.out.bias"]

    def mixed(inputs: Tensor) -> Tensor:
        hidden = functional.gelu(inputs @ named[f"{second}.dense1.weight"] + named[f"{second}.dense1.bias"])
        return hidden @ named[f"{second}.dense2.weight"] + named[f"{second}.dense2.bias"]

    if pre:
        x = x + attended(norm_of(x, named, f"{first}.layer_norm0"))
        return x + mixed(norm_of(x, named, f"{second}.layer_norm0"))
    x = norm_of(x + attended(x), named, f"layer_norm{number}")
    return norm_of(x + mixed(x), named, f"layer_norm{number + 1}")


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_a_decoder_of_two_blocks(norm: str) -> None:
    """Embedding, learned positions, causal blocks, a head: every parameter's gradient and the layers' own."""
    source = {
        "input": {"length": 6, "vocab": 11},
        "batch": {"size": 3},
        "init": {"normal": {"std": 0.4}},
        "layers": [
            {"embedding": 8},
            "positional",
            {
                "repeat": 2,
                "layers": [
                    {"transformer_block": {"heads": 2, "norm": norm, "causal": True, "bias_init": "ones"}}
                ],
            },
            {"dense": {"units": 11, "bias": False}},
        ],
        "dtype": "float64",
        "trials": 1,
    }
    config = gradscope.load_config(source)
    network = gradscope.build_network(config)
    tokens, targets = gradscope.make_batch(config)
    heard = collect_network(network, tokens, targets)

    named = {name: tensor(array) for name, array in network.parameters().items()}
    x = functional.embedding(torch.tensor(tokens), named["embedding1.weight"]) + named["positional1.table"]
    for number in (2, 4):
        x = block_of(x, named, number, 2, pre=norm == "pre")
    logits = x @ named["dense6.weight"]
    functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten()).backward()
    npt.assert_allclose(heard.outputs["dense6"], logits.detach().numpy(), **TOLERANCE)
    assert set(heard.gradients) == set(named)
    for name, value in named.items():
        npt.assert_allclose(
            heard.gradients[name].reshape(value.shape),
            value.grad.numpy(),
            rtol=1e-10,
            atol=1e-13,
            err_msg=name,
        )


@few
@given(steps=sizes(5), features=sizes(4), units=sizes(5), pieces=sizes(3), seed=seeds())
def test_gates(steps: int, features: int, units: int, pieces: int, seed: int) -> None:
    """GLU by PyTorch's own function of both halves, maxout by its maximum."""
    source = {
        "input": {"length": steps, "features": features},
        "batch": {"size": 2},
        "layers": [{"glu": units}, {"maxout": {"units": 3, "pieces": pieces}}],
        "loss": "random_cotangent",
        "dtype": "float64",
        "trials": 1,
        "seed": seed,
    }
    config = gradscope.load_config(source)
    network = gradscope.build_network(config)
    x, targets = gradscope.make_batch(config)
    heard = collect_network(network, x, targets)
    named = {name: tensor(array) for name, array in network.parameters().items()}
    halves = [
        torch.tensor(x) @ named[f"glu1.{part}.weight"] + named[f"glu1.{part}.bias"]
        for part in ("value", "gate")
    ]
    gated = functional.glu(torch.cat(halves, dim=-1), dim=-1)
    z = gated @ named["maxout2.weight"] + named["maxout2.bias"]
    y = z.unflatten(-1, (pieces, 3)).amax(dim=-2)
    y.backward(torch.tensor(targets))
    npt.assert_allclose(heard.outputs["glu1"], gated.detach().numpy(), **TOLERANCE)
    npt.assert_allclose(heard.outputs["maxout2"], y.detach().numpy(), **TOLERANCE)
    for name, value in named.items():
        found = heard.gradients[name].reshape(value.shape)
        npt.assert_allclose(found, value.grad.numpy(), **TOLERANCE, err_msg=name)
