from pathlib import Path

import pytest

from gradscope.config.recognition import is_config


def recognised(folder: Path, content: str | bytes) -> bool:
    file = folder / "file.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return is_config(str(file))


@pytest.mark.parametrize(
    "content",
    [
        "input: 3\nlayers: [relu]\n",
        "layers: []\n",
        "input:\n",
        '{"input": 3, "layers": ["relu"]}',
        "layer: [relu]\ninputs: 3\n",
        "lyaers: [relu]\n",
        "Inptu: 3\n",
        "network: [relu]\ninput_shape: 3\n",
        "input: 3\nlayers: [relu\n",
        "input: 3\nlayers: *x\n",
        "input: 3\n---\nother: 1\n",
        "input: !size 3\n",
        "input: 3\n\tlayers: x\n",
        "input: 3\nname: \x00\n",
        b"input: 3\nname: \xff\n",
        "input: 3\nlayers: [relu]\n".encode("utf-16"),
        b"\xef\xbb\xbfinput: 3\n",
        "layers:\n" + "- relu\n" * 200_001,
    ],
)
def test_what_is_meant_for_gradscope(content: str | bytes, tmp_path: Path) -> None:
    assert recognised(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# input: 3\n",
        "- input: 3\n- layers: []\n",
        "just text\n",
        "version: 3\nservices: {web: {image: x}}\n",
        "on: push\njobs: {test: {steps: [{run: make}]}}\n",
        "stages: [test]\ntest: {script: make, input: 3}\n",
        "model: {layers: [1, 2]}\noptimizer: {lr: 0.1}\nseed: 3\n",
        "{{ template }}\nkind: Chart\n",
        "Resources: {Bucket: {Type: !Ref x}}\n",
        "a: &x 1\nb: *x\n",
        b"\x89PNG\r\n\x1a\n",
        "[" * 5000,
    ],
)
def test_strangers(content: str | bytes, tmp_path: Path) -> None:
    assert not recognised(tmp_path, content)


def test_what_cannot_be_read_may_be_one(tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "nowhere.yaml")
    assert is_config(str(link))
