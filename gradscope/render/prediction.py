"""What theory predicts, as text: a table, JSON, CSV or Markdown. Computes nothing of it."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from gradscope.numerals import plural
from gradscope.outlook import Outlook
from gradscope.render.bars import Scale, bar, scale_of
from gradscope.render.characters import legend, visible
from gradscope.render.findings import sentence
from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint
from gradscope.render.quantities import norm, ratio, share, value
from gradscope.render.spans import Line, hanging, padded, width
from gradscope.report import SCHEMA_VERSION, json_safe
from gradscope.theory.backward import LayerPrediction
from gradscope.theory.unit import Unit

ENDS = 12
"""Rows kept at either end of a long table."""
MOST_BAR = 24
MOST_PROSE = 100
_GAP = "  "


FIELDS = (
    "name",
    "second_moment",
    "gradient_gain",
    "log10_l2_ratio",
    "log10_shift",
    "log10_spread",
    "dead_fraction",
)
"""Of a layer, in JSON and CSV."""

Render = Callable[[Outlook, RenderOptions], str]

MEANINGS = {
    "layer": "every layer, from the input on",
    "E h²": "second moment of its output",
    "gain": "factor on the gradient's norm across the layer, going towards the input",
    "|∂L/∂y|": "the gradient's norm over that at the last flow point; the bar is its log10",
    "±": "standard deviation of its log10 over single draws",
    "dead": "expected share of units that are dead on the batch",
}
HEADS = (*MEANINGS,)


def render_table(found: Outlook, options: RenderOptions) -> str:
    """A page, or with `quiet` one line."""
    if options.quiet:
        return paint([_quiet(found, options)], options)
    return paint(_page(found, options), options)


def render_json(found: Outlook, options: RenderOptions) -> str:
    """Valid JSON; numbers that are none as words."""
    prediction, unit = found.prediction, found.prediction.unit
    document = {
        "schema_version": SCHEMA_VERSION,
        "name": found.config.name,
        "source": found.config.source,
        "layers": [_plain(layer) for layer in prediction.layers],
        "flow": msgspec.to_builtins(prediction.flow) | {"risk": prediction.flow.risk},
        "chi_1": unit and unit.chi_1,
        "depth_scale": unit and unit.depth_scale,
        "phase": unit and unit.phase,
        "survives": unit and unit.survives,
        "correlation": unit and unit.correlation,
        "unreached": prediction.unreached,
        "findings": msgspec.to_builtins(found.findings),
    }
    return json.dumps(json_safe(document), indent=2, allow_nan=False) + "\n"


def render_csv(found: Outlook, options: RenderOptions) -> str:
    """A row a layer, headed by the names of the JSON."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["config", *FIELDS], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"config": found.config.name, **_plain(layer)} for layer in found.prediction.layers)
    return text.getvalue()


def render_markdown(found: Outlook, options: RenderOptions) -> str:
    """A section with the table and the facts below it."""
    from gradscope.render.markdown import escaped

    lines = [
        f"## {escaped(found.config.name)}",
        "",
        f"| {' | '.join(map(escaped, HEADS))} |",
        "|---|" + "---:|" * 5,
    ]
    for row in _shown(found.prediction.layers, options):
        cells = [row, "", "", "", "", ""] if isinstance(row, str) else _cells(row)
        lines.append(f"| {' | '.join(map(escaped, cells))} |")
    lines += ["", *(f"- **{escaped(label)}** {escaped(words)}" for label, words in _facts(found))]
    return "\n".join(lines) + "\n"


RENDERERS: dict[str, Render] = {
    "table": render_table,
    "json": render_json,
    "csv": render_csv,
    "markdown": render_markdown,
}


def _page(found: Outlook, options: RenderOptions) -> Iterator[Line]:
    def safe(text: str) -> str:
        return visible(text, unicode=options.unicode)

    layers, prose = found.prediction.layers, min(options.width, MOST_PROSE)
    yield ((safe(found.config.name), "bold"), (f"  {safe(found.config.source)}", "dim"))
    yield ()
    if layers:
        yield from _table(layers, options)
        yield ()
    for label, words in _facts(found):
        yield from hanging((padded(label, 11), "bold"), safe(words), "", prose)
    if options.verbose and layers:
        yield ()
        for head, meaning in MEANINGS.items():
            label = legend(padded(head, 11), unicode=options.unicode)
            yield from hanging((label, "bold"), legend(meaning, unicode=options.unicode), "dim", prose)


