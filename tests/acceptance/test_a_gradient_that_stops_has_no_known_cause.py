from gradscope import diagnose, load_config

STOPS = """\
input: 16
init: ones
batch: {size: 16, inputs: {normal: {mean: 50, std: 1}}}
layers:
  - {repeat: 20, layers: [dense: 16, layer_norm, squared_relu]}
  - dense: 4
trials: 1
"""


def test_where_theory_sees_no_loss_no_part_of_it_is_explained() -> None:
    report = diagnose(load_config("text", text=STOPS), jobs=1)
    assert report.verdict == "vanishing"
    assert report.root_cause == ()
