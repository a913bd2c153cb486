"""How many points a sweep has, and of which kinds, in words."""

from gradscope.numerals import count
from gradscope.sweeping.summary import Summary


def totals(summary: Summary) -> str:
    """How many points there are, and of which kinds."""
    points = f"{summary.points:,} of {count(summary.most, 'point')}"
    if summary.points == summary.most:
        points = count(summary.most, "point")
    kinds = [f"{number:,} {word.replace('_', '-')}" for word, number in summary.verdicts.items()]
    return f"{points}: {', '.join(kinds)}" if kinds else points
