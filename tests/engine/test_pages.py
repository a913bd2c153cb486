"""What is let go stays with the process, and is there for the next pass."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
import gradscope.engine.pages

arrays = [None] * 150

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for number in range(150):
        arrays[number] = np.ones(1 << 18, dtype=np.float32)
    found = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    for number in range(150):
        arrays[number] = None
    return found

print(faults(), faults())
"""


@pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}), reason="for the GNU C library"
)
def test_arrays_find_the_memory_of_those_before_them() -> None:
    """150 MB in arrays that have no pages of their own."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, check=True, text=True)
    first, second = map(int, done.stdout.split())
    assert second < first / 10
