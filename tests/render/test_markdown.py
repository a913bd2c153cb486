import re

import pytest

from gradscope.render.markdown import escaped, render
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from tests.render.test_table import REPORTS, Golden

UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")


@pytest.mark.parametrize("name", ["dead_relu", "explained", "hostile", "long", "residual"])
def test_sections(name: str, golden: Golden) -> None:
    golden(f"render/{name}.md", render(Outcome((REPORTS[name],)), RenderOptions()))


@pytest.mark.parametrize("name", REPORTS)
def test_every_row_of_the_table_has_as_many_cells(name: str) -> None:
    for options in (RenderOptions(), RenderOptions(full=True, all_layers=True)):
        text = render(Outcome((REPORTS[name],)), options)
        table = [line for line in text.splitlines() if line.startswith("|")]
        assert len(table) > 2
        assert len({len(UNESCAPED_PIPE.findall(line)) for line in table}) == 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", r"a\|b"),
        ("<b>&amp;", r"\<b\>\&amp;"),
        ("*a* `b` [c](d) ~e~ $f$ #1", r"\*a\* \`b\` \[c\](d) \~e\~ \$f\$ \#1"),
        ("batch_norm2 _a_", r"batch_norm2 \_a\_"),
        ("back\\slash", r"back\\slash"),
        ("two\nlines", r"two\\nlines"),
    ],
)
def test_nothing_in_a_text_is_markup(text: str, written: str) -> None:
    assert escaped(text) == written


def test_quiet_is_one_item_a_report() -> None:
    outcome = Outcome((REPORTS["vanishing"], REPORTS["single"]), several=True)
    assert (
        render(outcome, RenderOptions(quiet=True))
        == "- **vanishing** 1.0e-14 deep sigmoid\n- **healthy** 1.0e+00 single\n"
    )
