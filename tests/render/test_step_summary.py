import re
from collections.abc import Callable

import pytest

from gradscope.render.options import RenderOptions
from gradscope.render.step_summary import render
from tests.render import outcomes

Golden = Callable[[str, str], None]
UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")


@pytest.mark.parametrize("name", outcomes.OUTCOMES)
def test_pages(name: str, golden: Golden) -> None:
    golden(f"render/check-{name}.md", render(outcomes.OUTCOMES[name](), RenderOptions()))


@pytest.mark.parametrize("name", outcomes.OUTCOMES)
def test_a_row_a_config_with_as_many_cells(name: str) -> None:
    outcome = outcomes.OUTCOMES[name]()
    text = render(outcome, RenderOptions())
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == len(outcome.results) + 2
    assert {len(UNESCAPED_PIPE.findall(line)) for line in table} == {6}


def test_quiet_leaves_the_table() -> None:
    text = render(outcomes.mixed(), RenderOptions(quiet=True))
    assert "###" not in text
    assert text.count("\n|") == 9
