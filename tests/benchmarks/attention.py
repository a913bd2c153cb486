"""The GPT-2-shaped decoder of `configs/` against the same in PyTorch.

Run with `python -m tests.benchmarks.attention`; ours computes every norm of the report on the way.
"""

from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.against_torch import Contest, main

CONFIG = Path(__file__).parents[2] / "configs" / "gpt2_small.yaml"
BLOCKS, WIDTH, HEADS, VOCAB = 12, 768, 12, 4096


def torch_pass(samples: int, steps: int) -> Callable[[], Callable[[], object]]:
    """Tied embedding, learned positions, causal pre-norm blocks, cross-entropy over all tokens."""

    def build() -> Callable[[], object]:
        import torch
        from torch import Tensor, nn
        from torch.nn import functional

        class Block(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.norms = nn.ModuleList([nn.LayerNorm(WIDTH) for _ in range(2)])
                self.into = nn.Linear(WIDTH, 3 * WIDTH)
                self.out = nn.Linear(WIDTH, WIDTH)
                self.up = nn.Linear(WIDTH, 4 * WIDTH)
                self.down = nn.Linear(4 * WIDTH, WIDTH)

            def forward(self, x: Tensor) -> Tensor:
                query, key, value = (
                    part.unflatten(-1, (HEADS, -1)).transpose(1, 2)
                    for part in self.into(self.norms[0](x)).chunk(3, dim=-1)
                )
                mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
                x = x + self.out(mixed.transpose(1, 2).flatten(2))
                hidden = functional.gelu(self.up(self.norms[1](x)), approximate="tanh")
                return x + self.down(hidden)

        table, positions = nn.Embedding(VOCAB, WIDTH), nn.Parameter(torch.zeros(steps, WIDTH))
        nn.init.normal_(table.weight, std=0.02)
        blocks, norm = nn.Sequential(*(Block() for _ in range(BLOCKS))), nn.LayerNorm(WIDTH)
        parameters = [*table.parameters(), positions, *blocks.parameters(), *norm.parameters()]
        tokens = torch.randint(VOCAB, (samples, steps))
        targets = torch.randint(VOCAB, (samples, steps))

        def run() -> None:
            for parameter in parameters:
                parameter.grad = None
            logits = norm(blocks(table(tokens) + positions)) @ table.weight.T
            functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()

        return run

    return build


def contest(samples: int, steps: int) -> Contest:
    return Contest(
        f"GPT-2 small, {samples} × {steps}",
        CONFIG,
        {"batch.size": samples, "input.length": steps, "vocab": VOCAB},
        torch_pass(samples, steps),
    )


CONTESTS = [contest(2, 64), contest(4, 128)]

if __name__ == "__main__":
    main("tests.benchmarks.attention", CONTESTS)
