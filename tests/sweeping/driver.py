"""The command line with a saboteur in it; worker processes load this file too, and with it the saboteur."""

from tests.sweeping import saboteur

assert saboteur.__name__

if __name__ == "__main__":
    from gradscope.cli import main

    main()
