"""Engine tests run as the probe does: each product on one BLAS thread."""

from collections.abc import Iterator

import pytest

from gradscope.engine.threads import one_blas_thread


@pytest.fixture(autouse=True, scope="module")
def _products_on_one_thread() -> Iterator[None]:
    with one_blas_thread():
        yield
