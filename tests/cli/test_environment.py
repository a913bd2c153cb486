import gc
import os
import sys

import pytest

from gradscope.cli.environment import BLAS_VARIABLES, collect_seldom, leave_garbage, use_one_blas_thread


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


def test_garbage_is_looked_for_seldom_and_not_at_the_end() -> None:
    before = gc.get_threshold()
    try:
        collect_seldom()
        assert gc.get_threshold()[0] > 10 * before[0]
        leave_garbage()
        assert gc.get_freeze_count() > 0
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
