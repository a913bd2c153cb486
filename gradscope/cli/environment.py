"""What must be said about the process before NumPy is loaded. Imports nothing heavy."""

import gc
import os
import sys

BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What the makers of BLAS libraries read, once, when they are loaded."""


_OBJECTS_BETWEEN = 200_000
"""Enough for all imports; what is in cycles is small, arrays are freed at once."""


def use_one_blas_thread() -> None:
    """Hold every BLAS of this process to one thread, whatever the user set.

    More threads would change the last bits of a product with their number. Once NumPy is loaded it has read
    them: to set them then would only hide what holds, and the engine limits the threads in another way.
    """
    if "numpy" not in sys.modules:
        os.environ.update(dict.fromkeys(BLAS_VARIABLES, "1"))


def open_streams() -> None:
    """Give a process that was started without standard streams (`>&-`) such that hold nothing: whoever closed
    them wants to read nothing, but may want the exit code, or the file of -o."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  for good


def collect_seldom() -> None:
    """Have Python look for cycles of garbage less often: while it imports hundreds of modules it would do so
    hundreds of times, which takes a tenth of a small network's process."""
    gc.set_threshold(_OBJECTS_BETWEEN)


def leave_garbage() -> None:
    """Leave what is there at the end of the process to the system: to look for cycles in it takes longer than
    to diagnose a small network."""
    gc.freeze()
