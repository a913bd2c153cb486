"""The moments of a config's inputs where only its data know them: what theory begins with. Draws nothing."""

import numpy as np

from gradscope.build import Plan
from gradscope.theory.level import Level
from gradscope.theory.scatter import Deviation, Pair


def measured_inputs(plan: Plan) -> Level | None:
    """Moments of the first batch; None where they are known without it, or where it is tokens."""
    inputs, batch_size = plan.outline.inputs, plan.outline.batch_size
    if inputs.moments is not None or inputs.is_tokens:
        return None
    x = plan.batch(0)[0].astype(np.float64).reshape(batch_size, -1)
    with np.errstate(all="ignore"):  # data may be too large for the square of one, or no numbers
        squares = np.mean(x * x, axis=1)
        second, total = float(squares.mean()), x.sum(axis=0)
        pairs = float(np.dot(total, total)) - float(np.vdot(x, x))
        # Samples differ in size, but they are the same for every network.
        uneven = float(np.var(squares / second)) if second > 0.0 else 0.0
    count = batch_size * (batch_size - 1) * x.shape[1]
    spread = Pair(uneven, -uneven / max(batch_size - 1, 1))
    return Level(float(x.mean()), second, pairs / count if count else 0.0, Deviation(spread, -0.5 * uneven))
