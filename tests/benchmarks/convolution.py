"""Convolutional networks against PyTorch's: one pass forward and back of the shipped configs.

Run with `python -m tests.benchmarks.convolution`; ours computes every norm of the report on the way.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.against_torch import Contest, main

CONFIGS = Path(__file__).parents[2] / "configs"
SAMPLES = 32


def torch_pass(build: Callable[[], Any]) -> Callable[[], Callable[[], object]]:
    """Cross-entropy on images of Gaussian noise, the input's gradient included, as in ours."""

    def prepared() -> Callable[[], object]:
        import torch

        network = build()
        images = torch.randn(SAMPLES, 3, 32, 32, requires_grad=True)
        classes = torch.randint(0, 10, (SAMPLES,))

        def run() -> None:
            network.zero_grad(set_to_none=True)
            images.grad = None
            torch.nn.functional.cross_entropy(network(images), classes).backward()

        return run

    return prepared


def resnet20() -> Any:
    from torch import nn

    class Block(nn.Module):
        """Two convolutions and a shortcut (He et al. 2016)."""

        def __init__(self, before: int, filters: int, stride: int):
            super().__init__()
            self.branch = nn.Sequential(
                nn.Conv2d(before, filters, 3, stride, 1, bias=False),
                nn.BatchNorm2d(filters),
                nn.ReLU(),
                nn.Conv2d(filters, filters, 3, 1, 1, bias=False),
                nn.BatchNorm2d(filters),
            )
            projection = nn.Conv2d(before, filters, 1, stride, bias=False)
            self.shortcut = (
                nn.Identity() if stride == 1 else nn.Sequential(projection, nn.BatchNorm2d(filters))
            )

        def forward(self, x: Any) -> Any:
            return nn.functional.relu(self.branch(x) + self.shortcut(x))

    layers: list[Any] = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    for filters in (16, 32, 64):
        before = max(16, filters // 2)
        layers += [Block(before, filters, filters // before), *(Block(filters, filters, 1) for _ in range(2))]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def vgg(mode: str) -> Any:
    from torch import nn

    layers: list[Any] = []
    before = 3
    for filters, count in ((32, 2), (64, 2), (128, 4), (128, 4), (128, 4)):
        for _ in range(count):
            layers += [nn.Conv2d(before, filters, 3, padding=1, padding_mode=mode), nn.ReLU()]
            before = filters
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers[:-1], nn.Flatten(), nn.Linear(128 * 4, 10))


def convnext() -> Any:
    from torch import nn

    class Norm(nn.LayerNorm):
        """Over the channels of images."""

        def forward(self, x: Any) -> Any:
            return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    class Block(nn.Module):
        """Depthwise, then two pointwise convolutions (Liu et al. 2022)."""

        def __init__(self, width: int):
            super().__init__()
            self.branch = nn.Sequential(
                nn.Conv2d(width, width, 7, padding=3, groups=width),
                Norm(width),
                nn.Conv2d(width, 256, 1),
                nn.GELU(),
                nn.Conv2d(256, width, 1),
            )

        def forward(self, x: Any) -> Any:
            return x + self.branch(x)

    stem = (nn.Conv2d(3, 64, 4, 4), Norm(64))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(64), nn.Linear(64, 10))
    return nn.Sequential(*stem, *(Block(64) for _ in range(6)), *head)


def contest(config: str, build: Callable[[], Any]) -> Contest:
    return Contest(config, CONFIGS / f"{config}.yaml", {"batch.size": SAMPLES}, torch_pass(build), limit=2.5)


CONTESTS = [
    contest("resnet20", resnet20),
    contest("vgg_zero_padding", lambda: vgg("zeros")),
    contest("vgg_circular_padding", lambda: vgg("circular")),
    contest("convnext", convnext),
]

if __name__ == "__main__":
    main("tests.benchmarks.convolution", CONTESTS)
