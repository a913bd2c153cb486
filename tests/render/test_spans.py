from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gradscope.render.spans import folded, hanging, padded, width, wrapped

words = st.text(alphabet="ab é層 ", max_size=60)


def test_wide_characters_count_twice() -> None:
    assert width("層b") == 3
    assert padded("層", 4) == "層  "
    assert padded("層", 4, right=True) == "  層"


@given(words, st.integers(2, 30))
def test_wrapping_keeps_every_word_and_the_width(text: str, cells: int) -> None:
    lines = wrapped(text, cells)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= cells for line in lines)


def test_lines_break_between_words_and_long_words_within() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("a abcdefgh b", 3) == ["a", "abc", "def", "gh", "b"]


@given(words, st.integers(2, 30))
def test_folding_loses_nothing(text: str, cells: int) -> None:
    pieces = folded(text, cells)
    assert "".join(pieces) == text
    assert all(cell_len(piece) <= cells for piece in pieces)


def test_further_lines_hang_below_the_first_word() -> None:
    lines = ["".join(text for text, _ in line) for line in hanging(("→ ", "green"), "one two three", "", 9)]
    assert lines == ["→ one two", "  three"]
