"""What a logarithm stands for, as a float and in words, also where it is no float any more."""

import math


def power_of_ten(log10: float, digits: int = 1) -> str:
    """10^log10 in scientific notation: -411.5 gives 3.2e-412; an exact zero (−inf) gives 0."""
    if not math.isfinite(log10):
        return {math.inf: "inf", -math.inf: "0"}.get(log10, "nan")
    exponent = math.floor(log10)
    mantissa = f"{10.0 ** (log10 - exponent):.{digits}f}"
    if mantissa.startswith("10"):
        mantissa, exponent = f"{1.0:.{digits}f}", exponent + 1
    return f"{mantissa}e{exponent:+03d}"


def factor(value: float) -> str:
    """A factor a layer: two decimals where these say something, else scientific notation."""
    return f"{value:.2f}" if value == 0.0 or 0.01 <= value < 1e4 else f"{value:.1e}"


def power10(log10: float) -> float:
    """10^log10 as a float: inf beyond the largest, 0 below the least."""
    try:
        return math.pow(10.0, log10)
    except OverflowError:
        return math.inf
