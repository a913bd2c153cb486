"""The plan of a config: the shapes that follow from it, and one trial's network or batch when asked for."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from gradscope.build.assembly import Assembly, Shape
from gradscope.build.free_memory import available_bytes, held_share
from gradscope.build.makers.facts import Tokens, words
from gradscope.build.memory import Allotment, Needs, allot, byte_words, hold_within, needs_of
from gradscope.build.naming import Scope
from gradscope.config.schema import Config
from gradscope.engine import Array
from gradscope.engine.batches import INPUTS, Form, Inputs, checked_classes
from gradscope.engine.layer import Step
from gradscope.engine.losses import LOSSES, Loss
from gradscope.engine.network import Network
from gradscope.engine.outline import LayerInfo, Outline
from gradscope.engine.random import Stream
from gradscope.engine.sequence import Sequence as Steps
from gradscope.errors import ConfigError, Mistake, Place, Problem, Problems


class Plan:
    """A config and what follows from it before anything is drawn. Mistakes go to `problems`."""

    def __init__(self, config: Config, problems: Problems):
        self.config = config
        self.form = Form(config.batch.size, config.input.shape, np.dtype(config.dtype), config.input.vocab)
        self.loss: Loss = LOSSES[config.loss.name](**config.loss.options)
        self._inputs = self._open_inputs(problems)
        trunk, shape = self._trunk(0, problems)
        self._first: Steps | None = trunk
        """The first trial's steps, nothing drawn yet; given away once, so that nothing drawn stays here."""
        steps = [*trunk.walk()]
        self.layers: tuple[LayerInfo, ...] = tuple(step.info for step in steps)
        self.needs = self._needs(steps)
        self.output_shape: Shape = shape or ()
        if shape is not None and not problems.found:
            self._check_ends(problems)

    @property
    def outline(self) -> Outline:
        """What is known of the network before anything is drawn."""
        assert self._inputs is not None  # or there was a problem
        return Outline(
            layers=self.layers,
            loss=self.loss,
            inputs=self._inputs,
            input_shape=self.form.shape,
            batch_size=self.form.batch_size,
            batch_count=self.config.batch.count,
            input_place=self.config.batch.place[1:],
        )

    def network(self, trial: int, *, hold: int | None = None) -> Network:
        """The network with the weights of one trial, nothing drawn yet.

        Args:
            trial: counted from 0.
            hold: bytes that drawn weights may take in memory, by default half of what is free; beyond it
                they are drawn again when needed. The numbers do not depend on it.
        """
        trunk = None
        if trial == 0:
            trunk, self._first = self._first, None
        if trunk is None:
            trunk, _ = self._trunk(trial, Problems())
        if hold is None:
            hold = self.allotment(trials=1, jobs=1).hold
        if hold < self.needs.weights:
            hold_within(trunk.walk(), hold)
        return Network(trunk, self.loss, self.config.input.shape, self.form.dtype)

    def steps(self) -> Iterator[Step]:
        """Every layer and container of the first trial, nothing drawn yet."""
        return (self._first or self._trunk(0, Problems())[0]).walk()

    def allotment(self, *, trials: int, jobs: int, memory: int | None = None) -> Allotment:
        """How so many trials share the memory; `memory` bytes of held weights in all of them together, by
        default half of what is free."""
        free = available_bytes()  # asked once: to read it takes as long as a layer of a small network
        return allot(self.needs, trials=trials, jobs=jobs, free=free, budget=held_share(memory, free=free))

    def batch(self, trial: int, number: int = 0) -> tuple[Array, Array]:
        """Inputs (B, …) and the targets that go with them, for one batch of one trial.

        Raises:
            ConfigError: a data file does not fit the config.
        """
        with self._reading():
            return self._draw_inputs(trial, number), self._draw_targets(trial, number)

    def inputs(self, trial: int, number: int = 0) -> Array:
        """The inputs alone.

        Raises:
            ConfigError: a data file does not fit the config.
        """
        with self._reading():
            return self._draw_inputs(trial, number)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except Mistake as mistake:
            raise ConfigError([Problem(self.config.batch.place, mistake.fact, mistake.hint)]) from mistake

    def _draw_inputs(self, trial: int, number: int) -> Array:
        return self.outline.inputs.draw(self._rng(trial, "inputs", number), self.form, number)

    def _draw_targets(self, trial: int, number: int) -> Array:
        given = self.outline.inputs.targets
        if given is not None:
            return self._own_targets(given(self.form, number))
        full = (self.form.batch_size, *self.output_shape)
        return self.loss.draw_targets(self._rng(trial, "targets", number), full, self.form.dtype)

    def _trunk(self, trial: int, problems: Problems) -> tuple[Steps, Shape | None]:
        shape: Shape = self.form.shape
        if self.form.vocab is not None:
            shape = Tokens.of(shape, self.form.vocab)
        return Assembly(self.config, trial, problems).sequence(self.config.layers, shape, Scope())

    def _open_inputs(self, problems: Problems) -> Inputs | None:
        choice, vocab = self.config.batch.inputs, self.form.vocab
        try:
            inputs = INPUTS[choice.name](**choice.options)
            if inputs.is_tokens is (vocab is None):
                raise Mistake(*_wrong_inputs(choice.name, vocab))
        except Mistake as mistake:
            problems.add(self.config.batch.place, mistake.fact, mistake.hint)
            return None
        return replace(inputs, is_tokens=vocab is not None)

    def _rng(self, trial: int, purpose: str, number: int) -> np.random.Generator:
        return Stream(self.config.seed, trial, purpose).generator(number)

    def _own_targets(self, targets: Array) -> Array:
        """Targets that came with the data, in the form the loss needs."""
        if self.loss.classes:
            expected = (self.form.batch_size, *self.output_shape[:-1])
            if targets.shape == expected:
                return checked_classes(targets, self.output_shape[-1], "the targets of cross_entropy")
        else:
            expected = (self.form.batch_size, *self.output_shape)
            if targets.shape == expected and targets.dtype.kind in "fiub":
                return targets.astype(self.form.dtype)
        raise Mistake(
            f"the targets of a batch are {targets.dtype} of shape {list(targets.shape)}, the loss needs "
            f"{list(expected)}",
            "change the last layer, the loss or the file",
        )

    def _check_ends(self, problems: Problems) -> None:
        """What can only be said once the shapes are known: the loss, the data, the memory."""
        config = self.config
        if self.loss.classes and len(self.output_shape) == 3:
            problems.add(
                config.layers[-1].place,
                f"{config.loss.name} needs class scores, the last layer gives {words(self.output_shape)}",
                "end with `flatten` and `dense: CLASSES`",
            )
            return
        if self.loss.classes and self.output_shape[-1] < 2:
            problems.add(
                config.layers[-1].place,
                f"{config.loss.name} needs at least 2 classes, the last layer gives {self.output_shape[-1]}",
                "use `loss: binary_cross_entropy` or `loss: mse` with a single output",
            )
            return
        if not self._check_memory(problems):
            return
        try:
            if self.outline.inputs.is_given:
                for number in range(config.batch.count):
                    self._draw_inputs(0, number)
                    self._draw_targets(0, number)
        except Mistake as mistake:
            problems.add(config.batch.place, mistake.fact, mistake.hint)

    def _needs(self, steps: Sequence[Step]) -> Needs:
        inputs = self.form.batch_size * math.prod(self.form.shape) * self.form.dtype.itemsize
        return needs_of(steps, inputs, self.form.batch_size, self.form.dtype)

    def _check_memory(self, problems: Problems) -> bool:
        """A trial must fit with no more drawn than it works on."""
        free = available_bytes()
        if self.needs.besides(1, 1) <= free:
            return True
        needs, dearest = self.needs, self.needs.dearest
        fact = f"one batch takes {byte_words(needs.passing)} of memory on its way"
        hint = "lower `batch.size` or the width of the layers"
        place = self.config.input.place
        if needs.passing <= free and dearest is not None:
            place = Place(self.config.source, dearest.line, dearest.column)
            drawing = byte_words(max(needs.whole, needs.block))
            fact = f"drawing the weights of '{dearest.name}' takes {drawing} of memory; {fact}"
            hint = (
                "use an initialiser that needs no QR, as `he_normal`" if needs.whole else "make it narrower"
            )
        problems.add(place, f"{fact}, with {byte_words(free)} free", hint)
        return False


