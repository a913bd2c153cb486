"""Every figure that the description of a shipped config states, and how it is measured."""

from tests.acceptance.stated_figures import (
    Report,
    Stated,
    entropy,
    gain,
    half_life,
    loss,
    over_time,
    part,
    per_step,
    ratio,
    rms,
    squared_gain,
    std,
    weight,
)


def lost_in_scores(report: Report) -> float:
    """Of the gradient of block 25's attention: what gets to its queries. Further back it is rounding in float32."""
    name = "residual49.attention1"
    return part(name, "query")(report) / weight(name)(report)


DENSE = (
    Stated("batch_norm_explodes", "Here it grows {}-fold a layer", squared_gain),
    Stated("batch_norm_explodes", "its norm by {} over 60", ratio),
    Stated("batch_norm_rescues_sigmoid", "keeps {} of its norm where", ratio),
    Stated("batch_norm_rescues_sigmoid", "deep_sigmoid keeps {}.", ratio, of="deep_sigmoid"),
    Stated("deep_sigmoid", "shrinks to {} a layer", gain),
    Stated("deep_sigmoid", "gets some {} of what", ratio),
    Stated("orthogonal_linear", "gain per layer {}.", gain),
    Stated("relu_variants", "(leaky_relu: {} of it at the first layer)", ratio, {"act": "leaky_relu"}),
    Stated("relu_variants", "ELU makes {} times", ratio, {"act": "elu"}),
    Stated("relu_variants", "GELU keeps {}", ratio),
    Stated("relu_variants", "softplus {}", ratio, {"act": "softplus"}),
    Stated("relu_variants", "SiLU {}", ratio, {"act": "silu"}),
    Stated("residual_grows", "(here {} a block)", squared_gain),
    Stated("residual_scaled", "grows by {} over 30 blocks", ratio),
    Stated("rezero", "(gain {})", gain),
    Stated("xavier_relu_30", "and {} of the norm is left", ratio),
    Stated("tanh_edge_of_chaos", "vanishes by {} a layer", gain, {"sigma_w2": 1}),
    Stated("tanh_edge_of_chaos", "explodes by {} a layer", gain, {"sigma_w2": 4}),
    Stated("tanh_glorot", "keeps {} % of its norm", lambda report: 100.0 * ratio(report)),
    Stated(
        "tanh_glorot",
        "it keeps {} %.",
        lambda report: 100.0 * ratio(report),
        {"init": "torch_default"},
    ),
)

IMAGES = (
    Stated("convnext", "first over last is {} with either", ratio),
    Stated("convnext", "first over last is {} with either", ratio, {"blocks": 18}),
    Stated("convnext", "a standard deviation of {}.", std("conv2d1")),
    Stated("plain56", "first over last {} (", ratio),
    Stated("plain56_batch_norm", "grows {}-fold a layer", squared_gain),
    Stated("plain56_batch_norm", "is {} times larger at the first", ratio),
    Stated("resnet20", "What explodes {}-fold in", ratio, of="plain56_batch_norm"),
    Stated("resnet20", "grows {}-fold a block towards the input", gain),
    Stated("resnet20", "towards the input, {}-fold over all", ratio),
    Stated("resnet20", "grow {}-fold a block, ", gain, {"first": 9, "later": 8}),
    Stated("resnet20", "a block, {}-fold in all", ratio, {"first": 9, "later": 8}),
    Stated("vgg_circular_padding", "is {} times that at the last", ratio),
    Stated("vgg_circular_padding", "instead of {}, and", ratio, of="vgg_zero_padding"),
    Stated("vgg_circular_padding", "and {} times with --set deep=8", ratio, {"deep": 8}),
    Stated("vgg_zero_padding", "First over last is {} here", ratio),
    Stated("vgg_zero_padding", "here, {} with --set deep=8", ratio, {"deep": 8}),
)

LINEAR, TANH, LSTM = "rnn_linear_gaussian", "rnn_tanh_orthogonal", "lstm_forget_bias"

