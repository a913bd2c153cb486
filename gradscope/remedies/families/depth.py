"""The remedy of fewer layers: the largest number of copies with which the config passes."""

from gradscope.remedies.remedy import Measure, Option, Situation
from gradscope.remedies.written import Loop


def shallower(at: Situation, measure: Measure) -> Option | None:
    """Halving between one copy and all of them, in the longest repeat."""
    loops = [loop for loop in at.written.loops if loop.copies > 1]
    if not loops:
        return None
    loop = max(loops, key=lambda loop: loop.copies)
    least, most, found = 1, loop.copies - 1, None
    while least <= most:
        middle = (least + most) // 2
        option = _with_copies(at, loop, middle)
        report = measure(option)
        if report is not None and not any(
            finding.severity in ("error", "warning") for finding in report.findings
        ):
            least, found = middle + 1, option
        else:
            most = middle - 1
    return found


def _with_copies(at: Situation, loop: Loop, count: int) -> Option:
    words = f"{count} instead of {loop.copies} copies"
    return Option(words, (at.written.set((*loop.path, "repeat"), count),))