_latest: Plan | None = None
"""The plan made last: a config is checked when it is loaded and diagnosed right after, with the same plan."""


def check_network(config: Config, problems: Problems) -> None:
    """Note every mistake that only shows when shapes are known."""
    global _latest  # noqa: PLW0603  a cache of one, by identity, because configs are too large to hash
    plan = Plan(config, problems)
    _latest = None if problems.found else plan


def plan_of(config: Config) -> Plan:
    """The plan of a config.

    Raises:
        ConfigError: the config cannot be built.
    """
    latest = _latest
    if latest is not None and latest.config is config:
        return latest
    problems = Problems()
    plan = Plan(config, problems)
    problems.raise_any()
    return plan


def build_network(config: Config, trial: int = 0) -> Network:
    """The network of one trial; `parameters()` gives its arrays, weights as (fan_in, fan_out).

    Raises:
        ConfigError: the config cannot be built.
    """
    return plan_of(config).network(trial)


def make_batch(config: Config, trial: int = 0, number: int = 0) -> tuple[Array, Array]:
    """Inputs (B, …) and targets of one batch of one trial, as `diagnose` uses them.

    Raises:
        ConfigError: the config cannot be built, or its data file does not fit.
    """
    return plan_of(config).batch(trial, number)


def _wrong_inputs(name: str, vocab: int | None) -> tuple[str, str]:
    if vocab is None:
        return f"'{name}' draws tokens, the input is numbers", "write `input: {length: 64, vocab: 1000}`"
    return f"'{name}' draws numbers, the input is tokens below {vocab}", "leave `inputs` out"
