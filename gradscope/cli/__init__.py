"""The command line: parses, calls, prints and exits. The only room that prints, and that knows click."""

import os
import sys
from typing import NoReturn

from gradscope.cli.environment import collect_seldom, leave_garbage, open_streams, use_one_blas_thread
from gradscope.cli.exits import INTERRUPTED, WRONG_INPUT
from gradscope.errors import reason_of


def main() -> NoReturn:
    """The process `gradscope`: runs the command line and ends with its exit code."""
    open_streams()
    collect_seldom()
    use_one_blas_thread()
    try:
        code = _run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        # A plain exit would first wait for the trials that are still running in threads.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)
    leave_garbage()
    sys.exit(code)


def _run() -> int:
    import click

    from gradscope.cli.failures import heard_or_not, say
    from gradscope.cli.root import root

    try:
        return root.main(prog_name="gradscope", standalone_mode=False) or 0
    except click.ClickException as error:
        with heard_or_not():
            error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except OSError as error:
        # Commands say themselves what they could not write; left are the texts of --help and --version.
        say(f"standard output: this cannot be written: {reason_of(error)}")
        return WRONG_INPUT
