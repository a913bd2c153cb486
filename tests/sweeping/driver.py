"""The command line with a saboteur in it; worker processes load this file too, and with it the saboteur."""

import signal

from tests.sweeping import saboteur

assert saboteur.__name__

if __name__ == "__main__":
    from gradscope.cli import main

    # Where the tests run in the background of a script, their processes would ignore a Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
