"""The least that NumPy can take for the six shapes: the same draws, products and default statistics written out for
one network, arrays of all layers in one block and each statistic one call for all of them; no names, no records,
nothing checked, nothing that scales what leaves the range of floats.

    python -m tests.benchmarks.bound

Beside it, in turn, gradscope and the script a user would write with PyTorch; each side in processes of its own,
ratios over PyTorch's time as in `shapes`.
"""

import json
import statistics
import sys
from math import exp, log, sqrt

from tests.benchmarks.shapes import SHAPES, THREADS, Shape, median_ms, ours, spawned, theirs

ROUNDS = 3


def bound_ms(shape: Shape) -> float:
    """Draws, the way there, the way back and the statistics of both, with one thread."""
    import numpy as np

    from gradscope.engine.random import Stream, standard_normal

    depth, width, batch = shape.depth, shape.width, shape.batch
    block = (depth, batch, width)
    z, y, dz, dy = (np.empty(block, dtype=np.float32) for _ in range(4))
    x = np.empty(block, dtype=np.float32)
    active = np.empty(block, dtype=bool)
    x[0] = np.random.default_rng(0).standard_normal((batch, width), dtype=np.float32)
    last = np.random.default_rng(1).standard_normal((batch, width), dtype=np.float32) / np.float32(batch)
    std = np.float32(sqrt(2.0 / width))

    def there_and_back() -> None:
        weights = []
        for number in range(depth):
            drawn = standard_normal(Stream(0, 0, str(number)).generator(), width * width)
            weights.append(np.multiply(drawn, std, out=drawn).reshape(width, width))
            np.matmul(x[number], weights[number], out=z[number])
            np.maximum(z[number], 0.0, out=y[number])
            if number + 1 < depth:
                x[number + 1] = y[number]
        np.greater(z, 0.0, out=active)
        dy[-1] = last
        for number in reversed(range(depth)):
            np.multiply(dy[number], active[number], out=dz[number])
            back = dz[number] @ weights[number].T
            if number:
                dy[number - 1] = back
        for weight in weights:
            np.vdot(weight, weight)

    def statistics_of_outputs() -> None:
        for array in (z, y):
            rows = array.reshape(depth, -1)
            away = rows - rows.mean(axis=1)[:, None]
            np.vecdot(away, away), np.vecdot(rows, rows), rows.min(axis=1), rows.max(axis=1)
            (rows == 0.0).sum(axis=1)
        (active.sum(axis=1, dtype=np.uint8) == 0).sum(axis=1)
        directions = y / np.sqrt(np.vecdot(y, y))[..., None]
        directions -= directions.mean(axis=1)[:, None]
        np.vecdot(directions, directions).sum(axis=1)

    def statistics_of_gradients() -> None:
        for array in (dz, dy):
            np.vecdot(array.reshape(depth, -1), array.reshape(depth, -1))
        bias = dz.sum(axis=1)
        np.vecdot(bias, bias)
        if batch <= width:
            of_x, of_dz = x @ x.transpose(0, 2, 1), dz @ dz.transpose(0, 2, 1)
            np.vecdot(of_x.reshape(depth, -1), of_dz.reshape(depth, -1))
            np.diagonal(of_x, axis1=1, axis2=2) * np.diagonal(of_dz, axis1=1, axis2=2)
        else:
            formed = (x.transpose(0, 2, 1) @ dz).reshape(depth, -1)
            np.vecdot(formed, formed), np.vecdot(x, x) * np.vecdot(dz, dz)
        sizes = np.abs(dz.reshape(depth, -1))
        sizes.max(axis=1), (sizes == 0.0).sum(axis=1), (sizes <= np.float32(2.0**-25)).sum(axis=1)

    def everything() -> None:
        there_and_back()
        statistics_of_outputs()
        statistics_of_gradients()

    return median_ms(everything, shape.repeat)


def main() -> None:
    """A line a shape, and the geometric means."""
    ratios: dict[str, list[float]] = {"NumPy": [], "gradscope": []}
    for number, shape in enumerate(SHAPES):
        found: dict[str, list[float]] = {name: [] for name in ratios}
        for _ in range(ROUNDS):
            peer = min(theirs(shape, threads) for threads in THREADS)
            found["NumPy"].append(peer / spawned(["tests.benchmarks.bound", str(number)], 1, 1)["ms"])
            found["gradscope"].append(peer / min(ours(shape, threads)["ms"] for threads in THREADS))
        for name, rounds in found.items():
            ratios[name].append(statistics.median(rounds))
        print(
            f"{shape.name:22}",
            "  ".join(f"{name} {each[-1]:.2f} x" for name, each in ratios.items()),
            flush=True,
        )
    means = (f"{name} {exp(statistics.fmean(map(log, each))):.2f} x" for name, each in ratios.items())
    print(f"{'geometric mean':22}", "  ".join(means))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps({"ms": bound_ms(SHAPES[int(sys.argv[1])])}))
    else:
        main()
