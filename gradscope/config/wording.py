"""Types and values in words: what was expected, what was found, what to type instead. Reports nothing."""

from __future__ import annotations

import types
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from gradscope.config.document import shortened
from gradscope.config.scalars import resolve
from gradscope.errors import Mistake

_NOUNS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
_TRUTH_WORDS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_EXAMPLES = (0.1, 8, 1, 0, True, "word")
_FEW = 4
_UNSPOKEN = 10**9
"""An upper bound this high goes without saying, until it is passed."""


def described(value: Any) -> str:
    """A value as a message names it: `the text 'abc'`, `2.5`, `true`, `a list`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text '{shortened(value)}'"
    if isinstance(value, list):
        return str(value) if _is_like_a_pair(value) else "a list"
    if isinstance(value, dict):
        return "a mapping"
    return shortened(str(value))


def _is_like_a_pair(value: list[Any]) -> bool:
    """Whether it is a few numbers, of which a message can show which one is wrong."""
    return 2 <= len(value) <= _FEW and all(type(each) in (int, float) for each in value)


@lru_cache(maxsize=256)
def alternatives(kind: Any) -> tuple[str, ...]:
    """The texts a Literal type allows; () for any other type."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def expected(kind: Any, value: Any) -> str:
    """A type in words, its range included: `a whole number of at least 1`."""
    if words := alternatives(kind):
        return listed([f"'{word}'" for word in words])
    if get_origin(kind) in (types.UnionType, Union):
        return expected(_single(kind), value) + (" or a pair of them" if _takes_pair(kind) else "")
    if get_origin(kind) is Annotated:
        base, *metas = get_args(kind)
        return _NOUNS[base] + "".join(_range(meta, value) for meta in metas if isinstance(meta, msgspec.Meta))
    return _NOUNS[kind]


def _single(kind: Any) -> Any:
    """The part of a union that is one value; any other type itself."""
    if get_origin(kind) not in (types.UnionType, Union):
        return kind
    return next(part for part in get_args(kind) if part is not type(None))


def _takes_pair(union: Any) -> bool:
    """Whether a pair is among the parts of a union: an `Annotated` tuple, the only container there is."""
    return any(get_origin(get_args(part)[0]) is tuple for part in get_args(union) if get_args(part))


def listed(words: list[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _range(meta: msgspec.Meta, value: Any) -> str:
    number = value if isinstance(value, int | float) else 0
    below = f"below {_spoken(meta.lt)}" if meta.lt is not None else ""
    above = f"above {_spoken(meta.gt)}" if meta.gt is not None else ""
    if meta.ge is not None:
        above = f"of at least {_spoken(meta.ge)}"
    if meta.le is not None and (meta.le < _UNSPOKEN or number > meta.le):
        if meta.ge is not None:
            return f" from {_spoken(meta.ge)} to {_spoken(meta.le)}"
        below = f"of at most {_spoken(meta.le)}"
    bounds = [bound for bound in (above, below) if bound]
    return f" {' and '.join(bounds)}" if bounds else ""


def _spoken(bound: int | float) -> str:
    return f"{int(bound):,}" if float(bound).is_integer() else str(bound)


def mending(kind: Any, value: Any, key: str, like: Any) -> str:
    """What to type instead of a wrong value: what was probably meant, `like`, or anything that fits."""
    single = _single(kind)
    base = get_args(single)[0] if get_origin(single) is Annotated else single
    guess = None
    if value is None:
        guess = "give it a value, or remove the key"
    elif isinstance(value, str):
        guess = _mended_text(base, value)
    elif base is int and isinstance(value, float) and value.is_integer():
        guess = f"write {int(value)}"
    elif base not in (int, float, bool) and not alternatives(kind) and isinstance(value, int | float):
        guess = "put it in quotes"
    example = _example(kind, like)
    pair = f" or `{shortened(key)}: [{example}, {example}]`" if _takes_pairs_like(kind, value) else ""
    return guess or f"as in `{shortened(key)}: {example}`{pair}"


def _takes_pairs_like(kind: Any, value: Any) -> bool:
    return isinstance(value, list) and get_origin(kind) in (types.UnionType, Union) and _takes_pair(kind)


def _example(kind: Any, like: Any) -> str:
    """The first that fits, as YAML writes it."""
    likely = () if like is None else (like,)
    for example in (*likely, *alternatives(kind), *_EXAMPLES):
        try:
            if words := str(msgspec.convert(example, kind)).lower():
                return words
        except msgspec.ValidationError:
            continue
    raise AssertionError(f"no example fits {kind}")


def _mended_text(base: Any, text: str) -> str | None:
    if base is bool:
        return f"write {_TRUTH_WORDS.get(text.lower(), 'true or false')}"
    try:
        meant = resolve(text.replace("_", "")) if text.strip() else None
    except Mistake:
        return None
    if base not in (int, float) or isinstance(meant, bool) or not isinstance(meant, int | float):
        return None
    return (
        f"write {shortened(text.replace('_', ''))} without underscores"
        if "_" in text
        else "remove the quotes"
    )
