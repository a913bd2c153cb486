"""Numbers in words: what a logarithm stands for, also where it is no float any more, and how many."""

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


def count(number: int, noun: str, nouns: str = "") -> str:
    """A number of things: `1 trial`, `3 trials`, `1,024 samples`."""
    return f"{number:,} {plural(number, noun, nouns)}"


def plural(number: float, noun: str, nouns: str = "") -> str:
    """What that many of a thing are called; `nouns` where they take more than an s."""
    return noun if number == 1 else nouns or f"{noun}s"
