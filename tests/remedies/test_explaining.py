"""The best single remedy of each finding: tried, measured, and within a bound."""

from pathlib import Path

import pytest

from gradscope.config.schema import Config
from gradscope.diagnosis import diagnose
from gradscope.errors import Mistake
from gradscope.loading import load_config
from gradscope.remedies import explaining
from gradscope.remedies.explaining import explained, work
from gradscope.report import Report

SICK = "input: 64\ninit: glorot_normal\nlayers:\n  - {repeat: 30, layers: [dense: 64, relu]}\n  - dense: 10\n"


class Measured:
    """`diagnose` that counts."""

    def __init__(self, fails: bool = False) -> None:
        self.configs: list[Config] = []
        self._fails = fails

    def __call__(self, config: Config) -> Report:
        self.configs.append(config)
        if self._fails:
            raise Mistake("it cannot be measured")
        return diagnose(config, jobs=1)


def examined(text: str) -> tuple[Config, Report]:
    config = load_config("<text>", text=text)
    return config, diagnose(config, jobs=1)


def test_what_was_tried_and_its_measured_effect() -> None:
    measured = Measured()
    report = explained(*examined(SICK), measured)
    (tried,) = report.remedies
    assert (tried.rule, tried.remedy, tried.verdict, tried.remaining) == (
        *("GS101", "init: he_normal", "healthy"),
        (),
    )
    assert tried.changes == ({"path": "init", "from": "glorot_normal", "to": "he_normal"},)
    assert tried.figure.name == "gain_per_layer"
    assert tried.figure.before == report.flow.gain_per_layer
    # Glorot's variance is half of He's for layers as wide as their inputs.
    assert tried.figure.before == pytest.approx(2.0**-0.5, rel=0.03)
    assert tried.figure.after == tried.flow.gain_per_layer == pytest.approx(1.0, rel=0.03)
    assert len(measured.configs) == 1
    assert tried.flow == diagnose(measured.configs[0], jobs=1).flow


def test_everything_else_of_the_report_stays() -> None:
    config, report = examined(SICK)
    plain = report.to_dict()
    found = explained(config, report, Measured()).to_dict()
    assert found.pop("remedies") != plain.pop("remedies") == []
    assert found == plain


def test_a_change_that_mends_several_findings_is_measured_once() -> None:
    config = load_config("configs/residual_grows.yaml")
    measured = Measured()
    found = explained(config, diagnose(config, jobs=1), measured)
    assert [tried.rule for tried in found.remedies] == ["GS102", "GS403"]
    assert len({tried.remedy for tried in found.remedies}) == 1
    assert len(measured.configs) == 1


def test_nothing_is_tried_where_nothing_warns() -> None:
    measured = Measured()
    config, report = examined("input: 8\ninit: he_normal\nlayers: [dense: 8, relu, dense: 8]\n")
    assert explained(config, report, measured) is report
    assert not measured.configs


def test_nothing_is_tried_that_would_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    config, report = examined(SICK)
    measured = Measured()
    monkeypatch.setattr(explaining, "MOST_WORK", 0.99 * work(config))
    assert explained(config, report, measured) is report
    assert not measured.configs


def test_no_more_is_measured_than_there_is_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    config, report = examined(SICK)
    measured = Measured(fails=True)
    monkeypatch.setattr(explaining, "MOST_WORK", 2.5 * work(config))
    explained(config, report, measured)
    assert len(measured.configs) == 2


def test_ten_thousand_layers_are_too_many() -> None:
    text = SICK.replace("30", "10000").replace("64", "4")
    assert work(load_config("<text>", text=text)) > explaining.MOST_WORK


def test_what_cannot_be_measured_is_passed_over() -> None:
    config, report = examined(SICK)
    measured = Measured(fails=True)
    assert explained(config, report, measured).remedies == ()
    assert len(measured.configs) == explaining.MOST_MEASURED


def test_a_file_that_has_gone(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(SICK, encoding="utf-8")
    config = load_config(str(file))
    report = diagnose(config, jobs=1)
    file.unlink()
    assert explained(config, report, Measured()) is report


def test_settings_from_outside_hold_for_what_is_tried() -> None:
    text = SICK.replace("30", '"${depth}"') + "params: {depth: 2}\n"
    config = load_config("<text>", {"depth": 40}, text=text)
    measured = Measured()
    found = explained(config, diagnose(config, jobs=1), measured)
    assert [tried.remaining for tried in found.remedies] == [()]
    assert all(config.params == {"depth": 40} for config in measured.configs)
