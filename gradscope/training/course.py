"""One trial's training: pass after pass, a measured one where it is asked for. Knows nothing of other
trials."""

import math

import msgspec

from gradscope.build import Plan
from gradscope.config.schema import Training
from gradscope.engine import Array
from gradscope.engine.optimizers import OPTIMIZERS, Optimizer
from gradscope.probe.course import Course, Stage
from gradscope.probe.histograms import Histogram, OutputCounter, histogram
from gradscope.probe.listener import TrialListener
from gradscope.probe.run import run_trial
from gradscope.probe.trace import BACK_THROUGH, LOG10_2, Norm
from gradscope.training.learner import Learner
from gradscope.training.teacher import Teacher


def optimizer_of(training: Training) -> Optimizer:
    """The optimiser a config asks for."""
    return OPTIMIZERS[training.optimizer.name](**training.optimizer.options)


class Lessons:
    """The batches of a trial: fresh ones step by step, or those of a file in turn, with their targets."""

    def __init__(self, plan: Plan, trial: int):
        self._plan = plan
        self._trial = trial
        self._count = plan.outline.batch_count if plan.outline.inputs.is_given else None
        self._given: dict[int, tuple[Array, Array]] = {}
        self._teacher = Teacher(plan, trial) if has_teacher(plan) else None

    def __call__(self, step: int) -> tuple[Array, Array]:
        """Inputs and targets of the pass after so many updates."""
        if self._count is None:
            return self._made(step)
        number = step % self._count
        if number not in self._given:
            self._given[number] = self._made(number)
        return self._given[number]

    def _made(self, number: int) -> tuple[Array, Array]:
        if self._teacher is None:
            return self._plan.batch(self._trial, number)
        inputs = self._plan.inputs(self._trial, number)
        targets_of = self._plan.loss.targets_of
        assert targets_of is not None  # or there is nothing to learn, which was said before
        taught = targets_of(self._teacher.scores(inputs))
        return inputs, taught if self._plan.loss.classes else taught.astype(self._plan.form.dtype)


def has_teacher(plan: Plan) -> bool:
    """Whether targets come from a teacher, not with the data or at random."""
    return plan.outline.inputs.targets is None and plan.config.training.targets == "teacher"


class Pupil:
    """A network on its way: after `step` updates, with a gradient in hand or none yet."""

    def __init__(self, plan: Plan, trial: int, *, counts: bool = False):
        training = plan.config.training
        optimizer = optimizer_of(training)
        self._outline = plan.outline
        self._network = plan.network(trial)
        self._lessons = Lessons(plan, trial)
        self.learner = Learner(
            self._network,
            optimizer,
            lr=optimizer.lr if training.lr is None else training.lr,
            clip=training.clip,
        )
        self.step = 0
        self.losses: list[float] = []
        self.stages: list[Stage] = []
        self._log2_l2 = math.nan
        """Of the gradient in hand."""
        self._counts = counts
        self.histograms: dict[str, Histogram] = {}
        """Of what was last measured: outputs, parameters and gradients, where they are counted."""

    @property
    def has_failed(self) -> bool:
        """Whether a NaN or an infinity ended it."""
        return bool(self.stages) and self.stages[-1].trace.origin is not None

    @property
    def course(self) -> Course:
        """What was measured so far."""
        return Course(tuple(self.stages), tuple(self.losses))

    def parameters(self) -> dict[str, Array]:
        """The network's parameters as they are now, by name."""
        return self._network.parameters()

    def advance(self, step: int) -> Stage:
        """Update until `step`, measure there, and keep the gradient for the next update."""
        while not self.has_failed and self.step < step:
            has_gradient = len(self.losses) > self.step
            if has_gradient or self.look():
                self.update(measured=self.step + 1 == step)
            else:
                self.measure()
        if not self.has_failed:
            self.measure()
        return self.stages[-1]

    def update(self, *, measured: bool = False) -> None:
        """One step of the optimiser, with the gradient in hand."""
        self.learner.move(self._log2_l2, measured=measured)
        self.step += 1

    def look(self) -> bool:
        """A pass that gathers the gradient and notes the loss, if both are finite; else it notes nothing."""
        inputs, targets = self._lessons(self.step)
        self.learner.begin()
        loss, _ = self._network.backpropagate(inputs, targets, self.learner, self.step)
        self._log2_l2 = self.learner.log2_l2
        is_finite = loss is not None and math.isfinite(loss) and self._log2_l2 < math.inf
        if is_finite and loss is not None:
            self.losses.append(loss)
        return is_finite

    def measure(self) -> None:
        """The same pass, with everything measured, and where the first NaN or infinity came from."""
        self.learner.begin()
        lesson = self._lessons(self.step)
        counter = OutputCounter(self.learner) if self._counts else None
        listener = TrialListener(counter or self.learner, briefly=True)
        trace = run_trial(self._outline, self._network, [(self.step, lesson)], listener)
        self._log2_l2 = self.learner.log2_l2
        if trace.origin is None and not self._log2_l2 < math.inf:
            trace = msgspec.structs.replace(trace, origin=f"{BACK_THROUGH}{self.learner.origin()}")
        if counter is not None:
            self._count(counter)
        self.losses.append(math.nan if trace.loss is None else trace.loss)
        self.stages.append(
            Stage(
                step=self.step,
                trace=trace,
                gradient=Norm(self._log2_l2 * LOG10_2, self.learner.size),
                moves=self.learner.moves(),
                is_clipped=self.learner.is_clipped(self._log2_l2),
            )
        )

    def _count(self, counter: OutputCounter) -> None:
        found: dict[str, Histogram | None] = {f"outputs/{name}": of for name, of in counter.found.items()}
        for name, parameter, gradient in self.learner.pairs():
            found[f"parameters/{name}"] = histogram(parameter)
            found[f"gradients/{name}"] = histogram(gradient)
        self.histograms = {name: of for name, of in found.items() if of is not None}
