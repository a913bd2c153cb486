import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradscope
from gradscope.engine.random import NUMERICS
from gradscope.errors import ConfigError, Place
from gradscope.sweeping import points
from gradscope.sweeping.axes import make_axis
from gradscope.sweeping.points import check_base, key_of, point_key, read_base, resolve
from tests.sweeping.sweeps import SMALL, base_of, write_base

BATCH = "  inputs: {file: {path: data/rows.npy}}\n"


def key(base: points.Base, **values: Any) -> str:
    return point_key(base, resolve(base, values))


def test_comments_order_formatting_and_names_do_not_change_the_key(tmp_path: Path) -> None:
    reordered = "# a comment\nname: other\n" + SMALL.replace("trials: 1\n", "") + "trials:   1  # so\n"
    first, second = base_of(tmp_path), base_of(tmp_path, reordered)
    assert key(first, depth=3) == key(second, depth=3)
    assert first.digest != second.digest


def test_knobs_paths_and_written_values_make_the_same_point(tmp_path: Path) -> None:
    base = base_of(tmp_path)
    assert key(base, act="silu") == key(base, act="swish")
    assert key(base, gain=1) == key(base, gain=1.0) == key(base)
    written = base_of(tmp_path, SMALL.replace("depth: 2", "depth: 7"))
    assert key(base, depth=7) == key(written)


@pytest.mark.parametrize(
    "values", [{"depth": 3}, {"act": "tanh"}, {"gain": 1.5}, {"seed": 1}, {"trials": 2}, {"batch.size": 9}]
)
def test_what_changes_the_result_changes_the_key(values: dict[str, Any], tmp_path: Path) -> None:
    base = base_of(tmp_path)
    assert key(base, **values) != key(base)


def test_the_engines_numerical_version_changes_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = base_of(tmp_path)
    before = key(base)
    monkeypatch.setattr(points, "NUMERICS", NUMERICS + 1)
    assert key(base) != before


def test_the_content_of_a_file_batch_changes_the_key_and_its_place_does_not(tmp_path: Path) -> None:
    text = SMALL.replace("{size: 8}", "\n  size: 8\n" + BATCH)
    keys = []
    for folder, seed in (("one", 0), ("two", 0), ("three", 1)):
        data = tmp_path / folder / "data"
        data.mkdir(parents=True)
        np.save(data / "rows.npy", np.random.default_rng(seed).normal(size=(8, 4)))
        base = base_of(tmp_path / folder, text)
        keys.append(key(base))
    assert keys[0] == keys[1] != keys[2]
    np.save(tmp_path / "one/data/rows.npy", np.ones((8, 4)))
    assert key(base_of(tmp_path / "one", text)) not in keys
    (tmp_path / "one/data/rows.npy").unlink()
    assert key(base_of(tmp_path / "one", text)) not in keys


def test_rules_that_are_silenced_or_not_judged_change_the_key(tmp_path: Path) -> None:
    silent = SMALL.replace("- dense: 3", "- dense: 3  # gradscope: ignore[GS302]")
    moved = "\n\n" + silent
    plain, first, second = (key(base_of(tmp_path, text)) for text in (SMALL, silent, moved))
    assert plain != first == second
    elsewhere = SMALL.replace("input: 4", "input: 4  # gradscope: ignore[GS302]")
    assert key(base_of(tmp_path, elsewhere)) not in (plain, first)
    file = write_base(tmp_path)
    chosen = read_base(file, select=["GS1"])
    assert key(chosen) != plain
    assert key(read_base(file, ignore=["GS1"])) not in (plain, key(chosen))


def test_seed_and_trials_of_the_call_stand_in_for_the_configs(tmp_path: Path) -> None:
    file = write_base(tmp_path)
    base = read_base(file, seed=5, trials=2)
    config = resolve(base, {})
    assert (config.seed, config.trials) == (5, 2)
    assert key(base) == key(read_base(file), seed=5, trials=2)


def test_a_base_is_what_the_file_was_when_the_sweep_began(tmp_path: Path) -> None:
    base = pickle.loads(pickle.dumps(base_of(tmp_path)))
    write_base(tmp_path, SMALL.replace("width: 4", "width: 5"))
    assert resolve(base, {}).params["width"] == 4


