"""Mistakes with tokens, sequences, heads and ties: the whole message, with line and column."""

from pathlib import Path

import numpy as np
import pytest

from tests.build.planning import messages_of

TOKENS = "input: {length: 5, vocab: 7}\n"
SEQUENCE = "input: {length: 5, features: 6}\n"

CASES = {
    "tokens into a dense layer": (
        f"{TOKENS}layers:\n  - dense: 4\n",
        "net.yaml:3:5: dense takes numbers, not 5 tokens of 7; put `embedding: 64` before it",
    ),
    "tokens into a block": (
        f"{TOKENS}layers:\n  - transformer_block: 2\n  - dense: 4\n",
        "net.yaml:3:5: transformer_block takes numbers, not 5 tokens of 7; put `embedding: 64` before it",
    ),
    "tokens into an activation": (
        f"{TOKENS}layers:\n  - repeat: 3\n    layers: [gelu]\n  - dense: 4\n",
        "net.yaml:4:14: gelu takes numbers, not 5 tokens of 7; put `embedding: 64` before it",
    ),
    "an embedding behind an embedding": (
        f"{TOKENS}layers:\n  - embedding: 4\n  - embedding: 4\n",
        "net.yaml:4:5: embedding takes tokens, not a sequence of 5 × 4; write `input: {length: …, vocab: …}`",
    ),
    "tokens for numbers": (
        "input: 6\nbatch: {inputs: tokens}\nlayers: [dense: 4]\n",
        "net.yaml:2:17: 'tokens' draws tokens, the input is numbers; write `input: {length: 64, vocab: "
        "1000}`",
    ),
    "numbers for tokens": (
        f"{TOKENS}batch: {{inputs: normal}}\nlayers:\n  - embedding: 4\n",
        "net.yaml:2:17: 'normal' draws numbers, the input is tokens below 7; leave `inputs` out",
    ),
    "an LSTM on an image": (
        "input: [3, 4, 4]\nlayers:\n  - lstm: 4\n",
        "net.yaml:3:5: lstm takes a sequence, not an image of 3 × 4 × 4; "
        "give the image's rows as `input: {length: …, features: …}`",
    ),
    "attention on features": (
        "input: 8\nlayers:\n  - attention: 2\n",
        "net.yaml:3:5: attention takes a sequence, not 8 features; "
        "write `input: {length: …, features: …}`, and no reduction over time before it",
    ),
    "a block on features, told once": (
        "input: 8\nlayers:\n  - repeat: 4\n    layers: [transformer_block: 2]\n  - dense: 3\n",
        "net.yaml:4:14: attention takes a sequence, not 8 features; "
        "write `input: {length: …, features: …}`, and no reduction over time before it",
    ),
    "two reductions": (
        f"{SEQUENCE}layers:\n  - last_step\n  - mean_over_time\n  - dense: 3\n",
        "net.yaml:4:5: mean_over_time takes a sequence, not 6 features; "
        "write `input: {length: …, features: …}`, and no reduction over time before it",
    ),
    "a sequence that is to become one": (
        f"{SEQUENCE}layers:\n  - to_sequence\n",
        "net.yaml:3:5: to_sequence takes an image, not a sequence of 5 × 6; leave it out",
    ),
    "a class token for features": (
        "input: 8\nlayers:\n  - class_token\n",
        "net.yaml:3:5: class_token takes a sequence, not 8 features; "
        "write `input: {length: …, features: …}`, and no reduction over time before it",
    ),
    "heads that do not divide": (
        f"{SEQUENCE}layers:\n  - attention: 4\n",
        "net.yaml:3:5: 4 heads do not divide 6 features; use one of 1, 2, 3, 6",
    ),
    "heads of a block that do not divide": (
        f"{SEQUENCE}layers:\n  - transformer_block: {{heads: 4, norm: post}}\n",
        "net.yaml:3:5: 4 heads do not divide 6 features; use one of 1, 2, 3, 6",
    ),
    "a GLU on an image": (
        "input: [3, 4, 4]\nlayers:\n  - glu: 4\n",
        "net.yaml:3:5: glu takes features or a sequence, not an image of 3 × 4 × 4; put `flatten` before it",
    ),
    "a tie to nothing": (
        f"{TOKENS}layers:\n  - embedding: 4\n  - dense: {{tied: embeding1}}\n",
        "net.yaml:4:5: there is no embedding 'embeding1' before this layer; did you mean 'embedding1'?",
    ),
    "a tie without an embedding": (
        "input: 6\nlayers:\n  - dense: {tied: embedding1}\n",
        "net.yaml:3:5: there is no embedding 'embedding1' before this layer; "
        "tie it to an `embedding` before it",
    ),
    "a tie of another width": (
        f"{TOKENS}layers:\n  - embedding: 4\n  - dense: 3\n  - dense: {{tied: embedding1}}\n",
        "net.yaml:5:5: embedding1 has 4 features, its transpose cannot take a sequence of 5 × 3; "
        "end with 4 features before it",
    ),
    "a forget bias without a bias": (
        f"{SEQUENCE}layers:\n  - lstm: {{units: 3, bias: false, forget_bias: 2}}\n",
        "net.yaml:3:5: `forget_bias` needs a bias, and `bias` is false; leave one of them out",
    ),
    "an activation that is not elementwise": (
        f"{SEQUENCE}layers:\n  - gru: {{units: 3, activation: softmax}}\n",
        "net.yaml:3:5: gru takes an elementwise activation, not softmax; as in `activation: tanh`",
    ),
    "slopes to learn inside of a cell": (
        f"{SEQUENCE}layers:\n  - rnn: {{units: 3, activation: {{prelu: {{learned: true}}}}}}\n",
        "net.yaml:3:5: inside rnn the slopes of prelu cannot be learned; leave `learned` out",
    ),
    "sinusoidal positions with an initialiser": (
        f"{SEQUENCE}layers:\n  - positional: {{form: sinusoidal, init: zeros}}\n",
        "net.yaml:3:5: sinusoidal positions are not drawn, `init` says nothing of them; leave it out",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    text, message = CASES[case]
    assert messages_of(text) == [message]


def test_tokens_of_a_file_may_stand_for_themselves(tmp_path: Path) -> None:
    """A file holds tokens or numbers: what the input is decides, and tokens beyond the vocabulary are
    told."""
    path = tmp_path / "tokens.npy"
    np.save(path, np.arange(20).reshape(4, 5))
    text = (
        "input: {{length: 5, vocab: {vocab}}}\nbatch: {{size: 4, inputs: {{file: {path}}}}}\n"
        "layers:\n- embedding: 3\n"
    )
    assert messages_of(text.format(vocab=20, path=path)) == []
    assert messages_of(text.format(vocab=19, path=path)) == [
        f"net.yaml:2:26: the tokens of {path} must be whole numbers from 0 to 18"
    ]
