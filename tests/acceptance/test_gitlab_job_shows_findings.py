"""The script of the GitLab snippet but for its installation, run as it is written."""

import subprocess
import sys
from pathlib import Path

import yaml

from tests.acceptance.scratch import ROOT, SICK, WELL, environment, repository, snippet


def test_the_report_it_names_is_written(tmp_path: Path) -> None:
    job = yaml.safe_load(snippet("# .gitlab-ci.yml"))["gradscope"]
    install, check = job["script"]
    assert install.startswith("pip install ")
    project = repository(tmp_path / "project", {"configs/sick.yaml": SICK, "configs/well.yaml": WELL})
    words = check.split()
    assert words[0] == "gradscope"
    result = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=project,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 1, result.stderr
    assert "2 configs: 1 passes, 1 fails" in result.stdout
    report = project / job["artifacts"]["reports"]["junit"]
    assert 'testsuite name="configs/sick.yaml"' in report.read_text(encoding="utf-8")
