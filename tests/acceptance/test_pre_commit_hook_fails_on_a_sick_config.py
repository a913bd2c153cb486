"""The hook, installed by pre-commit from a snapshot of the sources; it skips where pre-commit is not
installed."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.acceptance.scratch import ROOT, SICK, STRANGER, WELL, environment, own_sources, repository, snippet

needs_pre_commit = pytest.mark.skipif(find_spec("pre_commit") is None, reason="needs pre-commit and an index")


def pre_commit(folder: Path, home: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *map(str, arguments)],
        cwd=folder,
        env=environment(PRE_COMMIT_HOME=str(home)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@needs_pre_commit
def test_try_repo_and_the_snippet_of_the_readme(tmp_path: Path) -> None:
    sources = own_sources(tmp_path / "sources")
    files = {
        "configs/sick.yaml": SICK,
        "configs/well.yml": WELL,
        "compose.yaml": STRANGER,
        "configs/x.txt": "x",
    }
    project = repository(tmp_path / "project", files)
    tried = pre_commit(project, tmp_path / "home", "try-repo", sources, "gradscope-check", "--all-files")
    assert tried.returncode == 1, tried.stdout + tried.stderr
    assert "configs/sick.yaml:5:25 GS101 vanishing-gradient error" in tried.stdout
    assert "2 configs: 1 passes, 1 fails" in tried.stdout
    assert "compose" not in tried.stdout

    config = yaml.safe_load(snippet("# .pre-commit-config.yaml"))
    config["repos"][0] |= {"repo": str(sources), "rev": "HEAD"}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (project / "configs/sick.yaml").write_text(WELL)
    passed = pre_commit(project, tmp_path / "home", "run", "--all-files")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "gradscope check" in passed.stdout
    assert "Passed" in passed.stdout


def test_the_hook_is_narrow() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["id"], hook["language"], hook["types"]) == ("gradscope-check", "python", ["yaml"])
    assert hook["require_serial"] is True
    assert hook["entry"] == "gradscope check"
