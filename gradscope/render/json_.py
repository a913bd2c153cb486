"""The report as JSON: exactly its dictionary, or a list of them when the call was for several configs."""

import json

from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.report import SCHEMA_VERSION


def render(outcome: Outcome, options: RenderOptions) -> str:
    """Valid JSON in ASCII, the same for every terminal."""
    reports = [report.to_dict() for report in outcome.reports]
    document = {"schema_version": SCHEMA_VERSION, "reports": reports} if outcome.several else reports[0]
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
