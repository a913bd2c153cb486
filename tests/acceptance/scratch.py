"""A scratch repository of configs, a snapshot of gradscope's own sources, and the snippets of the README."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

SICK = "input: 16\nbatch: {size: 8}\ntrials: 1\nlayers:\n- {repeat: 12, layers: [{dense: 16}, sigmoid]}\n- dense: 4\n"
WELL = "input: 16\nbatch: {size: 8}\ntrials: 1\ninit: he_normal\nlayers: [{dense: 16}, relu, {dense: 4}]\n"
STRANGER = "services: {web: {image: x}}\n"


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder: Path, files: dict[str, str]) -> Path:
    """A repository with these files, all of them committed."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "configs")
    return folder


def own_sources(folder: Path) -> Path:
    """What is needed to install gradscope from a repository, as it stands in the work tree."""
    folder.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "action.yml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "gradscope", folder / "gradscope", ignore=shutil.ignore_patterns("__pycache__"))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "sources")
    return folder


def snippet(first_line: str) -> str:
    """The block of YAML in the README that begins with this line."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"```yaml\n({re.escape(first_line)}\n.*?)```", text, flags=re.DOTALL)
    return str(found)


def environment(**variables: str) -> dict[str, str]:
    """As on a machine of its own: no virtual environment, no settings of the caller."""
    drop = ("VIRTUAL_ENV", "PYTHONPATH", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if name not in drop}
    return kept | variables
