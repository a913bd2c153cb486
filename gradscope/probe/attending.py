"""How attention spreads over its keys: the entropy of its weights, and what the favourite key of a head
gets."""

import numpy as np

from gradscope.engine import Array
from gradscope.probe.trace import Attending


def attending(weights: Array, *, causal: bool) -> Attending | None:
    """Entropy and favourite key of weights (B, H, T, S); queries that see a single key have no choice and do
    not count. None when there is no other."""
    queries, keys = weights.shape[2:]
    seen = np.arange(1, queries + 1) if causal else np.full(queries, keys)
    choosing = weights[:, :, seen > 1]
    if not choosing.size:
        return None
    logs = np.log(np.maximum(choosing, np.finfo(choosing.dtype).tiny))
    entropy = -np.vecdot(choosing, logs) / np.log(seen[seen > 1])
    favourite = choosing.mean(axis=2, dtype=np.float64).max(axis=-1)
    # Of weights that are all alike in float32, rounding makes a little more than everything.
    spread = min(float(entropy.mean(dtype=np.float64)), 1.0)
    return Attending(spread, float(favourite.mean(axis=0).max()))
