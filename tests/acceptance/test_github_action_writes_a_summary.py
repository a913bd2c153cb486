"""The check step of the action, run as it is written, where gradscope is installed; GitHub's variables are
files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.acceptance.scratch import ROOT, SICK, STRANGER, WELL, environment, repository, snippet

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the steps are of bash")


def action() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return parsed


def run_check_step(project: Path, inputs: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """As a runner does: inputs filled into `env`, the script in a file, bash with -e and pipefail."""
    parsed = action()
    step = parsed["runs"]["steps"][-1]
    given = {name: entry["default"] for name, entry in parsed["inputs"].items()} | inputs
    filled = dict(step["env"])
    for name, value in given.items():
        filled = {key: text.replace(f"${{{{ inputs.{name} }}}}", value) for key, text in filled.items()}
    runner = project.parent / "runner"
    tools = runner / "gradscope" / "bin"
    tools.mkdir(parents=True, exist_ok=True)
    command = tools / "gradscope"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gradscope "$@"\n')
    command.chmod(0o755)
    script = runner / "step.sh"
    script.write_text(step["run"])
    variables = {
        "RUNNER_TEMP": str(runner),
        "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=project,
        env=environment(**variables, **filled),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_sick_config_fails_the_step_at_its_line(tmp_path: Path) -> None:
    files = {"nets/configs/sick.yaml": SICK, "nets/configs/well.yaml": WELL, "nets/configs/x.yml": STRANGER}
    project = repository(tmp_path / "project", files)
    result = run_check_step(project, {"paths": "nets/configs"})
    assert result.returncode == 1, result.stderr
    assert "✗ vanishing   nets/configs/sick.yaml" in result.stdout
    assert (
        "::error file=nets/configs/sick.yaml,line=5,col=25,title=GS101 vanishing-gradient::" in result.stdout
    )
    summary = (tmp_path / "runner" / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("## gradscope: 2 configs: 1 passes, 1 fails\n")
    assert "x.yml" in result.stderr


def test_words_of_the_inputs_are_arguments(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"configs/sick.yaml": SICK, "more/well.yaml": WELL})
    given = {"paths": "configs more/*.yaml", "args": "--fail-on never --report sarif=out.sarif"}
    result = run_check_step(project, given)
    assert result.returncode == 0, result.stderr
    assert "2 configs" in result.stdout
    assert (project / "out.sarif").is_file()


def test_no_config_fails_the_step(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", {"configs/x.yml": STRANGER})
    assert run_check_step(project, {}).returncode == 2


def test_the_snippet_uses_inputs_that_exist() -> None:
    workflow = yaml.safe_load(snippet("# .github/workflows/gradscope.yml"))
    (step,) = [step for step in workflow["jobs"]["check"]["steps"] if "gradscope" in step["uses"]]
    assert set(step["with"]) == set(action()["inputs"])


@pytest.mark.skipif(not os.environ.get("CI"), reason="installs from an index")
def test_the_install_step_installs(tmp_path: Path) -> None:
    step = action()["runs"]["steps"][0]
    variables = {"RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(ROOT)}
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env=environment(**variables),
        check=True,
        timeout=300,
    )
    version = subprocess.run(
        [tmp_path / "gradscope/bin/gradscope", "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("gradscope ")
