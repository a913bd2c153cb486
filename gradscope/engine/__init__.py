"""The mathematics: forward, backward and what is drawn, in NumPy alone. No config, no statistics, no
thresholds.

Axis letters, the same everywhere: **B** samples of a batch, **T** time or position, **I** fan in, **O** fan
out, **U** units of a layer, **C** channels, **H W** height and width, **R** rows of a product (B, or B·T).
Features are (B, I), sequences (B, T, I), images (B, C, H, W). z is before a non-linearity, a behind it; `dy`
is the gradient of the loss with respect to a layer's output, `dx` with respect to its input.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
else:
    # numpy.typing takes 5 ms to import, for a name that only a type checker reads.
    Array: TypeAlias = np.ndarray
"""A float32 or float64 array (integers only for classes and tokens)."""
