"""What a sweep would take, in words."""

from gradscope.numerals import count
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
    is_about = estimate.points_are_about or estimate.is_about
    lines = [
        ("points", f"{_number(estimate.points, is_about=estimate.points_are_about)}{_kinds(design)}"),
        ("stored", f"{_number(estimate.stored, is_about=estimate.is_about)} in {store}"),
        ("missing", _number(estimate.missing, is_about=is_about)),
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


def _number(points: int, *, is_about: bool) -> str:
    """An estimate has no more than three digits."""
    return f"about {float(f'{points:.3g}'):,.0f}" if is_about else f"{points:,}"


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
    total = duration(estimate.missing * estimate.seconds / (jobs or 1))
    about = "" if total.startswith("less") else "at least " if estimate.is_at_least else "about "
    workers = "of one worker's" if jobs is None else f"with {count(jobs, 'job')}"
    tried = f"{_seconds(estimate.seconds)} a point, as {count(estimate.timed, 'point')} took"
    return f"{about}{total} {workers} ({tried})"


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1.0 else f"{1e3 * seconds:.3g} ms"
