"""What a diagnosis would take, in words and as JSON."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gradscope.build.memory import byte_words
from gradscope.effort.estimate import Estimate
from gradscope.numerals import count
from gradscope.render.sweep_estimate import duration
from gradscope.report import SCHEMA_VERSION, json_safe

_LABEL = 13
_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))


def text(estimates: Sequence[Estimate]) -> str:
    """Some lines for each."""
    return "\n".join(map(_lines, estimates))


def document(estimates: Sequence[Estimate]) -> str:
    """An object for one, a list of them under `estimates` for several."""
    plain = [_plain(one) for one in estimates]
    whole: Any = plain[0] if len(plain) == 1 else {"schema_version": SCHEMA_VERSION, "estimates": plain}
    return json.dumps(whole) + "\n"


FORMATS: dict[str, Callable[[Sequence[Estimate]], str]] = {"table": text, "json": document}


def _plain(estimate: Estimate) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(estimate)
    plain: dict[str, Any] = json_safe({"schema_version": SCHEMA_VERSION, **fields, "fits": estimate.fits})
    return plain


def _lines(estimate: Estimate) -> str:
    rows = (
        ("parameters", f"{estimate.parameters:,} in {count(estimate.layers, 'layer')}"),
        ("arithmetic", f"{_operations(estimate.flops)} in {count(estimate.trials, 'trial')}"),
        ("weights", _weights(estimate)),
        ("activations", f"{byte_words(estimate.passing_bytes)} a trial, with what is kept for the way back"),
        ("memory", _memory(estimate)),
        ("time", _time(estimate)),
    )
    return f"{estimate.source}\n" + "".join(f"  {label:<{_LABEL}}{words}\n" for label, words in rows)


def _operations(flops: float) -> str:
    size, prefix = next((each for each in _PREFIXES if flops >= each[0]), (1e6, "M"))
    return f"{flops / size:.3g} {prefix}FLOP"


def _weights(estimate: Estimate) -> str:
    words = f"{byte_words(estimate.weight_bytes)} a trial"
    if estimate.held_bytes >= estimate.weight_bytes:
        return f"{words}, all of it held"
    if not estimate.held_bytes:
        return f"{words}, none of it held; it is drawn twice"
    return f"{words}, {byte_words(estimate.held_bytes)} of it held; the rest is drawn twice"


def _memory(estimate: Estimate) -> str:
    words = f"{byte_words(estimate.peak_bytes)}, with {byte_words(estimate.free_bytes)} free"
    if not estimate.fits:
        return f"{words}: it does not fit"
    return words if estimate.together == 1 else f"{words}; {estimate.together} trials run side by side"


def _time(estimate: Estimate) -> str:
    total = duration(estimate.seconds)
    return total if total.startswith("less") else f"about {total}"
