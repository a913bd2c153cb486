"""The pictures of activations: φ and φ′ of each, or of a few over each other."""

from collections.abc import Iterator, Sequence

from gradscope.render.pictures.picture import Line, Lines, values
from gradscope.theory.portrait import Curve, Portrait

MOST_TOGETHER = 6
"""Curves that can be told apart in one picture."""


def curve_pictures(portraits: Sequence[Portrait], *, together: bool) -> Iterator[Lines]:
    """Of those that have curves.

    Args:
        portraits: what is drawn.
        together: all φ in one picture and all φ′ in another, rather than a picture each.
    """
    drawn = [(found, found.curve) for found in portraits if found.curve is not None]
    if together and drawn:
        z = drawn[0][1].z
        yield _picture("phi", "φ", "", z, [Line(found.name, curve.value) for found, curve in drawn])
        slopes = [Line(found.name, curve.slope) for found, curve in drawn]
        yield _picture("slope", "φ′", "Where it is near zero, gradients end.", z, slopes)
        return
    for found, curve in drawn:
        yield _picture(found.name, found.name, found.summary, curve.z, _both(curve))


def _both(curve: Curve) -> list[Line]:
    return [Line("φ", curve.value), Line("φ′", curve.slope)]


def _picture(key: str, title: str, about: str, z: Sequence[float], lines: Sequence[Line]) -> Lines:
    return Lines(
        key=key,
        title=title,
        about=about,
        across="z",
        labels=tuple(f"{place:.2f}" for place in z),
        places=tuple(z),
        ticks=values(""),
        lines=tuple(lines),
        least=1.0,
    )
