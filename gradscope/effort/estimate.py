"""What a diagnosis would take, from what there is to do and how fast the machine is. Runs nothing."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from gradscope.build import Plan
from gradscope.build.free_memory import available_bytes
from gradscope.effort.machine import Rates, measured_rates, stated_rates
from gradscope.effort.work import Work, work_of

ENTRY_PASSES = 50
"""What all work on an entry of a layer's output costs, in passes over an entry in cache (measured)."""

PATCH_PASSES = 11
"""What an entry of a convolution's windows costs, likewise."""

WEIGHT_PASSES = 14
"""What an entry of a weight costs besides drawing and multiplying, likewise."""

CALLS = 230
"""What a layer costs whatever its size, in calls of NumPy."""

JUDGING_CALLS = 600
"""What a layer costs once all trials are over, in calls of NumPy: theory, rules, causes."""

SHARING = 0.85
"""What a further thread adds to the speed of work on large arrays: 1 would be a whole thread's worth."""


class Estimate(Struct, frozen=True, kw_only=True):
    """What the diagnosis of a config would take."""

    name: str
    source: str
    layers: int
    parameters: int
    trials: int
    flops: float
    """Multiplications and additions of all trials."""
    weight_bytes: int
    """The weights of one trial."""
    held_bytes: int
    """The part of them that is kept from the way forward to the way back; the rest is drawn twice."""
    passing_bytes: int
    """One trial's batch and outputs, and what is kept of them for the way back."""
    peak_bytes: int
    """The most at once, of all trials that run side by side."""
    free_bytes: int
    together: int
    """Trials side by side."""
    seconds: float

    @property
    def fits(self) -> bool:
        """Whether there is room for one trial at least."""
        return self.peak_bytes <= self.free_bytes


class Terms(NamedTuple):
    """How it is to be run."""

    trials: int
    jobs: int
    memory: int | None = None


def most_seconds(plan: Plan, trials: int) -> float:
    """What a plan takes at most on the machine that is known, one thread of it and no memory to spare: every
    weight is drawn twice."""
    work = _work(plan)
    return _seconds(plan, work, stated_rates(work), again=1.0, terms=Terms(trials, 1), together=1)


def estimate(plan: Plan, terms: Terms, rates: Rates | None = None) -> Estimate:
    """What a plan would take; rates are measured now where none are given."""
    config, needs, work = plan.config, plan.needs, _work(plan)
    shares = plan.allotment(trials=terms.trials, jobs=terms.jobs, memory=terms.memory)
    held = min(shares.hold, needs.weights)
    again = 1.0 - held / needs.weights if needs.weights else 0.0
    seconds = _seconds(
        plan, work, rates or measured_rates(work), again=again, terms=terms, together=shares.together
    )
    return Estimate(
        name=config.name,
        source=config.source,
        layers=work.layers,
        parameters=needs.weights // plan.form.dtype.itemsize,
        trials=terms.trials,
        flops=work.flops * terms.trials,
        weight_bytes=needs.weights,
        held_bytes=held,
        passing_bytes=needs.passing,
        peak_bytes=needs.besides(shares.together, terms.jobs) + shares.together * held,
        free_bytes=available_bytes(),
        together=shares.together,
        seconds=seconds,
    )


def _work(plan: Plan) -> Work:
    return work_of(plan.steps(), plan.config.batch.size, plan.config.batch.count)


def _seconds(plan: Plan, work: Work, rates: Rates, *, again: float, terms: Terms, together: int) -> float:
    """Trials that run side by side share the threads; what a call takes they do one after the other."""
    products = (2.0 * work.products + work.norm_products) * rates.product
    drawing = _sum(work.drawn, rates.drawn) + _sum(work.whole, rates.whole)
    weights = sum(work.drawn.values()) * WEIGHT_PASSES * rates.entry
    passes = work.entries * ENTRY_PASSES + work.patches * PATCH_PASSES
    passing = passes * rates.entry + _sum(work.activated, rates.activated)
    inner = max(1, terms.jobs // together)
    threads = 1.0 + (inner - 1) * SHARING * work.split
    large = (products + drawing * (1.0 + again) + weights) / threads + passing
    rounds = math.ceil(terms.trials / together)
    calls = terms.trials * work.calls * CALLS + work.layers * JUDGING_CALLS
    seconds = rounds * large + calls * rates.call
    return seconds * (2.0 if plan.config.dtype == "float64" else 1.0)


def _sum(amounts: Mapping[Any, float], rates: Mapping[Any, float]) -> float:
    return sum(amount * rates[kind] for kind, amount in amounts.items())
