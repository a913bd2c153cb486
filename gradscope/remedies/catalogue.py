"""The remedies: which rules call for each, how much it alters, and where it comes from. Tries nothing."""

from gradscope.remedies.families.depth import shallower
from gradscope.remedies.families.ends import logits, scaled_inputs
from gradscope.remedies.families.memory import gated, open_gates, recurrent_weights
from gradscope.remedies.families.norms import normalised, other_norm, pre_norm
from gradscope.remedies.families.scaling import unit_variance
from gradscope.remedies.families.skips import branch_scale, residual
from gradscope.remedies.families.start import (
    critical_gain,
    matched,
    orthogonal,
    useless_biases,
    zero_biases,
)
from gradscope.remedies.families.units import activation_and_init, activation_between, other_activation
from gradscope.remedies.remedy import FLOW, TIME, Remedy

CATALOGUE: tuple[Remedy, ...] = (
    Remedy("scaled inputs", FLOW | {"GS305", "GS202"}, 0, "LeCun et al. 1998, section 4.3", scaled_inputs),
    Remedy(
        "recurrent weights",
        TIME | {"GS401"},
        1,
        "Le, Jaitly & Hinton 2015; Saxe et al. 2014",
        recurrent_weights,
    ),
    Remedy("open gates", TIME, 1, "Gers et al. 2000; Tallec & Ollivier 2018, section 2", open_gates),
    Remedy("zero biases", FLOW | {"GS201", "GS202"}, 1, "Lu et al. 2020, section 4", zero_biases),
    Remedy("no useless biases", frozenset({"GS303"}), 1, "Ioffe & Szegedy 2015, section 3.2", useless_biases),
    Remedy(
        "matched initialiser",
        FLOW | {"GS201", "GS202", "GS404"},
        1,
        "Glorot & Bengio 2010; He et al. 2015, section 2.2; LeCun et al. 1998, section 4.6",
        matched,
    ),
    Remedy("critical gain", FLOW | {"GS202"}, 1, "Schoenholz et al. 2017, section 3", critical_gain),
    Remedy("orthogonal weights", FLOW | {"GS404"}, 1, "Saxe et al. 2014, section 3", orthogonal),
    Remedy("logits", FLOW | {"GS304"}, 2, "Golik, Doetsch & Ney 2013, section 3", logits),
    Remedy("branch scale", FLOW, 2, "Arpit et al. 2019; Bachlechner et al. 2021, section 3", branch_scale),
    Remedy("pre-norm", FLOW | {"GS205"}, 2, "Xiong et al. 2020, section 3", pre_norm),
    Remedy(
        "other activation",
        FLOW | {"GS201", "GS202", "GS306"},
        3,
        "Maas et al. 2013; Clevert et al. 2016; Hendrycks & Gimpel 2016",
        other_activation,
    ),
    Remedy("activation between", frozenset({"GS301"}), 3, "Saxe et al. 2014, section 1", activation_between),
    Remedy("gated cells", TIME, 3, "Hochreiter & Schmidhuber 1997; Cho et al. 2014", gated),
    Remedy(
        "activation with its initialiser",
        FLOW | {"GS201", "GS202", "GS306"},
        4,
        "Klambauer et al. 2017; He et al. 2015",
        activation_and_init,
    ),
    Remedy("other normalisation", FLOW, 4, "Ba et al. 2016; Yang et al. 2019", other_norm),
    Remedy("normalisation", FLOW | {"GS201", "GS202"}, 5, "Ioffe & Szegedy 2015; Ba et al. 2016", normalised),
    Remedy(
        "residual connections",
        FLOW | {"GS201"},
        6,
        "He et al. 2016; Bachlechner et al. 2021, section 3; Hanin & Rolnick 2018",
        residual,
    ),
    Remedy("unit variance", FLOW | {"GS202"}, 7, "Mishkin & Matas 2016, algorithm 1", sought=unit_variance),
    Remedy("shallower", FLOW, 8, "Hanin & Rolnick 2018, section 3", sought=shallower),
)
"""Every remedy. Theory and cost rank what follows from a config alone; the last two need measurements."""
