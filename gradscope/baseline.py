"""What is known already: findings kept in a file, told apart by config, rule and layer and never by line.

A finding that has become worse than the file says is a new one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator
from typing import Literal, TypeAlias, cast

import msgspec
from msgspec import Struct

from gradscope.errors import Place, Problem, UserError, reason_of
from gradscope.report import Report
from gradscope.repository import Repository
from gradscope.rules.base import Severity

_HINT = "write one with `gradscope check PATH --write-baseline FILE`"

Key: TypeAlias = tuple[str, str, str | None]
"""Config, rule, layer."""
Word: TypeAlias = Literal["error", "warning", "note"]


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One known finding; the config is named from the root of the repository, or from that of the file."""

    config: str
    rule: str
    layer: str | None
    severity: Word

    @property
    def key(self) -> Key:
        """What it is recognised by."""
        return self.config, self.rule, self.layer


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    schema_version: Literal[1]
    findings: tuple[Entry, ...]
    root: str | None = None
    """What configs are named from, as a way from the file's own folder: outside a repository only, where no
    other mark says it."""


class Baseline:
    """The known findings of one file, by their keys, and the root that their configs are named from where the
    file says one."""

    def __init__(self, entries: Iterable[Entry], root: str | None = None):
        self._entries = {entry.key: entry for entry in entries}
        self._root = root

    def around(self, here: Repository) -> Repository:
        """The repository with the root that its configs are named from."""
        return here if self._root is None else msgspec.structs.replace(here, root=self._root)

    def marked(self, report: Report, repository: Repository) -> Report:
        """The report with `known` set on the findings that the baseline has, at least as bad."""
        findings = tuple(
            msgspec.structs.replace(finding, known=self._knows(entry))
            for finding, entry in zip(report.findings, entries_of(report, repository), strict=True)
        )
        return msgspec.structs.replace(report, findings=findings)

    def fixed(
        self, reports: Collection[Report], repository: Repository, gone: Collection[str] = ()
    ) -> tuple[Entry, ...]:
        """The entries that were looked for and not found.

        Args:
            reports: every config that was judged.
            repository: what their sources are relative to.
            gone: configs, as the baseline calls them, that are not there any more.
        """
        judged = {_called(report, repository): set(report.judged) for report in reports}
        found = {entry.key for report in reports for entry in entries_of(report, repository)}
        return tuple(
            entry
            for key, entry in self._entries.items()
            if key not in found and (entry.config in gone or entry.rule in judged.get(entry.config, ()))
        )

    @property
    def configs(self) -> set[str]:
        """The configs it has findings of."""
        return {entry.config for entry in self._entries.values()}

    def _knows(self, entry: Entry) -> bool:
        known = self._entries.get(entry.key)
        return known is not None and Severity[known.severity] >= Severity[entry.severity]


def entries_of(report: Report, repository: Repository) -> Iterator[Entry]:
    """An entry for each finding of a report, in their order."""
    config = _called(report, repository)
    return (
        Entry(config, finding.rule, finding.layer, cast(Word, finding.severity))
        for finding in report.findings
    )


def fingerprint(rule: str, layer: str | None, config: str) -> str:
    """The same for findings of one rule at one layer of one config, wherever the line moves."""
    text = "\0".join((config, rule, layer or ""))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def baseline_text(reports: Iterable[Report], repository: Repository, path: str) -> str:
    """What a baseline file at a path holds: every finding of the reports, sorted, one a line."""
    entries = {entry.key: entry for report in reports for entry in entries_of(report, repository)}
    ordered = sorted(entries.values(), key=lambda entry: (entry.config, entry.rule, entry.layer or ""))
    lines = ",\n".join(f"  {json.dumps(msgspec.to_builtins(entry))}" for entry in ordered)
    findings = f"[\n{lines}\n ]" if lines else "[]"
    root = "" if repository.is_found else f'\n "root": {json.dumps(_way(_folder(path), repository.root))},'
    return f'{{"schema_version": 1,{root}\n "findings": {findings}}}\n'


def read_baseline(path: str) -> Baseline:
    """The baseline in a file.

    Raises:
        UserError: it cannot be read, or is no baseline.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except (OSError, ValueError) as error:
        raise _unusable(path, f"the baseline cannot be read: {reason_of(error)}") from error
    try:
        found = msgspec.json.decode(content, type=_File)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _unusable(path, f"this is no baseline: {error}") from error
    root = None if found.root is None else os.path.normpath(os.path.join(_folder(path), found.root))
    return Baseline(found.findings, root)


def _folder(path: str) -> str:
    return os.path.dirname(os.path.realpath(path))


def _way(start: str, end: str) -> str:
    try:
        return os.path.relpath(end, start).replace(os.sep, "/")
    except ValueError:  # on another drive
        return end


def _called(report: Report, repository: Repository) -> str:
    """The config's path from the root; half characters of a file name, which JSON cannot hold, as escapes."""
    return repository.relative(report.source).encode("utf-8", "backslashreplace").decode()


def _unusable(path: str, fact: str) -> UserError:
    return UserError([Problem(Place(path), fact, _HINT)])
