from collections.abc import Callable
from pathlib import Path

import click
import pytest

from gradscope import __version__
from gradscope.cli.root import COMMANDS, root
from tests.cli.calls import call, small

Golden = Callable[[str, str], None]


def test_help(golden: Golden) -> None:
    result = call("--help")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("cli/help.txt", result.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(name: str, golden: Golden) -> None:
    result = call(name, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"gradscope {name} " in result.stdout.split("Examples:")[1]
    golden(f"cli/help-{name}.txt", result.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_of_a_command_what_it_says_of_itself(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.get_short_help_str(limit=200) == COMMANDS[name].summary


def test_every_command_is_complete_in_the_shell() -> None:
    assert root.list_commands(click.Context(root)) == [*COMMANDS]


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(option: str) -> None:
    result = call(option)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"gradscope {__version__}\n", "")


def test_an_unknown_command_is_suggested() -> None:
    result = call("rn")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: there is no command 'rn'; did you mean 'run'?" in result.stderr


def test_a_config_in_the_place_of_a_command(tmp_path: Path) -> None:
    config = small(tmp_path)
    result = call(config)
    assert result.exit_code == 2
    assert f"did you mean `gradscope run {config}`?" in result.stderr


def test_without_a_near_one_all_commands_are_named() -> None:
    assert "there is no command 'n\\udcc3\\x1b';" in call("n\udcc3\x1b").stderr
    assert f"there is no command 'zzz'; known are {', '.join(COMMANDS)}" in call("zzz").stderr


def test_an_unknown_option() -> None:
    result = call("--nonsense")
    assert result.exit_code == 2
    assert "--nonsense" in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal(name: str) -> None:
    assert max(map(len, call(name, "--help").stdout.splitlines())) <= 80
