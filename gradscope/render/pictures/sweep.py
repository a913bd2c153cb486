"""The pictures of a sweep: the map of verdicts over two axes, and the gain along each axis."""

from collections.abc import Iterator

from gradscope.render.pictures.picture import Bars, Line, Picture, Words, shares, values
from gradscope.render.verdicts import MARKS
from gradscope.sweeping.summary import AxisSummary, MapSummary, Summary


def sweep_pictures(found: Summary) -> Iterator[Picture]:
    """What there is to draw of a sweep."""
    if found.map is not None:
        yield _map(found.map)
    for number, axis in enumerate(found.axes):
        yield _verdicts(axis, number)
        if any(row.median_gain is not None for row in axis.values):
            yield _gains(axis, number)


def _map(found: MapSummary) -> Words:
    return Words(
        key="map",
        title="Verdicts",
        about="A cell is the verdict at that place, the worst of them where several points fall into it.",
        across=found.column_axis,
        down=found.row_axis,
        columns=found.columns,
        rows=found.rows,
        words=found.cells,
    )


def _verdicts(axis: AxisSummary, number: int) -> Bars:
    words = [word for word in MARKS if any(row.verdicts.get(word) for row in axis.values)]
    return Bars(
        key=f"verdicts{number}",
        title=f"Verdicts along {axis.name}",
        about="The share of the points at each value that has the verdict.",
        across=axis.name,
        labels=tuple(row.value for row in axis.values),
        ticks=shares("share of the points"),
        lines=tuple(
            Line(
                word.replace("_", "-"),
                tuple(row.verdicts.get(word, 0) / row.points if row.points else None for row in axis.values),
                tone=word,
            )
            for word in words
        ),
        most=1.0,
    )


def _gains(axis: AxisSummary, number: int) -> Bars:
    return Bars(
        key=f"gain{number}",
        title=f"Gain per layer along {axis.name}",
        about="The median factor on the gradient, a layer towards the input; 1 keeps it level.",
        across=axis.name,
        labels=tuple(row.value for row in axis.values),
        ticks=values("gain per layer"),
        lines=(Line("median gain", tuple(row.median_gain for row in axis.values)),),
    )
