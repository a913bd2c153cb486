"""The page around everything: head, style, header, footer; figures with legend and table; tables."""

from collections.abc import Iterable, Sequence

from gradscope import __version__
from gradscope.render.html.cells import draw_cells, draw_words
from gradscope.render.html.lines import color_class, draw_bars, draw_lines
from gradscope.render.html.markup import element, escaped, lines, text
from gradscope.render.html.style import VERDICTS, style
from gradscope.render.pictures.picture import Bars, Cells, Lines, Picture, Table, Words, table_of
from gradscope.render.verdicts import MARKS

Link = tuple[str, str]
"""An id on the page, and what the link to it says."""


def page(title: str, parts: Iterable[str], links: Sequence[Link] = ()) -> str:
    """A whole document. Its parts stand in `main`, the first of them should have the h1."""
    head = lines(
        (
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f'<meta name="generator" content="gradscope {__version__}">',
            text("title", title),
            f"<style>{style()}</style>",
        )
    )
    nav = [navigation(links)] if len(links) > 1 else []
    body = lines((*nav, element("main", *(f"\n{part}" for part in parts), "\n"), footer()))
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def navigation(links: Sequence[Link]) -> str:
    """Links to the sections of the page."""
    items = (element("li", text("a", words, href=f"#{target}")) for target, words in links)
    return element("nav", element("ul", *items), aria_label="Sections")


def footer() -> str:
    """Who wrote it."""
    return element(
        "footer", text("p", f"gradscope {__version__}. Resting the pointer on a picture shows its numbers.")
    )


def section(key: str, title: str, parts: Iterable[str]) -> str:
    """A part of the page with a heading that can be linked to."""
    return element("section", text("h2", title, id=key), *(f"\n{part}" for part in parts))


def badge(verdict: str) -> str:
    """A verdict in its colour; what is no verdict without."""
    kind = f"badge v-{verdict}" if verdict in VERDICTS else "badge"
    return text("span", verdict.replace("_", "-"), class_=kind)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels with their words."""
    items = (text("dt", label) + text("dd", words) for label, words in pairs)
    return element("dl", *items)


def figures(pictures: Iterable[Picture], prefix: str = "") -> str:
    """Pictures side by side where there is room."""
    return element("div", *(f"\n{figure(each, prefix)}" for each in pictures), class_="pictures")


def figure(found: Picture, prefix: str = "") -> str:
    """A picture with its words, its legend, and its numbers as a table that opens."""
    key = f"{prefix}{found.key}"
    words = (text("h3", found.title, id=key), text("p", found.about))
    numbers = element("details", text("summary", "Numbers"), table(table_of(found), found.title))
    parts = (element("figcaption", *words), legend(found), drawing(found), numbers)
    return element("figure", *(f"\n{part}" for part in parts if part), aria_labelledby=key)


def drawing(found: Picture) -> str:
    """The picture alone, as SVG."""
    if isinstance(found, Lines):
        return draw_lines(found)
    if isinstance(found, Bars):
        return draw_bars(found)
    return draw_cells(found) if isinstance(found, Cells) else draw_words(found)


def legend(found: Picture) -> str:
    """What colours and letters mean; nothing where they explain themselves."""
    if isinstance(found, Words):
        present = {word for row in found.words for word in row}
        items = [
            element(
                "li", text("span", mark.letter, class_=f"badge v-{word}"), escaped(word.replace("_", "-"))
            )
            for word, mark in MARKS.items()
            if word in present
        ]
        return element("ul", *items, class_="legend words")
    if isinstance(found, Cells):
        return ""
    shape = " block" if isinstance(found, Bars) else ""
    items = [
        text("li", line.name, class_=f"{color_class(line, number)}{' dash' if line.is_dashed else shape}")
        for number, line in enumerate(found.lines)
    ]
    return element("ul", *items, class_="legend")


def table(found: Table, caption: str) -> str:
    """Heads of columns and rows, with their scope."""
    heads = "".join(text("th", head, scope="col") for head in found.heads)
    rows = (
        element("tr", text("th", first, scope="row"), *(text("td", cell) for cell in rest))
        for first, *rest in found.rows
    )
    return framed_table(heads, rows, caption)


def framed_table(heads: str, rows: Iterable[str], caption: str) -> str:
    """A table of cells that are ready. It may be wider than the page; the keyboard can reach and move it."""
    whole = element(
        "table",
        text("caption", caption),
        element("thead", element("tr", heads)),
        element("tbody", *(f"\n{row}" for row in rows)),
    )
    return element("div", whole, class_="scroll", tabindex=0, role="group", aria_label=caption)
