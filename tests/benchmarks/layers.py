"""Networks of images and sequences against PyTorch's: time and memory of one pass forward and back.

Run with `python -m tests.benchmarks layers`; more of each kind with the modules that are named here.
"""

from collections.abc import Iterator

from tests.benchmarks import attention, convolution, recurrent
from tests.benchmarks.against_torch import figures_of
from tests.benchmarks.figures import Figure

CONTESTS = {
    "tests.benchmarks.convolution": convolution.CONTESTS[:1],
    "tests.benchmarks.recurrent": recurrent.CONTESTS[:1],
    "tests.benchmarks.attention": attention.CONTESTS[:1],
}


def figures() -> Iterator[Figure]:
    """ResNet-20, an LSTM and the decoder."""
    for module, contests in CONTESTS.items():
        yield from figures_of(module, contests)
