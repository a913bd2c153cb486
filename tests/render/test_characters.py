import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gradscope.render.characters import SYMBOLS, to_ascii, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dense1", "dense1"),
        ("[red]x[/]", "[red]x[/]"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("a\x9bm", r"a\x9bm"),
        ("right\u202eleft", r"right\u202eleft"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028end", r"line\u2028end"),
        ("broken \udcff name", r"broken \udcff name"),
        ("naïve 層 √", "naïve 層 √"),
    ],
)
def test_what_steers_or_hides_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_without_unicode_messages_stay_readable_and_names_unambiguous() -> None:
    assert visible("1 … 2 → 3 ≥ −4", unicode=False) == "1 ... 2 -> 3 >= -4"
    assert visible("naïve ∛", unicode=False) == r"na\xefve \u221b"
    assert visible("0.28 a layer (√χ₁)", unicode=False) == "0.28 a layer (sqrt chi1)"


@pytest.mark.parametrize("name", ["|∂L/∂θ|", "|∂L/∂W|", "φ′", "Φ", "×0.91"])
def test_a_quantity_has_one_name_in_messages_and_tables(name: str) -> None:
    assert visible(name, unicode=False) == to_ascii(name)


@given(st.text())
def test_any_text_becomes_one_line_that_can_be_printed(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(text, unicode=False).isascii()


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_symbol_has_an_ascii_stand_in_of_its_width(symbol: str) -> None:
    assert to_ascii(symbol).isascii()
    assert len(to_ascii(symbol)) == cell_len(symbol) == 1