def _table(layers: Sequence[LayerPrediction], options: RenderOptions) -> Iterator[Line]:
    rows = list(_shown(layers, options))
    cells = [_cells(row) for row in rows if not isinstance(row, str)]
    widths = [max(width(head), *(width(row[n]) for row in cells)) for n, head in enumerate(HEADS)]
    left = options.width - sum(widths) - len(_GAP) * len(widths)
    scale = scale_of(layer.log10_l2_ratio for layer in layers)
    bars = min(MOST_BAR, left) if left >= 8 else 0
    head = _GAP.join(padded(text, widths[n], right=n > 0) for n, text in enumerate(HEADS))
    yield ((head, "bold"), (_GAP + scale.head(bars), "dim"))
    yield (("─" * (sum(widths) + len(_GAP) * len(widths) + bars), "dim"),)
    for row in rows:
        if isinstance(row, str):
            yield ((row, "dim"),)
        else:
            yield _line(row, widths, scale, bars, options)


def _line(
    layer: LayerPrediction, widths: Sequence[int], scale: Scale, bars: int, options: RenderOptions
) -> Line:
    name, *numbers = _cells(layer)
    words = [padded(visible(name, unicode=options.unicode), widths[0])]
    words += [padded(text, widths[n + 1], right=True) for n, text in enumerate(numbers)]
    distance = abs(layer.log10_l2_ratio)
    style = "green" if distance <= 1.0 else "yellow" if distance < 3.0 else "red"
    return ((_GAP.join(words), ""), (_GAP + bar(layer.log10_l2_ratio, scale, bars), style))


def _cells(layer: LayerPrediction) -> list[str]:
    return [
        layer.name,
        value(layer.second_moment),
        value(layer.gradient_gain),
        norm(layer.log10_l2_ratio),
        f"{layer.log10_spread:.2f}",
        share(layer.dead_fraction),
    ]


def _shown(layers: Sequence[LayerPrediction], options: RenderOptions) -> Iterator[LayerPrediction | str]:
    hidden = len(layers) - 2 * ENDS
    if options.full or hidden < 4:
        yield from layers
        return
    yield from layers[:ENDS]
    yield f"... {hidden:,} more layers; --full shows them"
    yield from layers[-ENDS:]


def _facts(found: Outlook) -> Iterator[tuple[str, str]]:
    prediction, flow = found.prediction, found.prediction.flow
    if prediction.layers:
        gain = "" if flow.gain_per_layer is None else f", gain per layer {value(flow.gain_per_layer)}"
        yield "flow", f"first/last {ratio(flow.log10_ratio)}{gain}"
    if prediction.unit:
        yield from _unit_facts(prediction.unit)
    if prediction.unreached:
        yield "unreached", f"theory stops at {prediction.unreached}; gradscope run measures it"
    for finding in found.findings:
        yield finding.severity, f"{finding.rule} {finding.name}, {sentence(finding)}"


def _unit_facts(unit: Unit) -> Iterator[tuple[str, str]]:
    yield (
        "chi_1",
        f"{unit.chi_1:.6g}, the factor on the squared gradient a layer where the network has settled",
    )
    yield "phase", _PHASES[unit.phase]
    if unit.phase == "critical":
        yield "depth", "a signal survives any depth of this"
    else:
        layers = plural(round(unit.survives, 0), "layer")
        yield (
            "depth",
            f"a signal survives about {unit.survives:,.0f} {layers} of this: there its gradient has changed "
            f"a thousandfold (depth scale {value(unit.depth_scale)})",
        )


_PHASES = {
    "ordered": "ordered: gradients fade, and inputs become alike",
    "critical": "critical: gradients keep their size at the edge of chaos",
    "chaotic": "chaotic: gradients grow, and small differences too",
}


def _quiet(found: Outlook, options: RenderOptions) -> Line:
    unit = found.prediction.unit
    words = f"{unit.phase if unit else 'unknown':<10}  {norm(found.prediction.flow.log10_ratio):>8}  "
    return ((words, ""), (visible(found.config.name, unicode=options.unicode), ""))


def _plain(layer: LayerPrediction) -> dict[str, Any]:
    return {name: json_safe(getattr(layer, name)) for name in FIELDS}
