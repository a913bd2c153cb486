import pytest

from gradscope.config.digest import config_sha256
from gradscope.config.load import read_config
from gradscope.errors import Problems
from tests.config.reading import SMALL, read


def digest(text, overrides=None):
    return config_sha256(read(text, overrides))


def test_the_digest_is_fixed():
    """Stored results are found by it: when this changes, they are all computed again."""
    assert digest(SMALL) == "511501c397892abd936ca759129f972e4e2c4218359101057602eaaa48caabb4"


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\nlayers:   [{dense: {units: 4}}]\ninput: 8\n",
        f"name: other\ndescription: other\n{SMALL}",
        f"{SMALL}seed: 0\ntrials: 3\ndtype: float32\ninit: torch_default\nloss: cross_entropy\n",
        f"{SMALL}batch: {{inputs: {{normal: {{mean: 0, std: 1.0}}}}, count: 1, size: 0x40}}\nrules: {{}}\n",
        "params: {width: 4}\ninput: 8\nlayers:\n- dense: ${width}\n",
        "input: [8]\nlayers:\n- dense: {bias: true, units: 4, init: null}\n",
    ],
)
def test_what_does_not_change_the_network_does_not_change_the_digest(text):
    assert digest(text) == digest(SMALL)


DIFFERENT = [
    "input: 9\nlayers:\n- dense: 4\n",
    "input: 8\nlayers:\n- dense: 5\n",
    "input: 8\nlayers:\n- dense: 4\n- relu\n",
    "input: 8\nlayers:\n- layer_norm\n",
    "input: 8\nlayers:\n- rms_norm\n",
    "input: 8\nlayers:\n- dense: {units: 4, init: torch_default}\n",
    "input: 8\nlayers:\n- dense: {units: 4, bias: false}\n",
    "input: 8\nlayers:\n- dense: {units: 4, name: head}\n",
    "input: 8\nlayers:\n- {repeat: 1, layers: [dense: 4]}\n",
    f"{SMALL}seed: 1\n",
    f"{SMALL}trials: 2\n",
    f"{SMALL}dtype: float64\n",
    f"{SMALL}init: he_normal\n",
    f"{SMALL}init: {{he_normal: {{gain: 2}}}}\n",
    f"{SMALL}loss: mse\n",
    f"{SMALL}batch: {{size: 65}}\n",
    f"{SMALL}batch: {{inputs: one_hot}}\n",
    f"{SMALL}rules: {{GS101: {{min_ratio: 1e-4}}}}\n",
    f"{SMALL}rules: {{GS101: off}}\n",
    f"{SMALL}rules: {{optimizer: adam}}\n",
]


@pytest.mark.parametrize("text", DIFFERENT)
def test_everything_else_changes_it(text):
    assert digest(text) != digest(SMALL)


def test_the_digests_above_differ_from_each_other():
    assert len({digest(text) for text in DIFFERENT}) == len(DIFFERENT)


def test_an_override_is_as_good_as_an_edit():
    assert digest(SMALL, {"layers.0.dense": 5}) == digest("input: 8\nlayers:\n- dense: 5\n")


def test_it_does_not_matter_where_the_repository_lies(tmp_path):
    digests = set()
    for folder in ("here", "there"):
        path = tmp_path / folder / "net.yaml"
        path.parent.mkdir()
        path.write_text(f"{SMALL}batch: {{inputs: {{file: {{path: rows.npy}}}}}}\n")
        digests.add(config_sha256(read_config(path, None, Problems())))
    assert len(digests) == 1
    assert digest(f"{SMALL}batch: {{inputs: {{file: {{path: other.npy}}}}}}\n") not in digests
