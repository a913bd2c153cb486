"""What a sweep would take, in words."""

from gradscope.render.quantities import count
from gradscope.sweeping.estimate import Estimate
from gradscope.sweeping.grid import Design

_LABEL = 10


def render(estimate: Estimate, design: Design, jobs: int | None, store: str) -> str:
    """A few lines.

    Args:
        estimate: what was found out.
        design: of the sweep.
        jobs: processes it would have; None on a cluster, of which nothing is known.
        store: the path of its store.
    """
    about = "about " if estimate.is_about else ""
    lines = [
        ("points", f"{estimate.points:,}{_kinds(design)}"),
        ("stored", f"{about}{estimate.stored:,} in {store}"),
        ("missing", f"{about}{estimate.missing:,}"),
        ("time", _time(estimate, jobs)),
    ]
    return "".join(f"{label:<{_LABEL}}{words}\n" for label, words in lines)


def duration(seconds: float) -> str:
    """Seconds in the two largest units that say something: `3 min 20 s`."""
    if seconds < 1.0:
        return "less than a second"
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    rest = round(seconds)
    words: list[str] = []
    for name, size in units:
        number, rest = divmod(rest, size)
        if number or words:
            words.append(f"{number} {name}")
    return " ".join(words[:2])


def _kinds(design: Design) -> str:
    sizes = [f"{group[0].name} ({len(group[0])})" for group in design.dimensions if len(group[0])]
    words = f": {' x '.join(sizes)}" if len(sizes) == len(design.dimensions) else ""
    drawn = "" if design.draws is None else f", drawn at random with seed {design.draws.seed}"
    kept = "" if design.where is None else f", where {design.where.text}"
    return words + drawn + kept


def _time(estimate: Estimate, jobs: int | None) -> str:
    if not estimate.missing:
        return "none: everything is stored"
    if estimate.seconds is None:
        return "unknown: none of the points that were tried could be computed"
    source = f"as {count(estimate.timed, 'point')} took" if estimate.timed else "as those in the store took"
    if jobs is None:
        total = duration(estimate.missing * estimate.seconds)
        return f"{total} of one worker's ({1e3 * estimate.seconds:.3g} ms a point, {source})"
    total = duration(estimate.missing * estimate.seconds / jobs)
    about = "" if total.startswith("less") else "about "
    return f"{about}{total} with {count(jobs, 'job')} ({1e3 * estimate.seconds:.3g} ms a point, {source})"
