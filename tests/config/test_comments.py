import pytest

from gradscope.config.comments import suppressed_lines
from gradscope.config.digest import config_sha256
from tests.config.reading import SMALL, read


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: 1\n", {}),
        ("a: 1  # gradscope: ignore[GS303]\n", {1: ("GS303",)}),
        ("a: 1\nb: 2 #gradscope:ignore[ GS303, GS1 ] because\n", {2: ("GS303", "GS1")}),
        ("a: 1  # gradscope: ignore[]\n", {1: ()}),
        ("a: 1  # gradscope: ignored\n", {}),
    ],
)
def test_names_in_brackets_by_line(text, lines):
    assert suppressed_lines(text) == lines


def test_comments_reach_the_config_and_leave_its_digest_alone():
    text = "input: 8\nlayers:\n- dense: 4  # gradscope: ignore[GS303]\n"
    assert read(text).suppressed == {3: ("GS303",)}
    assert config_sha256(read(text)) == config_sha256(read(SMALL))
    assert read({"input": 8, "layers": ["relu"]}).suppressed == {}
