from gradscope.render.canvas import Canvas


def test_a_falling_line_in_braille() -> None:
    canvas = Canvas(2, 1, (0.0, 3.0), (0.0, 3.0))
    canvas.line([0.0, 3.0], [3.0, 0.0])
    # Dots (0,0), (1,1) in the first cell, (2,2), (3,3) in the second.
    assert list(canvas.rows(unicode=True)) == [chr(0x2800 + 0x01 + 0x10) + chr(0x2800 + 0x04 + 0x80)]
    assert list(canvas.rows(unicode=False)) == ["**"]


def test_a_level_line_has_a_height() -> None:
    canvas = Canvas(4, 3, (-1.0, 1.0), (1.0, 1.0))
    canvas.line([-1.0, 1.0], [1.0, 1.0])
    assert [row.strip() for row in canvas.rows(unicode=False)] == ["", "****", ""]


def test_axes_lie_below() -> None:
    canvas = Canvas(5, 5, (-1.0, 1.0), (-1.0, 1.0))
    canvas.cross()
    rows = list(canvas.rows(unicode=False))
    assert rows[2] == "....."
    assert all(row[2] == "." for row in rows)