TIME = (
    Stated("gru", "falls by ×{} a step", per_step),
    Stated("gru", "gone after {} steps", half_life),
    Stated("gru", "steps and {} is left", over_time),
    Stated("lstm_chrono", "falls by ×{} a step", per_step),
    Stated("lstm_chrono", "where a bias of 1 leaves {}.", over_time, of=LSTM),
    Stated(LSTM, "falls by ×{} a step", per_step),
    Stated(LSTM, "half is gone after {} steps", half_life),
    Stated(LSTM, "steps, {} is left", over_time),
    Stated(LSTM, "At bias 0 it is ×{} a step", per_step, {"forget_bias": 0.0}),
    Stated(LINEAR, "grows by ×{} a step", per_step),
    Stated(LINEAR, "by {} over 99", over_time),
    Stated(LINEAR, "leaves {} of it (GS108)", over_time, {"variance": 0.7}),
    Stated(LINEAR, "{} times as much here", over_time, {"variance": 1.0}),
    Stated("rnn_linear_orthogonal", "level through 100 steps at gain {}.", per_step),
    Stated("rnn_linear_orthogonal", "leaves 0.9^99 = {} of it", over_time, {"gain": 0.9}),
    Stated("rnn_linear_orthogonal", "makes 1.1^99 = {} of it", over_time, {"gain": 1.1}),
    Stated("rnn_tanh_gaussian", "falls by ×{} a step", per_step),
    Stated("rnn_tanh_gaussian", "halves every {} steps", half_life),
    Stated("rnn_tanh_gaussian", "and {} of it is left", over_time),
    Stated("rnn_tanh_gaussian", "balance: ×{} a step", per_step, {"variance": 2}),
    Stated(TANH, "its slopes take ×{} at every step", per_step),
    Stated(TANH, "halves every {} steps", half_life),
    Stated(TANH, "and {} of it is left", over_time),
    Stated(TANH, "(×{}, ", per_step, {"gain": 1.3}),
    Stated(TANH, ", {} left)", over_time, {"gain": 1.3}),
)

POST_12, POST_48 = "transformer_post_ln_12", "transformer_post_ln_48"
PRE_12, PRE_48 = "transformer_pre_ln_12", "transformer_pre_ln_48"
THREE = {"blocks": 3}

TRANSFORMERS = (
    Stated("gpt2_small", "the stream reaches RMS {} behind", rms("residual25")),
    Stated("gpt2_small", "({} with --set blocks=3", rms("residual7"), {**THREE, "residual_std": 0.008165}),
    Stated("gpt2_small", "it reaches {} at 12 blocks", rms("residual25"), {"residual_std": 0.02}),
    Stated("gpt2_small", "and {} at 3", rms("residual7"), {**THREE, "residual_std": 0.02}),
    Stated("gpt2_small", "The first loss is {},", loss),
    Stated("gpt2_small", "ln(vocab) = {}.", lambda report: float(report["loss"]["expected"])),
    Stated("mlp_mixer", "grows from {} to", rms("dense1")),
    Stated("mlp_mixer", "to {} over 8 blocks", rms("residual17")),
    Stated("mlp_mixer", "{} over 16, with", rms("residual33"), {"blocks": 16}),
    Stated("mlp_mixer", "towards the input by {} and", ratio),
    Stated("mlp_mixer", "and {}.", ratio, {"blocks": 16}),
    Stated("vit", "map gets {} of the gradient", ratio),
    Stated("vit", "(×{}) with", ratio, {"readout": "mean_over_time"}),
    Stated(POST_12, "(first over last {})", ratio),
    Stated(POST_12, "goes from {} to 3.1 in the first dense", weight("residual2.dense1")),
    Stated(POST_12, "to {} in the first dense", weight("residual24.dense1")),
    Stated(POST_12, "and from {} to", weight("residual1.attention1")),
    Stated(POST_12, "to {} in attention", weight("residual23.attention1")),
    Stated(POST_12, "speaks: {} to", weight("residual2.dense2")),
    Stated(POST_12, "to {}, nearly level", weight("residual24.dense2")),
    Stated(POST_48, "first over last is {},", ratio),
    Stated(POST_48, "has |∂L/∂W| {} where", weight("residual96.dense2")),
    Stated(POST_48, "12 blocks have {}:", weight("residual24.dense2"), of=POST_12),
    Stated(POST_48, "pre-LN falls to {})", weight("residual96.dense2"), of=PRE_48),
    Stated(POST_48, "(entropy {})", entropy("residual95.attention1")),
    Stated(POST_48, "gradient {} is left for its queries", lost_in_scores),
    Stated(PRE_12, "has |∂L/∂W| {} here", weight("residual24.dense2")),
    Stated(PRE_12, "here and {} in", weight("residual96.dense2"), of=PRE_48),
    Stated(PRE_48, "has |∂L/∂W| {} instead", weight("residual96.dense2")),
    Stated(PRE_48, "instead of {}, near", weight("residual24.dense2"), of=PRE_12),
    Stated(PRE_48, "the first block's {} instead", weight("residual2.dense2")),
    Stated(PRE_48, "block's 2.9 instead of {}.", weight("residual2.dense2"), of=PRE_12),
    Stated(PRE_48, "from RMS {} to", rms("residual24"), of=PRE_12),
    Stated(PRE_48, "to {}. Compare", rms("residual96")),
)


FIGURES = (*DENSE, *IMAGES, *TIME, *TRANSFORMERS)
