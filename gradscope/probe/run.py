"""One way through a network and back for every batch of every trial; returns the Trace."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from gradscope.engine import Array
from gradscope.engine.axes import entries, sample_rows
from gradscope.engine.network import Network
from gradscope.engine.outline import Outline
from gradscope.engine.sequence import SILENT
from gradscope.engine.threads import jobs_limit, one_blas_thread, side_by_side
from gradscope.probe.averages import (
    geometric_mean,
    mean,
    mean_range,
    mean_record,
    mean_steps,
    optional_mean,
    optional_record,
)
from gradscope.probe.behind import listening
from gradscope.probe.flow import measure_flow
from gradscope.probe.listener import Heard, TrialListener
from gradscope.probe.pace import Pace
from gradscope.probe.stats import cosine_gaps, moments
from gradscope.probe.together import each
from gradscope.probe.trace import Measured, Moments, Norm, Samples, Trace, TrialTrace, Units

RARELY = 0.01
"""Units active on fewer than this share of the samples."""

Batch = tuple[Array, Array]


def measure(
    outline: Outline,
    network: Callable[[int], Network],
    batch: Callable[[int, int], Batch],
    *,
    trials: int,
    jobs: int = 1,
    together: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Trace:
    """Build, run and measure every trial.

    Args:
        outline: what is known of the network beforehand.
        network: trial -> the network with that trial's weights.
        batch: (trial, number) -> inputs and targets.
        trials: independent draws of weights and batches.
        jobs: threads to use at most; results do not depend on it.
        together: trials that may run side by side, where memory does not let all of them; fewer have more
            threads each.
        progress: told the number of finished trials after each, and with parts of one where it takes seconds.
    """
    pace = Pace(2 * len(outline.layers) * outline.batch_count, progress) if progress else None

    def run(trial: int) -> TrialTrace:
        # NumPy keeps its error state per context: every thread says anew that overflow is a finding, no
        # warning.
        with np.errstate(all="ignore"):
            numbers = range(outline.batch_count)
            batches = ((n, batch(trial, n)) for n in numbers)
            traced = run_trial(outline, network(trial), batches, TrialListener(pace or SILENT))
        if pace is not None:
            pace.finish()
        return traced

    # Where as many may run as there are threads, nobody has to wait for the others of his group.
    size = trials if together is None or together >= jobs else together
    groups = (range(first, min(first + size, trials)) for first in range(0, trials, size))
    with one_blas_thread(), jobs_limit(jobs):
        found = [traced for group in groups for traced in side_by_side(run, group)]
        return Trace(outline=outline, trials=tuple(found))


def run_trial(
    outline: Outline,
    network: Network,
    batches: Iterable[tuple[int, Batch]],
    listener: TrialListener | None = None,
) -> TrialTrace:
    """What is measured of one network on batches, each with the number of its pass.

    Args:
        outline: what is known of it beforehand.
        network: with its weights.
        batches: number of the pass, inputs and targets.
        listener: one that has heard nothing yet, where not everything is to be measured.
    """
    listener = listener or TrialListener()
    seen: list[Moments] = []
    gaps: list[float | None] = []
    losses: list[float] = []
    for number, (inputs, targets) in batches:
        # The numbers of tokens are names: there is nothing between them.
        is_tokens = bool(outline.inputs.is_tokens)
        seen += each(moments, [entries(inputs.astype(np.float64) if is_tokens else inputs)])
        directed = seen[-1].is_finite and len(inputs) > 1 and not is_tokens
        gaps += each(cosine_gaps, [sample_rows(inputs)]) if directed else [None]
        listener.begin(seen[-1])
        with listening(listener, outline, len(inputs)) as heard:
            loss, _ = network.backpropagate(inputs, targets, heard, number)
        listener.loss(loss)
        if loss is not None:
            losses.append(loss)
    layers = {info.name: _measured(listener.heard[info.name]) for info in outline.layers}
    return TrialTrace(
        inputs=mean_record(seen),
        input_cosine_gap=optional_mean(gaps),
        layers=tuple(layers.values()),
        loss=optional_mean(losses),
        flow=measure_flow([layers[info.name].output_grad.log10_l2 for info in outline.flow_points]),
        origin=listener.origin,
    )


def _measured(heard: Heard) -> Measured:
    """The averages over a trial's batches: of logarithms for norms, of values for the rest; units over all of
    them."""
    return Measured(
        output=mean_record(heard.output),
        cosine_gap=optional_mean(heard.cosine_gap),
        output_grad=_mean_norm(heard.output_grad),
        gradients={role: _mean_norm(norms) for role, norms in heard.gradients.items()},
        weight_log10_rms=heard.weight_log10_rms,
        samples=_mean_samples(heard.samples),
        units=_units(heard),
        saturated_fraction=optional_mean(heard.saturated),
        range=mean_range(heard.range),
        parts={name: _mean_norm(norms) for name, norms in heard.parts.items()},
        time={direction: mean_steps(steps) for direction, steps in heard.time.items()},
        attention=optional_record(heard.attention),
    )


def _units(heard: Heard) -> Units | None:
    if heard.active is None:
        return None
    return Units(
        dead_fraction=int(np.count_nonzero(heard.active == 0)) / heard.active.size,
        inactive_fraction=1.0 - float(heard.active.sum()) / (heard.entries * heard.active.size),
        rarely_active_fraction=int(np.count_nonzero(heard.active < RARELY * heard.entries))
        / heard.active.size,
    )


def _mean_norm(norms: Sequence[Norm]) -> Norm:
    return (
        norms[0]
        if len(norms) == 1
        else Norm(geometric_mean([norm.log10_l2 for norm in norms]), norms[0].size)
    )


def _mean_samples(samples: Sequence[Samples]) -> Samples | None:
    if len(samples) < 2:
        return samples[0] if samples else None
    scales = [sample.noise_scale for sample in samples if sample.noise_scale is not None]
    return Samples(
        geometric_mean([sample.log10_mean_l2 for sample in samples]), mean(scales) if scales else None
    )
