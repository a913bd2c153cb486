"""What layers and knobs may be called."""

import re

NAME = "[A-Za-z_][A-Za-z0-9_]*"
"""As a regular expression, also of other languages than this."""

ADVICE = "use letters from a to z, digits and _, and no digit first"
"""What to do about a name that is none."""


def is_name(text: str) -> bool:
    """Whether something may be called so."""
    return re.fullmatch(NAME, text) is not None
