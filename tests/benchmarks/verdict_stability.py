"""Luck and width: every shipped config's verdict over 50 seeds, and four times wider.

Run with `python -m tests.benchmarks.verdict_stability [NAME...]`, by default for all of them; ends with 1 when a
verdict flips more than once in 50, or when one changes with the width. Takes minutes.
"""

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from gradscope.cli.environment import use_one_blas_thread

use_one_blas_thread()

from gradscope import diagnose, load_config  # noqa: E402  NumPy must find the environment set
from tests.acceptance.widths import resized  # noqa: E402

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
SEEDS = 50
MOST_FLIPS = 0.02
"""Share of the seeds that may have another verdict than most."""
WIDER = 4.0


def verdict(file: Path, seed: int) -> tuple[str, tuple[str, ...]]:
    """The verdict, and the rules that are errors or warnings."""
    report = diagnose(load_config(file, {"seed": seed}), jobs=1)
    alarms = {finding.rule for finding in report.findings if finding.severity != "note"}
    return report.verdict, tuple(sorted(alarms))


def main() -> int:
    """Print a line a config."""
    asked = sys.argv[1:] or [file.stem for file in CONFIGS]
    worst = 0
    with ThreadPoolExecutor(2) as pool:
        for file in (file for file in CONFIGS if file.stem in asked):
            found = [*pool.map(partial(verdict, file), range(SEEDS))]
            verdicts = Counter(word for word, _ in found)
            word, count = verdicts.most_common(1)[0]
            wider = diagnose(load_config(file, resized(file, WIDER)), jobs=2).verdict
            bad = count < (1.0 - MOST_FLIPS) * SEEDS or wider != word
            worst = max(worst, int(bad))
            alarms = Counter(rule for _, rules in found for rule in rules)
            mark = "FLIPS" if bad else "ok"
            print(
                f"{mark:5} {file.stem:28} {dict(verdicts)}  x{WIDER:g} wide: {wider}  {dict(alarms)}",
                flush=True,
            )
    return worst


if __name__ == "__main__":
    sys.exit(main())
