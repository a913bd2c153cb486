import os
import sys

import pytest

from gradscope.cli.environment import BLAS_VARIABLES, use_one_blas_thread


def test_the_users_own_threads_are_overruled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy")
    for variable in BLAS_VARIABLES:
        monkeypatch.setenv(variable, "8")
    use_one_blas_thread()
    assert {os.environ[variable] for variable in BLAS_VARIABLES} == {"1"}


def test_once_numpy_is_loaded_nothing_is_pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "numpy" in sys.modules
    monkeypatch.setenv(BLAS_VARIABLES[0], "8")
    use_one_blas_thread()
    assert os.environ[BLAS_VARIABLES[0]] == "8"
