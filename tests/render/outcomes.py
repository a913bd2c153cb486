"""What a call over several configs may bring: sick, healthy, broken, crashed and known ones, with hostile
names."""

import msgspec

from gradscope.baseline import Entry
from gradscope.errors import Place, Problem
from gradscope.render.outcome import Failure, Outcome
from gradscope.report import Report
from gradscope.repository import Repository
from tests.render import reports

HERE = Repository("/repo/networks", "/repo")


JUDGED = ("GS101", "GS102", "GS107", "GS201", "GS401")
"""Rules enough for all findings here; golden files must not change with every new rule."""


def judged(report: Report) -> Report:
    """As after these rules."""
    return msgspec.structs.replace(report, judged=JUDGED)


def broken() -> Failure:
    place = "configs/broken.yaml"
    return Failure(
        place,
        (
            Problem(Place(place, 4, 5), "layers[1]: there is no layer 'rleu'", "did you mean 'relu'?"),
            Problem(
                Place(place, 5, 7), "seed: expected a whole number of at least 0, got -1", "as in `seed: 0`"
            ),
            Problem(Place("--set sed"), "'sed' is neither a knob nor a key of the config", None),
        ),
    )


def crashed() -> Failure:
    fact = "internal error: ValueError: 50% of\nx, y: z"
    return Failure("crash.yaml", (Problem(Place("crash.yaml"), fact, "please report it"),), is_internal=True)


def mixed() -> Outcome:
    """One of each kind, called from inside the repository."""
    results = (
        judged(reports.vanishing()),
        broken(),
        judged(reports.single()),
        judged(reports.dead_relu()),
        crashed(),
        judged(reports.explained()),
        judged(reports.non_finite()),
    )
    return Outcome(results, several=True, repository=HERE)


def hostile() -> Outcome:
    """Names with everything that XML, Markdown, URIs and workflow commands treat in a way of their own."""
    sick = reports.vanishing()
    message = 'a <b> & "c" 100% | ::error::\x1b[31m\nnext, line: ]]>'
    finding = msgspec.structs.replace(sick.findings[0], message=message, layer="層 1")
    source = "configs/a b,c:d%20<e>&\x07\udce9ü.yaml"
    report = msgspec.structs.replace(sick, source=source, name="\x00\x1b", findings=(finding,))
    failure = Failure(source, (Problem(Place(source, 1, 1), message, None),))
    return Outcome((judged(report), failure), several=True, repository=HERE)


def compared() -> Outcome:
    """With a baseline that knows one of several findings, and others that nobody finds any more."""
    dead = judged(reports.dead_relu())
    known, *new = dead.findings
    marked = msgspec.structs.replace(dead, findings=(msgspec.structs.replace(known, known=True), *new))
    gone = tuple(Entry("networks/gone.yaml", "GS101", f"dense{number}", "error") for number in range(7))
    unknown_rule = Entry("networks/gone.yaml", "GS999", None, "note")
    return Outcome(
        (marked, judged(reports.single())),
        several=True,
        repository=HERE,
        fixed=(*gone, unknown_rule),
    )


def empty() -> Outcome:
    """Nothing was to be done."""
    return Outcome((), several=True)


OUTCOMES = {made.__name__: made for made in (mixed, hostile, compared, empty)}
