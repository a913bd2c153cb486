import os

import pytest

from gradscope.config.load import read_config
from gradscope.errors import Problems


def messages_of_file(path):
    problems = Problems()
    assert read_config(path, None, problems) is None
    return [str(problem) for problem in problems.found]


def test_a_file_is_read(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("input: 3\nlayers: [dense: 2]\n")
    problems = Problems()
    config = read_config(path, None, problems)
    assert problems.found == []
    assert (config.name, config.source) == ("net", str(path))
    assert str(config.layers[0].place) == f"{path}:2:10"


def test_a_missing_file(tmp_path):
    path = str(tmp_path / "none.yaml")
    assert messages_of_file(path) == [
        f"{path}: there is no such file; `gradscope init` writes a starter config"
    ]


def test_a_folder(tmp_path):
    assert messages_of_file(tmp_path) == [
        f"{tmp_path}: this is a folder; name a file in it, or use `gradscope check` for folders"
    ]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom permissions stop")
def test_an_unreadable_file(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("input: 3")
    path.chmod(0)
    assert messages_of_file(path) == [
        f"{path}: the file cannot be read: Permission denied; check its name and permissions"
    ]


def test_a_name_no_file_can_have():
    assert messages_of_file("a\0b") == [
        "a\0b: the file cannot be read: a null byte is in its name; check its name and permissions"
    ]


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs an endless file")
def test_an_endless_file():
    assert messages_of_file("/dev/zero") == [
        "/dev/zero: this is larger than 8 MB; a config is a few kilobytes"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ": there is nothing in it; `gradscope init` writes a starter config"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", ": this is a binary file, not YAML text; name a YAML file"),
        ("input: 3".encode("utf-16"), ": the file is UTF-16, not UTF-8; save it as UTF-8"),
        (b"input: 3\nname: caf\xe9\n", ":2: the byte 0xE9 is not UTF-8 text; save the file as UTF-8"),
        (b"#" * (8 * 2**20 + 1), ": this is larger than 8 MB; a config is a few kilobytes"),
        (
            b"input: 3\nname: \x07\n",
            ":2:7: the character U+0007 cannot stand in YAML; remove it, or check that this is a text file",
        ),
    ],
    ids=["empty", "binary", "utf-16", "latin-1", "9 MB", "bell"],
)
def test_content_that_is_no_config(tmp_path, content, message):
    path = tmp_path / "net.yaml"
    path.write_bytes(content)
    assert messages_of_file(path) == [f"{path}{message}"]


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\xef\xbb\xbfinput: 3\r\nlayers: [dense: 2]\r\n")
    problems = Problems()
    assert read_config(path, None, problems).input.shape == (3,)
    assert problems.found == []
