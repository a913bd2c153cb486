import math

import msgspec
import pytest

from gradscope.comparing.comparison import Side, compare, difference
from gradscope.report import Report
from tests.render import reports


def compared(a: Report, b: Report):
    return compare(Side("a", a), Side("b", b))


def net(*names: str, log10: float = -1.0) -> Report:
    return reports.report("net", [reports.dense(name, 1, log10) for name in names], "healthy")


def test_layers_of_both_are_aligned_by_name_in_the_order_of_b() -> None:
    found = compared(net("d1", "a1", "d2", "d3"), net("d1", "b1", "b2", "d2", "c", "d3", "e"))
    assert [(pair.name, pair.only) for pair in found.layers] == [
        ("d1", None),
        ("a1", "a"),
        ("b1", "b"),
        ("b2", "b"),
        ("d2", None),
        ("c", "b"),
        ("d3", None),
        ("e", "b"),
    ]


def test_layers_in_another_order_are_there_once() -> None:
    found = compared(net("x", "y", "p", "z"), net("z", "q", "y", "x"))
    assert sorted(pair.name for pair in found.layers) == ["p", "q", "x", "y", "z"]
    assert {pair.name for pair in found.layers if pair.only is None} == {"x", "y", "z"}


def test_networks_with_nothing_in_common() -> None:
    found = compared(net("a1", "a2"), net("b1", "b2"))
    assert [pair.only for pair in found.layers] == ["a", "a", "b", "b"]
    assert all(value is None for pair in found.layers for value in msgspec.structs.astuple(pair.change))


def test_changes_are_decades_and_differences_of_shares() -> None:
    a = reports.report(
        "a", [reports.dense("dense1", 1, -2.0), reports.relu("relu1", 1, -2.0, 0.25)], "healthy"
    )
    b = reports.report(
        "b", [reports.dense("dense1", 1, -5.5), reports.relu("relu1", 1, -1.0, 0.75)], "healthy"
    )
    dense, relu = (pair.change for pair in compared(a, b).layers)
    assert dense.output_grad == pytest.approx(-3.5)
    assert dense.weight_grad == pytest.approx(-3.5)
    assert dense.update_ratio == pytest.approx(-3.5)
    assert dense.dead_fraction is None
    # Spreads of 0.05 over three trials each.
    assert dense.noise == pytest.approx(math.sqrt(2 * 0.05**2 / 3))
    assert relu.dead_fraction == pytest.approx(0.5)
    assert relu.weight_grad is None


def test_norms_beyond_floats_have_differences_too() -> None:
    a, b = reports.extreme(), reports.extreme()
    shifted = [
        msgspec.structs.replace(each, output_grad=reports.norm(each.output_grad.log10_l2 - 7.0))
        for each in b.layers
    ]
    found = compared(a, msgspec.structs.replace(b, layers=tuple(shifted)))
    assert [pair.change.output_grad for pair in found.layers] == pytest.approx([-7.0, 0.0, -7.0, -7.0])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (-math.inf, -math.inf, 0.0),
        (math.inf, math.inf, 0.0),
        (1.0, -math.inf, -math.inf),
        (-math.inf, 1.0, math.inf),
    ],
)
def test_differences_of_infinities(before: float, after: float, expected: float) -> None:
    assert difference(before, after) == expected


def test_a_nan_stays_one() -> None:
    assert math.isnan(difference(math.nan, math.nan))
    found = compared(reports.vanishing(), reports.non_finite())
    assert math.isnan(found.log10_ratio)


def test_a_report_against_itself_has_changed_nothing() -> None:
    for made in (reports.vanishing, reports.dead_relu, reports.explained, reports.residual, reports.single):
        found = compared(made(), made())
        assert not found.findings.gained
        assert not found.findings.lost
        assert not found.is_worse(("error", "warning", "note"))
        assert found.log10_ratio == 0.0
        changes = [value for pair in found.layers for value in msgspec.structs.astuple(pair.change)[:-1]]
        assert set(changes) <= {0.0, None}


def test_what_was_not_alike_is_said() -> None:
    a = net("d1")
    b = msgspec.structs.replace(a, seed=7, batch_size=8, dtype="float64")
    assert compared(a, b).unlike == ("seed 0 and 7", "batch size 64 and 8", "dtype float32 and float64")


def test_sides_swapped_swap_what_was_gained_and_lost() -> None:
    a, b = reports.dead_relu(), reports.vanishing()
    there, back = compared(a, b).findings, compared(b, a).findings
    assert (there.gained, there.lost) == (back.lost, back.gained)
    assert there.gained
