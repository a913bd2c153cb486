"""What somebody may have meant: the nearest known word, and what other frameworks call the same thing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from gradscope.errors import did_you_mean

_LONGEST_WORD = 64
_MOST_NAMES = 1000
"""Comparing longer words, or with more names, takes longer than a reader would thank for."""
_NEAR = 0.6

HABITS: dict[str, tuple[str, ...]] = {
    "filters": ("out_channels", "channels", "n_filters", "units", "maps", "width"),
    "kernel": ("kernel_size", "kernel_shape", "filter_size", "k"),
    "stride": ("strides", "s"),
    "padding": ("pad", "padding_mode"),
    "units": ("out_features", "neurons", "nodes", "hidden", "hidden_size", "width", "size", "output_dim"),
    "bias": ("use_bias",),
    "init": (
        "kernel_initializer",
        "weight_initializer",
        "weight_init",
        "initializer",
        "initialiser",
        "initialization",
    ),
    "bias_init": ("bias_initializer",),
    "activation": ("act", "nonlinearity"),
    "rate": ("p", "prob", "probability", "drop_rate"),
    "eps": ("epsilon",),
    "affine": ("elementwise_affine", "learnable"),
    "groups": ("num_groups", "n_groups"),
    "slope": ("negative_slope", "alpha"),
    "std": ("stddev", "sigma", "scale"),
    "mean": ("mu", "loc"),
    "repeat": ("times", "count", "n"),
    "share": ("shared", "tied"),
    "shortcut": ("skip", "projection", "downsample"),
    "layers": ("model", "network", "net", "architecture", "blocks", "body", "branch"),
    "input": ("inputs", "input_shape", "input_size", "in_features"),
    "inputs": ("distribution", "data", "x"),
    "features": ("channels_last", "dim", "units", "width"),
    "vocab": ("vocab_size", "vocabulary", "num_embeddings"),
    "length": ("seq_len", "sequence_length", "time", "steps"),
    "batch": ("batch_size", "batchsize"),
    "size": ("batch_size", "kernel_size", "pool_size", "kernel", "window"),
    "count": ("batches",),
    "loss": ("criterion", "loss_fn", "objective"),
    "params": ("parameters", "variables", "vars", "knobs"),
    "seed": ("random_seed", "random_state"),
    "trials": ("n_trials", "repeats", "runs"),
    "rules": ("thresholds", "limits"),
    "training": ("train", "fit", "optimization"),
    "steps": ("iterations", "iters", "epochs", "max_steps", "num_steps"),
    "lr": ("learning_rate", "rate", "eta", "step_size"),
    "optimizer": ("optimiser", "optim", "solver"),
    "clip": ("grad_clip", "clip_norm", "max_norm", "max_grad_norm", "gradient_clipping"),
    "every": ("log_every", "interval", "period", "eval_every"),
    "targets": ("labels", "y", "target"),
    "dense": ("linear", "fc", "fully_connected", "affine", "mlp"),
    "conv1d": ("convolution1d", "temporal_conv"),
    "conv2d": ("conv", "convolution", "convolution2d", "convolutional"),
    "max_pool": ("max_pool1d", "max_pool2d", "max_pooling", "max_pooling1d", "max_pooling2d", "pool"),
    "avg_pool": ("avg_pool1d", "avg_pool2d", "average_pooling1d", "average_pooling2d", "mean_pool"),
    "global_avg_pool": (
        "gap",
        "global_average_pooling2d",
        "global_average_pool",
        "global_pool",
        "adaptive_avg_pool2d",
    ),
    "batch_norm": ("bn", "batchnorm1d", "batchnorm2d", "batch_normalization"),
    "layer_norm": ("ln", "layer_normalization"),
    "group_norm": ("gn", "group_normalization"),
    "residual": ("skip", "skip_connection", "resnet"),
    "concat": ("concatenate", "cat", "densenet"),
    "silu": ("swish",),
    "linear": ("none", "identity"),
    "he_normal": ("he", "kaiming"),
    "glorot_uniform": ("glorot", "xavier"),
    "normal": ("gaussian", "randn", "random_normal"),
    "cross_entropy": (
        "softmax_cross_entropy",
        "nll",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
    ),
    "binary_cross_entropy": ("bce", "bce_with_logits"),
    "mse": ("l2", "mean_squared_error", "mse_loss"),
    "mae": ("l1", "mean_absolute_error", "l1_loss"),
    "huber": ("smooth_l1",),
}
"""Our word, and the words of PyTorch, Keras and papers for it."""


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The hint for a word nobody knows: the one that was meant, or all of them while they are few."""
    names = tuple(known)
    meant = nearest(word, names)
    return f"did you mean '{meant}'?" if meant else did_you_mean("", names)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody meant; None where nothing is near."""
    names = tuple(known)
    return _nearest(word, names) if len(word) <= _LONGEST_WORD and len(names) <= _MOST_NAMES else None


@lru_cache(maxsize=1024)
def _nearest(word: str, names: tuple[str, ...]) -> str | None:
    squashed = _squashed(word)
    for name in names:
        if _squashed(name) == squashed or squashed in map(_squashed, HABITS.get(name, ())):
            return name
    import difflib

    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=_NEAR)
    return near[0] if near else None


def _squashed(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")
