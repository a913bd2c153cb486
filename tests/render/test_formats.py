import subprocess
import sys

import pytest

from gradscope.render import COMPACT_RENDERERS, RENDERERS, render
from gradscope.render.options import RenderOptions
from gradscope.render.outcome import Outcome
from tests.render import reports

TABLES = pytest.mark.parametrize("renderers", [RENDERERS, COMPACT_RENDERERS], ids=["run", "check"])


@TABLES
@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("several", [False, True])
def test_every_format_ends_in_one_newline(form: str, renderers: dict[str, str], several: bool) -> None:
    text = render(form, Outcome((reports.vanishing(),), several=several), RenderOptions(), renderers)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@TABLES
@pytest.mark.parametrize("form", RENDERERS)
def test_the_same_report_gives_the_same_text(form: str, renderers: dict[str, str]) -> None:
    outcome = Outcome((reports.dead_relu(),))
    texts = {render(form, outcome, RenderOptions(), renderers) for _ in range(2)}
    assert len(texts) == 1


@pytest.mark.parametrize("form", [form for form in RENDERERS if form != "table"])
def test_only_the_table_loads_rich(form: str) -> None:
    code = (
        "import sys\n"
        "from tests.render import reports\n"
        "from gradscope.render import render\n"
        "from gradscope.render.options import RenderOptions\n"
        "from gradscope.render.outcome import Outcome\n"
        f"render({form!r}, Outcome((reports.dead_relu(),)), RenderOptions())\n"
        "print('rich' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
