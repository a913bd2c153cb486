"""Every number of the report of networks over sequences and tokens against PyTorch."""

from typing import Any

import pytest
from hypothesis import assume, given, settings

torch = pytest.importorskip("torch")

from tests.oracle.agreement import disagreements  # noqa: E402
from tests.oracle.entries import assert_entries_agree  # noqa: E402
from tests.oracle.random_sequences import networks, single_layers  # noqa: E402


@settings(max_examples=100)
@given(config=networks())
def test_random_networks_over_sequences(config: dict[str, Any]) -> None:
    wrong = disagreements(config)
    assume(wrong is not None)
    assert wrong == []


@settings(max_examples=150)
@given(config=single_layers())
def test_single_layers_entry_by_entry(config: dict[str, Any]) -> None:
    assert_entries_agree(config)
