"""The exit codes, and what makes a finding count for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradscope.render.outcome import Outcome

FINDINGS = 1
WRONG_INPUT = 2
OUR_FAULT = 3
INTERRUPTED = 130

FAIL_ON: dict[str, tuple[str, ...]] = {
    "error": ("error",),
    "warning": ("error", "warning"),
    "never": (),
}
"""The severities that each value of --fail-on lets fail."""


def findings_code(outcome: Outcome) -> int:
    """`FINDINGS` when some finding is to fail the call, else 0."""
    failing = (outcome.fails(finding) for report in outcome.reports for finding in report.findings)
    return FINDINGS if any(failing) else 0
