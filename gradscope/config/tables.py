"""The engine's tables as a config sees them; names, options and defaults themselves live in the engine."""

from __future__ import annotations

from gradscope.config.choices import Table
from gradscope.engine import activations, batches, initializers, losses, optimizers

ACTIVATION = Table("an activation", activations.ACTIVATIONS, activations.ALIASES)
INITIALIZER = Table("an initialiser", initializers.INITIALIZERS, initializers.ALIASES)
LOSS = Table("a loss", losses.LOSSES, {})
INPUTS = Table("an input distribution", batches.INPUTS, {})
OPTIMIZER = Table("an optimiser", optimizers.OPTIMIZERS, {})

CHOICES: dict[str, Table] = {
    "activation": ACTIVATION,
    "init": INITIALIZER,
    "bias_init": INITIALIZER,
    "recurrent_init": INITIALIZER,
    "out_init": INITIALIZER,
    "loss": LOSS,
    "inputs": INPUTS,
    "optimizer": OPTIMIZER,
}
"""Keys and options whose value is a choice."""
