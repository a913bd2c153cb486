"""gradscope finds vanishing and exploding gradients and dead units in a network config before it is
trained."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gradscope.build import build_network, make_batch
    from gradscope.diagnosis import diagnose
    from gradscope.errors import ConfigError, GradscopeError
    from gradscope.loading import load_config
    from gradscope.report import Report
    from gradscope.sweeping.outcome import SweepPoint
    from gradscope.sweeping.sweep import sweep

__all__ = [
    "ConfigError",
    "GradscopeError",
    "Report",
    "SweepPoint",
    "__version__",
    "build_network",
    "diagnose",
    "load_config",
    "make_batch",
    "sweep",
]

_HOMES = {
    "ConfigError": "gradscope.errors",
    "GradscopeError": "gradscope.errors",
    "Report": "gradscope.report",
    "SweepPoint": "gradscope.sweeping.outcome",
    "build_network": "gradscope.build",
    "diagnose": "gradscope.diagnosis",
    "load_config": "gradscope.loading",
    "make_batch": "gradscope.build",
    "sweep": "gradscope.sweeping.sweep",
}


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that `gradscope --help` needs no NumPy.
    if name not in _HOMES:
        raise AttributeError(f"module 'gradscope' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
