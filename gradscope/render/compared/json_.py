"""The comparison as JSON: both sides in short, every layer of either with what changed, findings gained and
lost."""

import json
from typing import Any

import msgspec

from gradscope.comparing.comparison import LayerPair, Side
from gradscope.probe.summary import LayerSummary
from gradscope.render.compared import Compared
from gradscope.render.options import RenderOptions
from gradscope.report import SCHEMA_VERSION, json_safe


def render(found: Compared, options: RenderOptions) -> str:
    """Valid JSON in ASCII; what is no number is a word."""
    comparison = found.comparison
    document = {
        "schema_version": SCHEMA_VERSION,
        "a": _side(comparison.a),
        "b": _side(comparison.b),
        "flow": {"log10_ratio": comparison.log10_ratio, "gain_factor": comparison.gain_factor},
        "layers": [_layer(pair) for pair in comparison.layers],
        "gained": msgspec.to_builtins(comparison.findings.gained),
        "lost": msgspec.to_builtins(comparison.findings.lost),
        "unjudged": list(comparison.findings.unjudged),
        "unlike": list(comparison.unlike),
        "worse": found.is_worse,
    }
    return json.dumps(json_safe(document), indent=2, allow_nan=False) + "\n"


def _side(side: Side) -> dict[str, Any]:
    report = side.report
    fields = (
        "name",
        "source",
        "config_sha256",
        "gradscope_version",
        "seed",
        "trials",
        "parameters",
        "verdict",
    )
    return {
        "label": side.label,
        **{field: getattr(report, field) for field in fields},
        "loss": msgspec.to_builtins(report.loss),
        "flow": msgspec.to_builtins(report.flow),
    }


def _layer(pair: LayerPair) -> dict[str, Any]:
    present = pair.b or pair.a
    return {
        "name": pair.name,
        "kind": None if present is None else present.kind,
        "only": pair.only,
        "a": None if pair.a is None else figures(pair.a),
        "b": None if pair.b is None else figures(pair.b),
        "change": msgspec.to_builtins(pair.change),
    }


def figures(layer: LayerSummary) -> dict[str, Any]:
    """The numbers of one layer that are compared, named as the changes are."""
    return {
        "output_grad": layer.output_grad.log10_l2,
        "weight_grad": layer.weight_grad and layer.weight_grad.log10_l2,
        "update_ratio": layer.update_ratio,
        "output_rms": layer.output.rms,
        "dead_fraction": layer.dead_fraction,
        "saturated_fraction": layer.saturated_fraction,
    }
