"""The command line with a saboteur in it; worker processes load this file too, and with it the saboteur."""

import tests.sweeping.saboteur

assert tests.sweeping.saboteur.sabotaged

if __name__ == "__main__":
    from gradscope.cli import main

    main()
