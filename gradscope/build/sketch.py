"""The outline of a network that is never run: its layers and their laws, whatever memory a pass would
need."""

from gradscope.build.plan import Plan
from gradscope.config.schema import Config
from gradscope.errors import Problems


class Sketch(Plan):
    """The plan of a network that is looked at and never run."""

    def _check_memory(self, problems: Problems) -> bool:
        return True


def sketch(config: Config, problems: Problems) -> Sketch | None:
    """The plan of a config; None with the reasons noted where it has mistakes."""
    plan = Sketch(config, problems)
    return None if problems.found else plan
