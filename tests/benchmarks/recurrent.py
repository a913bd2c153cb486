"""Recurrent layers against PyTorch's: 256 units, 100 steps, 32 samples.

Run with `python -m tests.benchmarks.recurrent`; ours computes every norm of the report on the way, the gradient
through time included.
"""

from collections.abc import Callable

from tests.benchmarks.against_torch import Contest, main

SAMPLES, STEPS, UNITS = 32, 100, 256


def torch_pass(kind: str) -> Callable[[], Callable[[], object]]:
    """Forward and back with a given gradient at every output."""

    def build() -> Callable[[], object]:
        import torch

        layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[kind](
            UNITS, UNITS, batch_first=True
        )
        x = torch.randn(SAMPLES, STEPS, UNITS, requires_grad=True)
        dy = torch.randn(SAMPLES, STEPS, UNITS)

        def run() -> None:
            layer.zero_grad(set_to_none=True)
            x.grad = None
            layer(x)[0].backward(dy)

        return run

    return build


def contest(kind: str) -> Contest:
    config = {
        "input": {"length": STEPS, "features": UNITS},
        "batch": {"size": SAMPLES},
        "layers": [{kind: UNITS}],
        "loss": "random_cotangent",
    }
    return Contest(f"{kind}, {UNITS} units, {STEPS} steps", config, {}, torch_pass(kind))


CONTESTS = [contest(kind) for kind in ("lstm", "gru", "rnn")]

if __name__ == "__main__":
    main("tests.benchmarks.recurrent", CONTESTS)
