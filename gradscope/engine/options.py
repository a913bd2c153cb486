"""Which values an option of an activation, initialiser, loss or input may take; says nothing about where they
are written.

The tables of the engine map names to functions, and the signature of such a function is the one home of its
options: their names, types, limits and defaults. A parameter before the `*` may be written short
(`leaky_relu: 0.2`).
"""

import math
from typing import Annotated, NamedTuple


class Within(NamedTuple):
    """The values a number may take: finite, low <= x <= high, x > above and x < below."""

    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf
    below: float = math.inf


Real = Annotated[float, Within()]
"""Any finite number."""
Positive = Annotated[float, Within(above=0.0)]
NotNegative = Annotated[float, Within(low=0.0)]
Fraction = Annotated[float, Within(low=0.0, high=1.0)]
Rate = Annotated[float, Within(low=0.0, below=1.0)]
Count = Annotated[int, Within(low=1)]
