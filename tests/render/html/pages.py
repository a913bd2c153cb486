"""Pages of every kind, made from records that were written by hand."""

import math
from collections.abc import Callable

import msgspec

from gradscope.comparing.comparison import Side, compare
from gradscope.probe.steps import StepLayer, TrainingStep
from gradscope.probe.summary import Expected, FlowSummary
from gradscope.render import COMPACT_RENDERERS, render
from gradscope.render.compared import Compared
from gradscope.render.compared import render as render_compared
from gradscope.render.html import sweep, training
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from gradscope.report import Report, TrainingReport, TrainingSetup
from gradscope.sweeping.summary import (
    AxisSummary,
    FailureSummary,
    MapSummary,
    PointSummary,
    Summary,
    ValueSummary,
)
from tests.render import outcomes, reports

OPTIONS = RenderOptions()


def run(*made: Report) -> str:
    return render("html", Outcome(made, several=len(made) > 1), OPTIONS)


def predicted(report: Report, gain: float = 0.2) -> Report:
    """Theory that says what was measured, up to the second decimal."""
    points = [layer for layer in report.layers if layer.flow_point]
    last = points[-1].output_grad.log10_l2
    expected = {
        layer.name: Expected(last + math.log10(gain) * (len(points) - 1 - number), 0.05, 0.0, None)
        for number, layer in enumerate(points)
    }
    layers = (msgspec.structs.replace(layer, theory=expected.get(layer.name)) for layer in report.layers)
    return msgspec.structs.replace(report, layers=tuple(layers))


def compared(a: Report, b: Report) -> str:
    return render_compared(
        "html", Compared(compare(Side(a.source, a), Side(b.source, b)), ("error",)), OPTIONS
    )


def check(outcome: Outcome) -> str:
    return render("html", outcome, OPTIONS, COMPACT_RENDERERS)


WORDS = ("healthy", "warning", "saturated", "dead", "vanishing", "exploding", "non_finite", "failed")


def summary(rows: int = 5, columns: int = 8) -> Summary:
    axes = tuple(
        AxisSummary(
            name=name,
            values=tuple(
                ValueSummary(
                    value=f"{number / 3}",
                    points=4,
                    verdicts={WORDS[number % 8]: 3, "healthy": 1},
                    median_gain=None if number == 2 else 0.9**number,
                )
                for number in range(count)
            ),
        )
        for name, count in (("init.gain", rows), ("depth", columns))
    )
    cells = tuple(
        tuple(None if (r, c) == (1, 1) else WORDS[(r + c) % 8] for c in range(columns)) for r in range(rows)
    )
    point = PointSummary(
        verdict="healthy",
        log10_ratio=-0.01,
        gain_per_layer=0.99,
        axes={"depth": 4},
        command="gradscope run 'a b.yaml' --set depth=4",
    )
    return Summary(
        name="<script>alert(1)</script>",
        points=rows * columns,
        most=rows * columns,
        verdicts={"healthy": 30, "failed": 10},
        axes=axes,
        map=MapSummary(
            row_axis="init.gain",
            column_axis="depth",
            rows=tuple(row.value for row in axes[0].values),
            columns=tuple(row.value for row in axes[1].values),
            cells=cells,
        ),
        best=(point,),
        worst=(msgspec.structs.replace(point, verdict="failed", log10_ratio=None),),
        failures=(FailureSummary(error='a < b & "c"', points=2, command="gradscope run x"),),
        kinds_of_failures=1,
        other_sweeps=0,
    )


def trained(layers: int = 6, steps: int = 9, *, broken: bool = False) -> TrainingReport:
    """A net whose ReLUs die from the input on, and which ends in a NaN when `broken`."""
    start = reports.dead_relu()
    measured = tuple(
        _step(number * 10, layers, math.nan if broken and number == steps - 1 else None)
        for number in range(steps)
    )
    return TrainingReport(
        **{name: getattr(start, name) for name in start.__struct_fields__},
        training=TrainingSetup(
            steps=80, optimizer="sgd", options={}, lr=0.5, clip=1.0, every=10, targets="teacher"
        ),
        steps=measured,
        losses=tuple(2.3 * 0.97**number for number in range(10 * steps - 9)),
        ended="non_finite" if broken else "done",
    )


def _step(step: int, layers: int, number: float | None) -> TrainingStep:
    made = []
    for index in range(layers):
        log10 = -0.01 * step * (layers - index) if number is None else number
        made.append(_layer(f"dense{index + 1}", log10, None))
        made.append(_layer(f"relu{index + 1}", log10, min(1.0, 0.01 * step)))
    flow = FlowSummary(made[0].output_grad.log10_l2, None, None, 0.0)
    return TrainingStep(
        step=step,
        loss=2.3,
        gradient=reports.norm(-1.0),
        clipped_fraction=0.0,
        failed_trials=0,
        flow=flow,
        layers=tuple(made),
    )


def _layer(name: str, log10: float, dead: float | None) -> StepLayer:
    return StepLayer(
        name=name,
        output_grad=reports.norm(log10),
        weight_grad=reports.norm(log10) if dead is None else None,
        update_ratio=None,
        step_ratio=None,
        distance=0.1 if dead is None else None,
        output=reports.OUTPUT,
        dead_fraction=dead,
        inactive_fraction=None,
        saturated_fraction=None,
    )


PAGES: dict[str, Callable[[], str]] = {
    "run": lambda: run(reports.dead_relu()),
    "predicted": lambda: run(predicted(reports.vanishing())),
    "explained": lambda: run(reports.explained()),
    "single": lambda: run(reports.single()),
    "non_finite": lambda: run(reports.non_finite()),
    "extreme": lambda: run(reports.extreme()),
    "hostile": lambda: run(reports.hostile()),
    "several": lambda: run(reports.residual(), reports.vanishing(), reports.dead_relu()),
    "broken": lambda: render("html", outcomes.mixed(), OPTIONS),
    "check": lambda: check(outcomes.mixed()),
    "check_hostile": lambda: check(outcomes.hostile()),
    "check_known": lambda: check(outcomes.compared()),
    "check_empty": lambda: check(outcomes.empty()),
    "compared": lambda: compared(reports.dead_relu(), reports.explained()),
    "compared_hostile": lambda: compared(reports.hostile(), reports.non_finite()),
    "sweep": lambda: sweep.render(summary(), OPTIONS),
    "training": lambda: training.render(trained(), OPTIONS),
    "training_broken": lambda: training.render(trained(broken=True), OPTIONS),
}