def test_relative_paths_start_at_the_config_wherever_the_process_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = base_of(tmp_path, SMALL.replace("{size: 8}", "\n  size: 8\n" + BATCH))
    monkeypatch.chdir("/")
    assert resolve(base, {}).batch.inputs.options["path"] == str(tmp_path / "data/rows.npy")


def test_a_base_from_a_dictionary() -> None:
    base = read_base({"params": {"n": 3}, "input": 4, "layers": [{"dense": "${n}"}]})
    assert resolve(base, {"n": 5}).params == {"n": 5}


def test_a_base_from_a_loaded_config_keeps_its_overrides(tmp_path: Path) -> None:
    file = write_base(tmp_path)
    config = gradscope.load_config(file, {"width": 6, "batch.size": 16})
    base = read_base(config)
    found = resolve(base, {"depth": 3})
    assert (found.params["width"], found.batch.size, found.params["depth"]) == (6, 16, 3)
    from_dict = read_base(
        gradscope.load_config({"input": 4, "layers": [{"dense": 3}], "trials": 1}, {"seed": 4})
    )
    assert resolve(from_dict, {}).seed == 4
    from_text = read_base(gradscope.load_config("named", text=SMALL))
    assert resolve(from_text, {"depth": 5}).params["depth"] == 5


def test_overrides_may_be_numpys(tmp_path: Path) -> None:
    base = read_base(write_base(tmp_path), {"gain": np.float64(2.0), "depth": np.int64(3)})
    assert base.overrides == {"gain": 2.0, "depth": 3}
    assert [type(value) for value in base.overrides.values()] == [float, int]
    with pytest.raises(ConfigError, match=r"overrides\['gain'\]: a Python object cannot stand in a config"):
        read_base(tmp_path / "net.yaml", {"gain": object()})


def test_a_config_that_is_not_its_file_any_more_is_refused(tmp_path: Path) -> None:
    import msgspec

    file = write_base(tmp_path)
    config = gradscope.load_config(file)
    changed = msgspec.structs.replace(config, seed=9)
    write_base(tmp_path, SMALL.replace("width: 4", "width: 5"))
    for each in (config, changed, msgspec.structs.replace(config, origin=None)):
        with pytest.raises(ConfigError) as caught:
            read_base(each)
        assert "not the config that its file makes" in str(caught.value)


def checked(base: points.Base, **axes: list[Any]) -> list[str]:
    made = [make_axis(name, values, Place(f"--axis {name}")) for name, values in axes.items()]
    try:
        check_base(base, made, {name: values[0] for name, values in axes.items()})
    except ConfigError as error:
        return str(error).splitlines()
    return []


def test_an_axis_that_cannot_be_set_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    base = base_of(tmp_path)
    assert checked(base, depth=[3], seed=[1]) == []
    assert checked(base, dpeth=[3], **{"layers[7].dense": [1]}) == [
        "--axis dpeth: 'dpeth' is neither a knob nor a key of the config; did you mean 'depth'?",
        "--axis layers[7].dense: layers has 2 entries, and no '7'; the last is layers[1]",
    ]


def test_a_broken_base_is_told_once_with_every_mistake(tmp_path: Path) -> None:
    file = write_base(tmp_path, "input: 4\nlayers: [rleu]\nseed: -1\n")
    assert checked(read_base(file), trials=[1]) == [
        f"{file}:2:10: layers[0]: there is no layer 'rleu'; did you mean 'relu'?",
        f"{file}:3:7: seed: expected a whole number of at least 0, got -1; as in `seed: 0`",
    ]


def test_a_base_that_needs_its_axes_will_do(tmp_path: Path) -> None:
    base = base_of(tmp_path, SMALL.replace("depth: 2", "depth: 0"))
    assert checked(base, depth=[3]) == []
    assert len(checked(base, width=[3])) == 1


def test_a_point_without_a_config_has_a_key_of_its_own(tmp_path: Path) -> None:
    base = base_of(tmp_path)
    keys = {key_of(base, {"depth": depth}) for depth in (0, -1, 2)}
    assert len(keys) == 3
    assert key_of(base, {"depth": 0}) == key_of(base, {"depth": 0})
    assert key_of(base, {"depth": 2}) == key(base, depth=2)
