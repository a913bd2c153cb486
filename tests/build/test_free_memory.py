"""What the system says of its memory, also where it says nothing, or less than there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gradscope.build import free_memory
from gradscope.build.free_memory import available_bytes, held_share

GB = 10**9


class System:
    """Files of a system as a test writes them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts: dict[str, str] = {}

    def read(self, path: str) -> str:
        return self.texts.get(path, "")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    made = System(tmp_path)
    monkeypatch.setattr(free_memory, "_text", made.read)
    monkeypatch.setattr(free_memory, "_physical", lambda: 16 * GB)
    free_memory._limited_groups.cache_clear()
    yield made
    free_memory._limited_groups.cache_clear()


def test_memory_of_this_machine() -> None:
    assert 1 << 20 < available_bytes() < 1 << 50


def test_what_can_be_had_without_swapping(system: System) -> None:
    system.texts["/proc/meminfo"] = "MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable:    2000 kB\n"
    assert available_bytes() == 2_048_000


@pytest.mark.parametrize("text", ["", "MemTotal: 9 kB\n", "MemAvailable: 0 kB\n", "MemAvailable: much kB\n"])
def test_where_the_system_does_not_say_all_of_it_counts(system: System, text: str) -> None:
    system.texts["/proc/meminfo"] = text
    assert available_bytes() == 16 * GB


def test_where_nothing_is_known_some_is_assumed(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "_physical", lambda: 0)
    assert available_bytes() == free_memory.UNKNOWN


GROUPS = {
    "version 2": {
        "/proc/self/cgroup": "0::/box/one\n",
        "/sys/fs/cgroup/box/one/memory.max": f"{2 * GB}\n",
        "/sys/fs/cgroup/box/one/memory.current": f"{GB}\n",
        "/sys/fs/cgroup/box/one/memory.stat": f"anon 5\ninactive_file {GB // 2}\n",
    },
    "version 2 seen from inside": {
        "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/memory.max": f"{2 * GB}\n",
        "/sys/fs/cgroup/memory.current": f"{GB // 2}\n",
    },
    "version 1": {
        "/proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/box\n0::/\n",
        "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": f"{2 * GB}\n",
        "/sys/fs/cgroup/memory/box/memory.usage_in_bytes": f"{GB // 2}\n",
    },
}


@pytest.mark.parametrize("files", GROUPS.values(), ids=GROUPS)
def test_a_container_has_what_its_limit_leaves(system: System, files: dict[str, str]) -> None:
    system.texts = {"/proc/meminfo": "MemAvailable: 12000000 kB\n", **files}
    assert available_bytes() == 1.5 * GB


@pytest.mark.parametrize("limit", ["max", "9223372036854771712", "", "0"])
def test_a_container_without_a_limit_has_all(system: System, limit: str) -> None:
    system.texts = {
        "/proc/meminfo": "MemAvailable: 12000000 kB\n",
        "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/memory.max": limit,
        "/sys/fs/cgroup/memory.current": str(11 * GB),
    }
    assert available_bytes() == 12_288_000_000


def test_half_of_it_is_for_held_weights_and_is_shared(system: System) -> None:
    system.texts["/proc/meminfo"] = "MemAvailable: 2000 kB\n"
    assert [held_share(None), held_share(None, 2), held_share(900, 3)] == [1_024_000, 512_000, 300]
