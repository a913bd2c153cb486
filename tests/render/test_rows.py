from gradscope.render.rows import Fold, folded_rows, rows_of
from gradscope.rules.base import Severity
from tests.render import reports


def test_weighted_layers_have_rows_and_the_others_stand_behind_them() -> None:
    rows = rows_of(reports.vanishing())
    assert [row.layer.name for row in rows] == [f"dense{number}" for number in range(1, 22)]
    assert [layer.name for layer in rows[4].behind] == ["sigmoid5"]
    assert rows[20].behind == ()


def test_a_container_stands_above_what_is_inside_it() -> None:
    rows = rows_of(reports.residual())
    assert [(row.depth, row.label) for row in rows] == [
        (0, "dense1"),
        (0, "residual2"),
        (1, ".relu0"),
        (1, ".dense1"),
        (1, ".dense2"),
        (0, "residual3"),
        (1, ".shortcut.dense1"),
        (1, ".dense1"),
        (1, ".residual2"),
        (2, ".dense1"),
        (0, "dense4"),
    ]
    behind = {row.layer.name: [layer.name for layer in row.behind] for row in rows if row.behind}
    assert behind == {"residual2.dense1": ["residual2.relu1"], "residual3": ["layer_norm3"]}


def test_all_layers_means_every_layer_once() -> None:
    report = reports.residual()
    names = [row.layer.name for row in rows_of(report, all_layers=True)]
    assert sorted(names) == sorted(layer.name for layer in report.layers)


def test_a_network_without_weights_shows_what_it_has() -> None:
    bare = reports.report("bare", [reports.layer("flatten0", "flatten", 0, -1.0, flow_point=True)], "healthy")
    assert [row.layer.name for row in rows_of(bare)] == ["flatten0"]


def test_a_row_has_the_worst_severity_of_its_layer_and_those_behind() -> None:
    severities = {row.layer.name: row.severity for row in rows_of(reports.dead_relu())}
    assert severities["dense3"] is Severity.warning
    assert severities["dense9"] is Severity.error
    assert severities["dense8"] is None


def test_a_leading_layer_with_a_finding_has_a_row() -> None:
    leading = reports.layer("flatten0", "flatten", 0, -1.0)
    found = reports.dead_units("flatten0", 0.7)
    with_finding = reports.report("led", [leading, reports.dense("dense1", 1, -1.0)], "warning", found)
    without = reports.report("led", [leading, reports.dense("dense1", 1, -1.0)], "healthy")
    assert [row.layer.name for row in rows_of(with_finding)] == ["flatten0", "dense1"]
    assert [row.layer.name for row in rows_of(without)] == ["dense1"]


def test_folding_keeps_both_ends_findings_and_their_containers() -> None:
    rows = rows_of(reports.long())
    shown = list(folded_rows(rows))
    names = [row.layer.name for row in shown if not isinstance(row, Fold)]
    assert {
        "dense1",
        "dense12",
        "dense150",
        "residual200",
        "residual200.dense1",
        "dense289",
        "dense300",
    } <= set(names)
    assert "dense100" not in names
    folds = [row for row in shown if isinstance(row, Fold)]
    assert len(names) + sum(fold.count for fold in folds) == len(rows)
    assert folds[0] == Fold(137, "dense13", "dense149")


def test_short_networks_and_short_gaps_are_not_folded() -> None:
    layers = [reports.dense(f"dense{number}", number, -1.0) for number in range(1, 28)]
    rows = rows_of(reports.report("just fits", layers, "healthy"))
    assert list(folded_rows(rows)) == list(rows)


def test_a_fold_does_not_part_a_container_from_its_layers() -> None:
    layers = [reports.dense("dense1", 1, -1.0)]
    for number in range(2, 40):
        layers.append(reports.dense(f"residual{number}.dense1", number, -1.0))
        layers.append(reports.layer(f"residual{number}", "residual", number, -1.0, flow_point=True))
    shown = list(folded_rows(rows_of(reports.report("residuals", layers, "healthy"))))
    fold = next(number for number, row in enumerate(shown) if isinstance(row, Fold))
    before, after = shown[fold - 1], shown[fold + 1]
    assert not isinstance(before, Fold)
    assert not isinstance(after, Fold)
    assert before.label == ".dense1"
    assert after.depth == 0


def test_one_huge_container_is_folded_inside() -> None:
    layers = [reports.dense(f"residual1.dense{number}", 1, -1.0) for number in range(1, 101)]
    layers.append(reports.layer("residual1", "residual", 1, -1.0, flow_point=True))
    shown = list(folded_rows(rows_of(reports.report("one", layers, "healthy"))))
    assert len(shown) < 30
    assert not isinstance(shown[0], Fold)
    assert shown[0].label == "residual1"
