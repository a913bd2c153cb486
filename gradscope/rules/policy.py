"""Which rules count where: a config's own settings, what the command line selects, what a YAML comment
suppresses."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from gradscope.config.schema import Config, RuleSetting
from gradscope.errors import Mistake, Place, Problems, did_you_mean
from gradscope.rules import RULES
from gradscope.rules.base import Hit, Limits, Rule, Severity

_NEVER_HEALTHY = "what is not finite is never called healthy"

AS_SHIPPED = RuleSetting(place=Place("gradscope"))
"""The setting of a rule the config does not mention."""


class Policy(Struct, frozen=True, kw_only=True):
    """What is judged, and how strictly."""

    settings: Mapping[str, RuleSetting] = {}
    optimizer: str | None = None
    select: tuple[str, ...] = ()
    """Prefixes of rule ids; empty selects all."""
    ignore: tuple[str, ...] = ()
    suppressed: Mapping[int, tuple[str, ...]] = {}
    """Rule ids by the line of the YAML on which they are silent."""

    def rules(self) -> Iterable[Rule]:
        """Those that are judged at all."""
        return (rule for rule in RULES.values() if rule.always or self.chooses(rule))

    def chooses(self, rule: Rule) -> bool:
        """Whether it is asked for, and not left out."""
        selected = not self.select or rule.id.startswith(self.select)
        return selected and not rule.id.startswith(self.ignore or ("-",)) and self.setting(rule).enabled

    def setting(self, rule: Rule) -> RuleSetting:
        """What the config says about a rule."""
        return self.settings.get(rule.id, AS_SHIPPED)

    def limits(self, rule: Rule) -> Limits:
        """The rule's limits, as the optimizer and the config change them."""
        adapted = rule.adam_limits if self.optimizer == "adam" else {}
        return rule.limits | adapted | self.setting(rule).limits

    def severity(self, rule: Rule, hits: Sequence[Hit], trials: int) -> Severity | None:
        """The worst severity that at least half of the trials reach, or the worst of any trial lowered by
        one."""
        given = self.setting(rule).severity
        severities = [Severity[given] if given else hit.severity for hit in hits]
        worst = max(severities)
        if rule.always:
            return worst
        reached = [grade for grade in Severity if 2 * sum(found >= grade for found in severities) >= trials]
        lowered = [] if worst.lowered is None else [worst.lowered]
        return max([*lowered, *reached], default=None)

    def is_suppressed(self, rule: Rule, line: int | None) -> bool:
        """Whether a comment on that line silences the rule."""
        return (
            line is not None and not rule.always and rule.id.startswith(self.suppressed.get(line) or ("-",))
        )


def policy_of(config: Config, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Policy:
    """The config's own settings together with what the caller selects.

    Raises:
        Mistake: a selected or ignored name is no rule and no prefix of one, one that is always judged is
            ignored, or no rule is left.
    """
    selected, ignored = chosen(select, ignore)
    return Policy(
        settings=config.rules,
        optimizer=config.optimizer,
        select=selected,
        ignore=ignored,
        suppressed=config.suppressed,
    )


def chosen(select: Iterable[str], ignore: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is selected and ignored, as given.

    Raises:
        Mistake: a name is no rule and no prefix of one, one that is always judged is ignored, or no rule is
            left.
    """
    selected, ignored = known_prefixes(select), known_prefixes(ignore)
    for name in ignored:
        if _is_always(name):
            raise Mistake(f"{name} cannot be ignored: {_NEVER_HEALTHY}", "ignore others")
    policy = Policy(select=selected, ignore=ignored)
    if not any(map(policy.chooses, RULES.values())):
        raise Mistake("what is selected is ignored too, so that no rule is left", "ignore less")
    return selected, ignored


def known_prefixes(names: Iterable[str]) -> tuple[str, ...]:
    """The names as given.

    Raises:
        Mistake: one is no rule and no prefix of one.
    """
    prefixes = tuple(names)
    for name in prefixes:
        if not name or not any(rule.startswith(name) for rule in RULES):
            raise Mistake(f"no rule is called '{name}' or begins with it", _meant(name, prefix=True))
    return prefixes


def _is_always(name: str) -> bool:
    return name in RULES and RULES[name].always


def _meant(name: str, *, prefix: bool) -> str:
    """The rule that somebody named in words, in small letters or nearly; else what a name looks like."""
    for rule in RULES.values():
        if name.lower() in (rule.id.lower(), rule.name):
            return f"write {rule.id}"
    first = next(iter(RULES))
    return did_you_mean(name, RULES) or f"write an id like {first}" + (f" or {first[:3]}" if prefix else "")


def check_settings(config: Config, problems: Problems) -> None:
    """Note rules and limits of a config that do not exist."""
    for name, setting in config.rules.items():
        rule = RULES.get(name)
        if rule is None:
            problems.add(setting.place, f"unknown rule '{name}'", _meant(name, prefix=False))
            continue
        if rule.always and (not setting.enabled or setting.severity not in (None, rule.severities[0].name)):
            fact = f"{name} cannot be switched off or lowered: {_NEVER_HEALTHY}"
            problems.add(setting.place, fact, "leave it out of `rules:`")
        for limit in setting.limits:
            if limit not in rule.limits:
                hint = did_you_mean(limit, rule.limits) or f"{name} has no limits to set"
                problems.add(
                    setting.places.get(limit, setting.place), f"unknown limit '{limit}' of {name}", hint
                )
    for line, names in config.suppressed.items():
        place = Place(config.source, line)
        for name in names:
            if _is_always(name):
                problems.add(
                    place, f"{name} cannot be silenced: {_NEVER_HEALTHY}", "leave it out of the comment"
                )
            if not any(rule.startswith(name) for rule in RULES):
                problems.add(place, f"unknown rule '{name}' in a comment", _meant(name, prefix=True))
