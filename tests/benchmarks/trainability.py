"""Does the verdict before training predict whether a network trains? Random networks, measured and trained.

    python -m tests.benchmarks.trainability FILE.jsonl --count 320 --jobs 2 --seconds 240

Networks already in the file are not computed again, so that a study may be done in slices; then the figures
over all that are there are printed. A network trains with an optimiser when at one of its learning rates the
loss, a mean over 20 steps, ends below half of ln 10 within 300 steps.
"""

import argparse
import json
import math
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np

STEPS = 300
WINDOW = 20
"""Steps a loss is averaged over."""
TRAINS = 0.5 * math.log(10.0)
SLOW = ("GS110", "GS204")
"""Rules that speak of what a level ratio does not show: deep for its width, all samples alike."""

SURE = 0.25 * math.log(10.0)
"""A loss that has come this far has trained: the run, and the other rates, are spared."""

RATES: dict[str, tuple[float, ...]] = {"momentum": (1e-2, 1e-1, 1e-3), "adam": (1e-3, 1e-2, 1e-4)}
"""The optimisers (SGD with momentum 0.9), and their learning rates, the likeliest first."""


def study(number: int) -> dict[str, Any]:
    """One network: what `diagnose` says of it, and the best final loss of each optimiser."""
    from gradscope import diagnose, load_config
    from gradscope.engine.threads import one_blas_thread
    from tests.benchmarks.random_networks import config_of, traits_of

    traits = traits_of(number)
    source = config_of(traits)
    reports = {
        name: diagnose(load_config(source | {"rules": rules}), jobs=1)
        for name, rules in (("momentum", {}), ("adam", {"optimizer": "adam"}))
    }
    with one_blas_thread(), np.errstate(all="ignore"):
        losses = {name: _best_loss(source, name, rates) for name, rates in RATES.items()}
    return {
        "number": number,
        "traits": str(traits),
        "log10_ratio": reports["adam"].flow.log10_ratio,
        "risk": reports["adam"].flow.risk,
        "verdicts": {name: report.verdict for name, report in reports.items()},
        "rules": sorted({finding.rule for finding in reports["momentum"].findings}),
        "losses": losses,
    }


def _best_loss(source: dict[str, Any], optimizer: str, rates: Iterable[float]) -> float:
    best = math.inf
    for lr in rates:
        best = min(best, _final_loss(source | {"training": {"optimizer": optimizer, "lr": lr}}))
        if best < SURE:
            break
    return best


def _final_loss(source: dict[str, Any]) -> float:
    """The mean over the last steps, or over those that were sure; inf behind a NaN."""
    from gradscope import load_config
    from gradscope.build import plan_of
    from gradscope.training.course import Pupil

    pupil = Pupil(plan_of(load_config(source)), 0)
    while pupil.step < STEPS:
        if not pupil.look():
            return math.inf
        if pupil.step + 1 >= WINDOW and float(np.mean(pupil.losses[-WINDOW:])) < SURE:
            break
        pupil.update()
    return float(np.mean(pupil.losses[-WINDOW:]))


def auc(scores: list[float], bad: list[bool]) -> float:
    """How often a network that fails has the higher score than one that trains; ties count half."""
    of_bad = np.array([score for score, is_bad in zip(scores, bad, strict=True) if is_bad])
    of_good = np.array([score for score, is_bad in zip(scores, bad, strict=True) if not is_bad])
    above = (of_bad[:, None] > of_good).mean()
    return float(above + 0.5 * (of_bad[:, None] == of_good).mean())


def interval(scores: list[float], bad: list[bool]) -> tuple[float, float]:
    """95 % of the AUC over bootstrap samples of the networks."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(1000):
        drawn = rng.integers(len(scores), size=len(scores))
        found.append(auc([scores[i] for i in drawn], [bad[i] for i in drawn]))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def figures(rows: list[dict[str, Any]]) -> None:
    """AUC of the risk, precision and recall of the verdict, and every network on which they disagree."""
    print(f"{len(rows)} networks")
    for name in RATES:
        words = "SGD" if name == "momentum" else "Adam"
        bad = [not row["losses"][name] < TRAINS for row in rows]
        if all(bad) or not any(bad):
            print(f"{words:<5} {sum(bad)} fail: too few networks to say more")
            continue
        risks = [math.inf if math.isnan(row["risk"]) else row["risk"] for row in rows]
        low, high = interval(risks, bad)
        broken = [row["verdicts"][name] in ("non_finite", "exploding", "vanishing", "dead") for row in rows]
        both = sum(a and b for a, b in zip(broken, bad, strict=True))
        print(
            f"{words:<5} {sum(bad)} fail; AUC of flow.risk {auc(risks, bad):.3f} [{low:.3f}, {high:.3f}]; "
            f"an error in the verdict: precision {both}/{sum(broken)} = {both / max(1, sum(broken)):.3f}, "
            f"recall {both}/{sum(bad)} = {both / max(1, sum(bad)):.3f}"
        )
        _print_missed(rows, name, broken, bad)
        for row, is_broken, is_bad in zip(rows, broken, bad, strict=True):
            if is_broken != is_bad:
                _disagreement(row, name)


def _print_missed(rows: list[dict[str, Any]], name: str, broken: list[bool], bad: list[bool]) -> None:
    """How many of those without an error have a warning, or what speaks of slowness; beside those that train."""
    for words, fails in (("fail", True), ("train", False)):
        there = [
            row
            for row, is_broken, is_bad in zip(rows, broken, bad, strict=True)
            if (is_broken, is_bad) == (False, fails)
        ]
        warned = sum(row["verdicts"][name] == "warning" for row in there)
        slow = sum(any(rule in row["rules"] for rule in SLOW) for row in there)
        print(
            f"      {len(there)} without an error {words}: {warned} with a warning, {slow} with {' or '.join(SLOW)}"
        )


def _disagreement(row: dict[str, Any], name: str) -> None:
    print(
        f"  {row['number']:>4} {row['verdicts'][name]:<10} first/last 10^{row['log10_ratio']:+.1f}, "
        f"best loss {row['losses'][name]:.2f}: "
        f"{row['traits']}; {' '.join(rule for rule in SLOW if rule in row['rules'])}".rstrip("; ")
    )


def stored(path: Path) -> list[dict[str, Any]]:
    """What is in the file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Compute what is missing, as long as there is time, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where results are kept, a line of JSON a network")
    parser.add_argument("--count", type=int, default=320)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no network after so long")
    asked = parser.parse_args()
    start = time.monotonic()
    known = {row["number"] for row in stored(asked.file)}
    missing = iter([number for number in range(asked.count) if number not in known])
    with ProcessPoolExecutor(asked.jobs) as pool, asked.file.open("a", encoding="utf-8") as lines:
        running = {pool.submit(study, number) for _, number in zip(range(asked.jobs), missing, strict=False)}
        while running:
            done = next(as_completed(running))
            running.remove(done)
            lines.write(json.dumps(done.result()) + "\n")
            lines.flush()
            if time.monotonic() - start < asked.seconds and (number := next(missing, None)) is not None:
                running.add(pool.submit(study, number))
    figures(sorted(stored(asked.file), key=lambda row: row["number"]))


if __name__ == "__main__":
    main()
