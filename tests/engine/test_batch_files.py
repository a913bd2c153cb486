"""Batches from .npy and .npz files: which rows are taken, and what is said when there is nothing to take."""

import io
import os
import re
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.testing as npt
import pytest

from gradscope.engine import Array
from gradscope.engine.batches import Form, Inputs, checked_classes, file
from gradscope.errors import Mistake

FLOAT32 = np.dtype(np.float32)
ROWS = np.arange(40.0).reshape(8, 5)
LABELS = np.arange(8) % 3

WRITE = "write it with numpy.save or numpy.savez"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One file of every kind."""
    np.save(tmp_path / "rows.npy", ROWS)
    np.savez(tmp_path / "one.npz", rows=ROWS)
    np.savez_compressed(tmp_path / "two.npz", rows=ROWS, labels=LABELS)
    return tmp_path


def take(inputs: Inputs, batch_size: int = 3, number: int = 0, **form: Any) -> Array:
    rng = np.random.default_rng(0)
    return inputs.draw(
        rng, Form(batch_size, form.pop("shape", (5,)), form.pop("dtype", FLOAT32), **form), number
    )


def mistake(
    path: Path, *, shape: tuple[int, ...] = (5,), vocab: int | None = None, **options: Any
) -> tuple[str, str | None]:
    """Fact and hint of what goes wrong, the file called FILE."""
    with pytest.raises(Mistake) as raised:
        take(file(str(path), **options), shape=shape, vocab=vocab)
    hint = raised.value.hint
    return raised.value.fact.replace(str(path), "FILE"), hint and hint.replace(str(path), "FILE")


# What is taken


@pytest.mark.parametrize(
    ("name", "options"),
    [("rows.npy", {}), ("one.npz", {}), ("one.npz", {"array": "rows"}), ("two.npz", {"array": "rows"})],
)
def test_rows_in_order_from_the_first(folder: Path, name: str, options: dict[str, str]) -> None:
    inputs = file(str(folder / name), **options)
    npt.assert_array_equal(take(inputs), ROWS[:3])
    npt.assert_array_equal(take(inputs, number=1), ROWS[3:6])
    npt.assert_array_equal(take(inputs, 8), ROWS)
    assert take(inputs).dtype == np.float32
    assert inputs.moments is None
    assert inputs.targets is None


def test_targets_go_with_their_rows(folder: Path) -> None:
    inputs = file(str(folder / "two.npz"), array="rows", targets="labels")
    assert inputs.targets is not None
    npt.assert_array_equal(inputs.targets(Form(3, (5,), FLOAT32), 1), LABELS[3:6])


@pytest.mark.parametrize("stored", [np.uint8, np.int32, np.bool_, np.float16, np.float64, ">f8"])
def test_numbers_of_any_kind_become_the_networks(tmp_path: Path, stored: Any) -> None:
    np.save(tmp_path / "rows.npy", (ROWS % 7).astype(stored))
    batch = take(file(str(tmp_path / "rows.npy")))
    npt.assert_array_equal(batch, (ROWS % 7).astype(stored)[:3].astype(np.float32))
    assert batch.dtype == np.float32


@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 4)])
def test_sequences_and_images(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rows = np.arange(3.0 * np.prod(shape)).reshape(3, *shape)
    np.save(tmp_path / "rows.npy", np.asfortranarray(rows))
    npt.assert_array_equal(take(file(str(tmp_path / "rows.npy")), shape=shape), rows)


def test_values_that_are_not_finite_are_data_too(tmp_path: Path) -> None:
    """They are reported by whoever measures; one too large for the precision becomes infinite, silently."""
    np.save(tmp_path / "rows.npy", np.array([[np.nan, np.inf, 1e300]]))
    npt.assert_array_equal(take(file(str(tmp_path / "rows.npy")), 1, shape=(3,)), [[np.nan, np.inf, np.inf]])


def test_what_is_drawn_is_a_copy(folder: Path) -> None:
    inputs = file(str(folder / "rows.npy"))
    take(inputs, dtype=np.dtype(np.float64))[:] = -1.0
    npt.assert_array_equal(take(inputs), ROWS[:3])


@pytest.mark.parametrize("order", ["C", "F"])
def test_of_a_file_larger_than_memory_the_first_rows_are_read(tmp_path: Path, order: str) -> None:
    """Forty gigabytes, nearly all of them a hole in the file; what is behind the rows that are used is not
    looked at."""
    rows = np.lib.format.open_memmap(
        tmp_path / "rows.npy", mode="w+", dtype=np.float64, shape=(10**9, 5), fortran_order=order == "F"
    )
    rows[:8], rows[8:10] = ROWS, np.nan
    rows.flush()
    del rows
    tracemalloc.start()
    inputs = file(str(tmp_path / "rows.npy"))
    npt.assert_array_equal(np.concatenate([take(inputs, 4), take(inputs, 4, number=1)]), ROWS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1e6


def test_trials_see_the_same_rows_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.npy"
    np.save(path, ROWS)
    inputs = file(str(path))
    take(inputs)
    np.save(path, np.zeros((3, 5)))
    npt.assert_array_equal(take(inputs), ROWS[:3])
    with pytest.raises(Mistake, match="was changed while it was read"):
        take(inputs, number=1)


def test_a_changed_file_is_read_again(folder: Path) -> None:
    path = folder / "rows.npy"
    take(file(str(path)))
    np.save(path, -ROWS)
    os.utime(path, ns=(1, 1))
    npt.assert_array_equal(take(file(str(path))), -ROWS[:3])


def test_tokens_from_a_file(tmp_path: Path) -> None:
    tokens = np.array([[0, 2], [1, 1]])
    np.save(tmp_path / "tokens.npy", tokens)
    batch = take(file(str(tmp_path / "tokens.npy")), 2, shape=(2,), vocab=3)
    npt.assert_array_equal(batch, tokens)
    assert batch.dtype == np.int64


# What is said


def test_missing_file_directory_and_impossible_name(tmp_path: Path) -> None:
    paths = "paths are relative to the config"
    assert mistake(tmp_path / "rows.npy") == ("cannot read FILE: no such file or directory", paths)
    assert mistake(tmp_path) == ("cannot read FILE: it is not a file", "name one .npy or .npz file")
    assert mistake(tmp_path / "a\0b") == ("cannot read FILE: a null byte is in its name", paths)
    os.mkfifo(tmp_path / "pipe")
    assert mistake(tmp_path / "pipe") == ("cannot read FILE: it is not a file", "name one .npy or .npz file")


@pytest.mark.parametrize("content", [b"", b"1,2,3\n", b"\x80\x04]\x94.", b"\x93NUM"])
def test_other_formats(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    assert mistake(tmp_path / "rows.csv") == ("FILE is neither .npy nor .npz", WRITE)


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    objects = np.array([[None, {}]], dtype=object)
    np.save(tmp_path / "rows.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "rows.npz", rows=objects)
    assert mistake(tmp_path / "rows.npy") == (
        "cannot read FILE: Array can't be memory-mapped: Python objects in dtype.",
        WRITE,
    )
    assert mistake(tmp_path / "rows.npz") == (
        "cannot read 'rows' of FILE: Object arrays cannot be loaded when allow_pickle=False",
        "write it again with numpy.savez",
    )


def test_names_in_an_archive(folder: Path) -> None:
    two, one, plain = folder / "two.npz", folder / "one.npz", folder / "rows.npy"
    assert mistake(two) == ("FILE holds several arrays: labels, rows", "say which with `array: NAME`")
    assert mistake(two, array="row") == ("FILE has no array 'row'", "array is one of labels, rows")
    assert mistake(two, array="rows", targets="label") == (
        "FILE has no array 'label'",
        "targets is one of labels, rows",
    )
    assert mistake(one, array="x") == ("FILE has no array 'x'", "array is rows")
    unnamed = ("FILE is a single array and has no names", "leave out `array` and `targets`, or write an .npz")
    assert mistake(plain, array="rows") == unnamed
    assert mistake(plain, targets="rows") == unnamed
    np.savez(folder / "none.npz")
    assert mistake(folder / "none.npz") == ("FILE holds no arrays", "write it with numpy.savez")


@pytest.mark.parametrize(
    ("array", "holds"),
    [
        (np.zeros(5), "float64 of shape [5]"),
        (np.float64(1.0), "float64 of shape []"),
        (np.zeros((8, 5), dtype=complex), "complex128 of shape [8, 5]"),
        (np.full((8, 5), "a"), "<U1 of shape [8, 5]"),
    ],
)
def test_arrays_that_are_no_rows_of_numbers(tmp_path: Path, array: Array, holds: str) -> None:
    np.save(tmp_path / "rows.npy", array)
    assert mistake(tmp_path / "rows.npy") == (
        f"FILE holds {holds}, not rows of numbers",
        "the first axis counts the samples",
    )


def test_too_few_rows(folder: Path) -> None:
    inputs = file(str(folder / "two.npz"), array="rows", targets="labels")
    assert inputs.targets is not None
    form = Form(3, (5,), FLOAT32)
    for rows in (inputs.targets, lambda form, number: inputs.draw(np.random.default_rng(), form, number)):
        with pytest.raises(Mistake, match="has 8 rows, too few for 9") as raised:
            rows(form, 2)
        assert raised.value.hint == "lower `batch.size` or `batch.count`"


@pytest.mark.parametrize(
    ("stored", "shape", "vocab", "hint"),
    [
        ((8, 5), (4,), None, "say `input: 5`"),
        ((8, 4, 5), (20,), None, "say `input: {length: 4, features: 5}`"),
        ((8, 3, 4, 5), (60,), None, "say `input: [3, 4, 5]`"),
        ((8, 2, 3, 4, 5), (60,), None, "reshape the array, its first axis counting the samples"),
        ((8, 5), (4,), 9, "say `input: {length: 5, vocab: 9}`"),
        ((8, 5, 2), (5,), 9, "reshape the array, its first axis counting the samples"),
    ],
)
def test_rows_of_another_shape(
    tmp_path: Path, stored: tuple[int, ...], shape: tuple[int, ...], vocab: int | None, hint: str
) -> None:
    np.save(tmp_path / "rows.npy", np.zeros(stored, dtype=int))
    fact = f"the rows of FILE have shape {list(stored[1:])}, the input is {list(shape)}"
    assert mistake(tmp_path / "rows.npy", shape=shape, vocab=vocab) == (fact, hint)


@pytest.mark.parametrize("values", [[[0, 3]], [[-1, 0]], [[0.0, 1.0]], [[True, False]]])
def test_classes_out_of_range(tmp_path: Path, values: list[list[float]]) -> None:
    np.save(tmp_path / "tokens.npy", np.array(values * 3))
    fact, _ = mistake(tmp_path / "tokens.npy", shape=(2,), vocab=3)
    assert fact == "the tokens of FILE must be whole numbers from 0 to 2"
    with pytest.raises(Mistake, match="the classes must be whole numbers from 0 to 2"):
        checked_classes(np.array(values), 3, "the classes")


# Damaged files


def stored(archive: bool) -> bytes:
    buffer = io.BytesIO()
    if archive:
        np.savez(buffer, rows=ROWS)
    else:
        np.save(buffer, ROWS)
    return buffer.getvalue()


@pytest.mark.parametrize("archive", [False, True], ids=["npy", "npz"])
def test_damage_anywhere_is_a_mistake_or_harmless(tmp_path: Path, archive: bool) -> None:
    """A bit of every byte of the headers, and the file cut short: nothing else comes, whatever NumPy
    raises."""
    whole = stored(archive)
    damaged = [whole[:length] for length in range(0, len(whole), 7)]
    damaged += [
        whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :]
        for place in (*range(160), *range(len(whole) - 120, len(whole)))
    ]
    refused = 0
    for number, content in enumerate(damaged):
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        try:
            assert take(file(str(path))).shape == (3, 5)
        except Mistake:
            refused += 1
    assert refused > len(whole) // 7


def header_of(rows: int) -> bytes:
    """The beginning of an .npy of so many rows of five numbers."""
    words = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, 5), }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words


@pytest.mark.parametrize(
    ("rows", "reason"), [(10**12, "mmap length is greater than file size"), (10**30, "Python int too large")]
)
def test_a_header_that_promises_more_than_there_is(tmp_path: Path, rows: int, reason: str) -> None:
    (tmp_path / "rows.npy").write_bytes(header_of(rows))
    fact, hint = mistake(tmp_path / "rows.npy")
    assert re.match(f"cannot read FILE: {reason}", fact)
    assert hint == WRITE


def test_an_archive_larger_than_memory(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rows.npz", "w") as archive:
        archive.writestr("rows.npy", header_of(10**14))
    fact, hint = mistake(tmp_path / "rows.npz")
    assert re.match("cannot read 'rows' of FILE: Unable to allocate", fact)
    assert hint == "write an .npy, of which only the rows that are used are read"


def test_a_damaged_archive(tmp_path: Path) -> None:
    whole = stored(archive=True)
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    assert mistake(tmp_path / "half.npz") == ("cannot read FILE: File is not a zip file", WRITE)
    place = whole.index(ROWS.tobytes())
    (tmp_path / "flipped.npz").write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
    assert mistake(tmp_path / "flipped.npz") == (
        "cannot read 'rows' of FILE: Bad CRC-32 for file 'rows.npy'",
        "write it again with numpy.savez",
    )
