"""The lessons in configs/lessons, with one seed; `python -m tests.benchmarks.lessons` has ten."""

import shlex
from pathlib import Path

import pytest

from gradscope import load_config
from tests.benchmarks.lessons import CLAIMS, LESSONS, Claim, readings

FILES = sorted(LESSONS.glob("*.yaml"))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.words.replace(" ", "-"))
def test_a_claim_holds(claim: Claim) -> None:
    assert claim.holds(*readings(claim, 0))


def test_every_lesson_has_a_claim() -> None:
    assert {claim.lesson for claim in CLAIMS} == {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_commands_in_the_comment_are_of_lessons_and_knobs_that_are_there(file: Path) -> None:
    commands = [
        line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("# gradscope")
    ]
    assert len(commands) >= 2
    for command in commands:
        words = shlex.split(command.split("   ")[0].lstrip("# "))
        assert words[:2] == ["gradscope", "train"]
        knobs = [words[at + 1].split("=") for at, word in enumerate(words) if word == "--set"]
        load_config(LESSONS.parents[1] / words[2], dict(knobs))
