"""The command as a process of its own: what only a real terminal, pipe or signal can show."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.cli.calls import BROKEN, small

pty = pytest.importorskip("pty")

ROOT = Path(__file__).parents[2]
LONG = "input: 64\nbatch: {size: 1000}\ntrials: 500\nlayers: [{repeat: 300, layers: [{dense: 64}, relu]}]\n"
HEAVY = ("numpy", "rich", "yaml", "msgspec", "gradscope.render.table")


def environment(**variables: str) -> dict[str, str]:
    drop = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING", "PYTHONUTF8")
    kept = {name: value for name, value in os.environ.items() if name not in drop}
    return kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | variables


def gradscope(*arguments: str | Path, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "gradscope", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, env=environment(**variables), timeout=60, check=False)


def test_a_pipe_gets_plain_text(tmp_path: Path) -> None:
    result = gradscope("run", small(tmp_path), "--trials", "1")
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"\x1b" not in result.stdout
    assert "|∂L/∂y|" in result.stdout.decode()


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    small(tmp_path)
    os.mkfifo(tmp_path / "nobody_writes.yaml")
    result = gradscope("check", tmp_path, "--verbose")
    assert result.returncode == 0
    assert result.stdout.count(b"healthy") == 1
    assert b"nobody_writes.yaml" in result.stderr


@pytest.mark.parametrize(
    "arguments", ["run", "check", "theory", "train --steps 1", "run --estimate", "sweep --axis seed=1"]
)
def test_a_file_whose_name_is_no_text_has_a_report(arguments: str, tmp_path: Path) -> None:
    file = small(tmp_path).rename(tmp_path / os.fsdecode(b"a\xff.yaml"))
    command, *options = arguments.split()
    result = gradscope(command, file, *options, "--format", "json")
    assert result.returncode == 0, result.stderr.decode()
    told = result.stdout.decode()
    assert "\\\\udcff" in told or command == "sweep"
    assert not re.search(r"(?<!\\)\\ud[c-f]", told), "half a character is what strict readers of JSON refuse"
    assert json.loads(told)


@pytest.mark.parametrize("command", ["run", "check", "sweep --axis seed=1", "fix"])
def test_a_working_directory_that_is_gone(command: str, tmp_path: Path) -> None:
    file, gone = small(tmp_path), tmp_path / "gone"
    gone.mkdir()
    line = f"rmdir {gone}; exec {sys.executable} -m gradscope {command} {file}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=gone, capture_output=True, env=environment(), timeout=60, check=False
    )
    assert b"internal error" not in done.stderr
    assert (done.returncode, b"the working directory does not exist" in done.stderr) in [
        (2, True),
        (0, False),
    ]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_leave_the_exit_code(tmp_path: Path, closed: str) -> None:
    command = f"{sys.executable} -m gradscope check {small(tmp_path)} {closed}"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, env=environment(), timeout=60, check=False
    )
    assert done.returncode == 0
    assert b"internal error" not in done.stderr


def test_a_closed_standard_input_is_an_empty_config() -> None:
    command = f"{sys.executable} -m gradscope run - <&-"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, env=environment(), timeout=60, check=False
    )
    assert done.returncode == 2
    assert b"<stdin>" in done.stderr


def test_force_color_reaches_a_pipe_and_no_color_takes_the_colours_away(tmp_path: Path) -> None:
    file = small(tmp_path)
    colored = gradscope("run", file, "--trials", "1", FORCE_COLOR="1").stdout
    plain = gradscope("run", file, "--trials", "1", FORCE_COLOR="1", NO_COLOR="1").stdout
    assert b"\x1b[32m" in colored
    assert b"\x1b[32m" not in plain
    assert b"\x1b[1m" in plain


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
)
def test_without_unicode_the_table_is_ascii(variables: dict[str, str], tmp_path: Path) -> None:
    file = small(tmp_path, text="name: naïve ∛\ninput: 4\nlayers: [{dense: 8}, relu]\n")
    result = gradscope("run", file, "--trials", "1", **variables)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.isascii()
    assert rb"na\xefve \u221b" in result.stdout
    assert b"|dL/dy|" in result.stdout


def test_columns_set_the_width(tmp_path: Path) -> None:
    file = small(tmp_path)
    narrow = gradscope("run", file, "--trials", "1", COLUMNS="60").stdout.decode()
    wide = gradscope("run", file, "--trials", "1", COLUMNS="150").stdout.decode()
    assert max(map(len, narrow.splitlines())) <= 60 < max(map(len, wide.splitlines())) <= 150


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    files = f"{small(tmp_path, text=BROKEN)} {small(tmp_path, 'ok')}"
    command = f"{sys.executable} -m gradscope run {files} --all | true"
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", ["--help", "--version", "run --help", "rules"])
def test_a_full_disk_is_said_in_a_line(arguments: str) -> None:
    command = f"{sys.executable} -m gradscope {arguments} > /dev/full"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, env=environment(), timeout=60, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert re.match("standard output: .* cannot be written: No space left on device", line)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("arguments", "code"), [("train {} --steps 3", 0), ("run {} nope.yaml", 2), ("nonsense", 2), ("run", 2)]
)
def test_a_standard_error_that_takes_nothing_fails_no_call(arguments: str, code: int, tmp_path: Path) -> None:
    command = f"{sys.executable} -m gradscope {arguments.format(small(tmp_path))} 2> /dev/full"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, env=environment(), timeout=60, check=False
    )
    assert done.returncode == code
    assert ("verdict  ✓ healthy".encode() in done.stdout) == ("{}" in arguments)


def test_help_and_version_load_nothing_heavy() -> None:
    for option in ("--help", "--version"):
        code = textwrap.dedent(f"""
            import atexit, sys
            atexit.register(lambda: print([name for name in {HEAVY!r} if name in sys.modules]))
            sys.argv = ["gradscope", {option!r}]
            from gradscope.cli import main
            main()
        """)
        result = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
        assert result.returncode == 0
        assert result.stdout.endswith("\n[]\n")


def test_results_do_not_depend_on_the_users_blas_threads(tmp_path: Path) -> None:
    file = small(tmp_path, text="input: 300\nlayers: [{dense: 300}, relu, {dense: 300}]\n")
    outputs = {
        gradscope(
            "run", file, "--format", "csv", OPENBLAS_NUM_THREADS=threads, OMP_NUM_THREADS=threads
        ).stdout
        for threads in ("1", "2")
    }
    assert len(outputs) == 1


def interrupted(arguments: list[str], stderr: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    """A process that says `started` before each config, so that a signal meets it at work."""
    code = textwrap.dedent("""
        import sys
        from gradscope import diagnosis
        from gradscope.cli import main

        real = diagnosis.diagnose

        def diagnose(config, **options):
            print("started", config.name, flush=True)
            return real(config, **options)

        diagnosis.diagnose = diagnose
        main()
    """)
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env=environment(),
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_control_c_ends_at_once_with_130_and_keeps_what_was_finished(jobs: str, tmp_path: Path) -> None:
    first, long = small(tmp_path, "first"), small(tmp_path, "long", LONG)
    process = interrupted(["run", str(first), str(long), "--quiet", "--jobs", jobs])
    assert process.stdout is not None
    assert process.stdout.readline() == "started first\n"
    assert process.stdout.readline() == "started long\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stdout.split()[-1] == "first"
    assert stderr == "interrupted; 1 of 2 configs finished\n"


def test_control_c_while_waiting_for_standard_input() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradscope", "run", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=20)
    assert (process.returncode, stdout) == (130, b"")


def test_a_long_run_shows_its_progress_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = interrupted(["run", str(small(tmp_path, "long", LONG))], stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while b"/500" not in shown:
            shown += os.read(ours, 4096)
    finally:
        process.kill()
        process.communicate()
        os.close(ours)
    assert b"trials" in shown
