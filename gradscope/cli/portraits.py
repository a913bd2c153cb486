"""The activations that a command line names, with their options."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from gradscope.errors import Place, Problem, UserError

if TYPE_CHECKING:
    from gradscope.render.activations import Gallery
    from gradscope.theory.portrait import Portrait


def gallery_of(names: tuple[str, ...]) -> Gallery:
    """The portraits of the named activations, or of all with their defaults.

    Raises:
        UserError: with everything that is wrong with the names.
    """
    from gradscope.config.choice_text import choice_from_text
    from gradscope.config.tables import ACTIVATION
    from gradscope.engine.activations import ACTIVATIONS
    from gradscope.render.activations import Gallery

    if not names:
        return Gallery([_portrait(name, {}) for name in ACTIVATIONS], is_named=False)
    portraits: dict[str, Portrait] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            choice = choice_from_text(ACTIVATION, name, "activations")
        except UserError as error:
            problems += error.problems
        else:
            found = _portrait(choice.name, dict(choice.options))
            portraits[found.name] = found
            if not found.is_finite:
                fact = f"{found.name} is beyond what floats hold"
                problems.append(Problem(Place("activations"), fact, "take options that are less extreme"))
    if problems:
        raise UserError(problems)
    return Gallery(list(portraits.values()), is_named=True)


def _portrait(name: str, options: dict[str, Any]) -> Portrait:
    from gradscope.engine.activations import ACTIVATIONS
    from gradscope.theory.portrait import portrait

    make = ACTIVATIONS[name]
    summary = (inspect.getdoc(make) or "").split("\n")[0]
    return portrait(_called(name, options), make(**options), summary)


def _called(name: str, options: dict[str, Any]) -> str:
    """The name, with the options that are not the defaults."""
    from gradscope.engine.activations import ACTIVATIONS

    defaults = inspect.signature(ACTIVATIONS[name]).parameters
    changed = [f"{key} {given:g}" for key, given in options.items() if given != defaults[key].default]
    return f"{name} ({', '.join(changed)})" if changed else name
