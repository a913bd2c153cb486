"""What the process's environment must say before NumPy is loaded. Imports nothing heavy."""

import os
import sys

BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What the makers of BLAS libraries read, once, when they are loaded."""


def use_one_blas_thread() -> None:
    """Hold every BLAS of this process to one thread, whatever the user set.

    More threads would change the last bits of a product with their number. Once NumPy is loaded it has read
    them: to set them then would only hide what holds, and the engine limits the threads in another way.
    """
    if "numpy" not in sys.modules:
        os.environ.update(dict.fromkeys(BLAS_VARIABLES, "1"))
