from gradscope.render.options import RenderOptions
from gradscope.render.paint import paint

LINES = [(("a [b]x[/b] ", "bold red"), ("– ", "")), (), (("█  ", "dim"),)]


def test_plain_text_has_no_styles_and_no_blanks_at_the_end() -> None:
    assert paint(LINES, RenderOptions()) == "a [b]x[/b] –\n\n█\n"


def test_styles_are_escape_sequences() -> None:
    painted = paint(LINES, RenderOptions(ansi=True))
    assert painted.startswith("\x1b[1;31ma [b]x[/b] \x1b[0m–\n\n")


def test_without_colour_bold_is_left() -> None:
    painted = paint(LINES, RenderOptions(ansi=True, color=False))
    assert painted.startswith("\x1b[1ma [b]x[/b] \x1b[0m–\n\n")


def test_without_unicode_symbols_have_stand_ins() -> None:
    assert paint(LINES, RenderOptions(unicode=False)) == "a [b]x[/b] -\n\n#\n"
