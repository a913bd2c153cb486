"""What there is to learn: a fixed random teacher that gives every sample its target."""

import math

import numpy as np

from gradscope.build import Plan
from gradscope.engine import Array
from gradscope.engine.random import Stream

HIDDEN = 16
"""Directions of the input that the teacher looks at: few, so that some hundred batches tell what they are."""

CALIBRATION = 256
"""Samples by which its scores are brought to mean 0 and variance 1."""


class Teacher:
    """Scores s = tanh(x V) U of every sample, or of every position where the outputs have them too.

    V and U are N(0, 1) from a stream of the trial; both products are standardised, so that classes are about
    equally frequent, whatever the inputs' mean and scale.
    """

    def __init__(self, plan: Plan, trial: int):
        self._form = plan.form
        self._outputs = plan.output_shape
        self._by_position = len(self._outputs) == 2 and self._outputs[0] == plan.form.shape[0]
        rng = Stream(plan.config.seed, trial, "teacher").generator()
        self._into = rng.standard_normal((self._directions(), HIDDEN))
        self._out = rng.standard_normal((HIDDEN, self._scores()))
        self._hidden = self._score = _AS_IT_IS
        samples = np.concatenate([plan.inputs(trial, number) for number in _numbers(plan)])
        with np.errstate(all="ignore"):
            self._hidden = _standard(self._project(samples))
            self._score = _standard(np.tanh(_moved(self._project(samples), self._hidden)) @ self._out)

    def scores(self, inputs: Array) -> Array:
        """About N(0, 1), one an output:   (B, ...) -> (B, *outputs), float64."""
        hidden = np.tanh(_moved(self._project(inputs), self._hidden))
        scores: Array = _moved(hidden @ self._out, self._score)
        return scores.reshape(len(inputs), *self._outputs)

    def _directions(self) -> int:
        if self._form.vocab is not None:
            return self._form.vocab
        return self._form.shape[-1] if self._by_position else math.prod(self._form.shape)

    def _scores(self) -> int:
        return self._outputs[-1] if self._by_position else math.prod(self._outputs)

    def _project(self, inputs: Array) -> Array:
        """x V:   -> (B, HIDDEN) or (B, T, HIDDEN); of tokens the mean over theirs."""
        if self._form.vocab is not None:
            rows: Array = self._into[inputs]
            return rows if self._by_position else rows.mean(axis=1)
        x = inputs if self._by_position else inputs.reshape(len(inputs), -1)
        projected: Array = x.astype(np.float64) @ self._into
        return projected


Scale = tuple[Array, Array]
"""Mean and standard deviation, by the last axis."""

_AS_IT_IS: Scale = (np.zeros(1), np.ones(1))


def _numbers(plan: Plan) -> range:
    wanted = math.ceil(CALIBRATION / plan.form.batch_size)
    return range(min(wanted, plan.outline.batch_count) if plan.outline.inputs.is_given else wanted)


def _standard(values: Array) -> Scale:
    axes = tuple(range(values.ndim - 1))
    spread = values.std(axis=axes)
    # Where all samples are alike, scores are zero: nothing can be told apart, nor divided by.
    return values.mean(axis=axes), np.where(spread > 0.0, spread, 1.0)


def _moved(values: Array, scale: Scale) -> Array:
    mean, spread = scale
    moved: Array = (values - mean) / spread
    return moved
