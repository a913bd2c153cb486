"""The import order of the house: which room may know of which, and what every module must have."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import gradscope

HOUSE = Path(gradscope.__file__).parent

RANKS = {
    "errors": 0,
    "numerals": 0,
    "repository": 0,
    "engine": 1,
    "config": 2,
    "probe": 2,
    "build": 3,
    "theory": 3,
    "input_moments": 4,
    "rules": 4,
    "report": 5,
    "baseline": 6,
    "comparing": 6,
    "diagnosis": 6,
    "effort": 6,
    "loading": 6,
    "outlook": 6,
    "remedies": 7,
    "sweeping": 7,
    "training": 7,
    "phases": 8,
    "render": 9,
    "cli": 10,
    "__init__": 11,
    "__main__": 11,
}
"""A module imports from lower ranks or its own room; rooms of one rank are strangers."""

NEIGHBOURS = {
    "engine": ("errors", "numerals"),
    "config": ("engine", "errors", "numerals"),
    "probe": ("engine", "errors", "numerals"),
    "build": ("config", "engine", "errors", "numerals"),
    "theory": ("config", "engine", "errors", "numerals", "probe.flow", "probe.summary", "probe.trace"),
    "rules": (
        "config.schema",
        "engine",
        "errors",
        "numerals",
        "probe.course",
        "probe.summary",
        "probe.trace",
        "theory",
    ),
    "report": ("errors", "probe", "rules"),
    "effort": ("build", "config", "engine", "errors", "rules"),
    "input_moments": ("build", "theory"),
    "diagnosis": (
        "build",
        "config",
        "engine",
        "errors",
        "input_moments",
        "probe",
        "report",
        "rules",
        "theory",
    ),
    "comparing": ("errors", "numerals", "probe.summary", "report", "rules"),
    "loading": ("build", "config", "errors", "rules"),
}
"""What rooms may know where their rank alone would allow them more."""

FOREIGN = {
    "yaml": ("config/source.py",),
    "rich": (
        "render/",
        "cli/late_display.py",
        "cli/progress.py",
        "cli/sweep_progress.py",
        "cli/training_progress.py",
    ),
    "click": ("cli/",),
    "sqlite3": ("sweeping/",),
    "dask": ("sweeping/",),
    "distributed": ("sweeping/",),
    "torch": (),
    "matplotlib": ("render/png/",),
    "tensorboardX": ("cli/event_files.py",),
}
"""The only places that know a package."""

UNKNOWN_TO = {"engine": ("msgspec", "yaml", "rich", "click")}
LONGEST = 320
"""Lines of a module; 300 are aimed at."""

MODULES = sorted(HOUSE.rglob("*.py"))
EACH_MODULE = pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(HOUSE).as_posix())


class Import(NamedTuple):
    """One imported name, wherever in the file it stands."""

    line: int
    module: str
    level: int = 0


def imports(tree: ast.AST) -> Iterator[Import]:
    """Those of functions and under TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(node.lineno, _target(node.module or "", alias.name), node.level)


def _target(package: str, name: str) -> str:
    """`from gradscope.config import schema` imports a module, `from gradscope.build import Plan` does not."""
    inside = HOUSE.joinpath(*package.split(".")[1:], name)
    is_module = package.split(".", 1)[0] == "gradscope" and (
        inside.is_dir() or inside.with_suffix(".py").is_file()
    )
    if is_module or package == "gradscope":
        return f"{package}.{name}"
    return package


def room_of(file: Path) -> str:
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


def own_imports(file: Path) -> Iterator[tuple[Import, str]]:
    """Imports from the house, and where from, without its name."""
    for found in imports(ast.parse(file.read_text(encoding="utf-8"))):
        if found.module.split(".")[0] == "gradscope" and found.module != "gradscope.__version__":
            yield found, found.module.partition(".")[2]


def foreign_packages(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {found.module.split(".")[0] for found in imports(tree)} - {"gradscope"}


def place(file: Path, found: Import) -> str:
    return f"{file.relative_to(HOUSE)}:{found.line} imports {found.module}"


def test_every_room_has_a_rank() -> None:
    assert {room_of(file) for file in MODULES} <= set(RANKS)


@EACH_MODULE
def test_imports_go_down(file: Path) -> None:
    room = room_of(file)
    for found, target in own_imports(file):
        other = target.split(".")[0]
        assert other in RANKS, f"{place(file, found)}, which is no room"
        assert other == room or RANKS[other] < RANKS[room], place(file, found)


@EACH_MODULE
def test_rooms_know_their_neighbours_only(file: Path) -> None:
    room = room_of(file)
    known = (*NEIGHBOURS.get(room, tuple(RANKS)), room)
    for found, target in own_imports(file):
        assert any(f"{target}.".startswith(f"{name}.") for name in known), place(file, found)


@EACH_MODULE
def test_imports_are_absolute(file: Path) -> None:
    for found in imports(ast.parse(file.read_text(encoding="utf-8"))):
        assert found.level == 0, place(file, found)


@EACH_MODULE
def test_packages_have_one_home(file: Path) -> None:
    name = file.relative_to(HOUSE).as_posix()
    for package in foreign_packages(file):
        homes = FOREIGN.get(package)
        assert homes is None or name.startswith(homes), f"{name} imports {package}"
        assert package not in UNKNOWN_TO.get(room_of(file), ()), f"{name} imports {package}"


@EACH_MODULE
def test_the_first_line_says_what_lives_there(file: Path) -> None:
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    assert docstring, "no docstring"
    first = " ".join(docstring.split("\n\n")[0].split())
    assert re.match(r"[^a-z\s]|gradscope ", first), first
    assert first.endswith((".", "…")), first
    assert len(first.split()) >= 3, first


@EACH_MODULE
def test_modules_are_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_room_is_called_by_what_it_is_not() -> None:
    for file in MODULES:
        assert file.stem not in {"utils", "helpers", "common", "misc"}, file


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import gradscope.cli.root", ["gradscope.cli.root"]),
        ("from gradscope.config import schema", ["gradscope.config.schema"]),
        ("from gradscope.build import plan_of", ["gradscope.build"]),
        ("from gradscope import diagnosis, __version__", ["gradscope.diagnosis", "gradscope.__version__"]),
        ("def f():\n    from gradscope.engine.erf import erf", ["gradscope.engine.erf"]),
        ("if TYPE_CHECKING:\n    import torch.nn", ["torch.nn"]),
    ],
)
def test_imports_are_found_wherever_they_stand(text: str, found: list[str]) -> None:
    assert [one.module for one in imports(ast.parse(text))] == found
