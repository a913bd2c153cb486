"""The portraits as JSON, without their curves unless they are named."""

import json
from typing import Any

import msgspec

from gradscope.render.activations import Gallery
from gradscope.render.options import RenderOptions
from gradscope.report import SCHEMA_VERSION, json_safe
from gradscope.theory.portrait import Portrait


def render(gallery: Gallery, options: RenderOptions) -> str:
    """Valid JSON in ASCII; infinities are words."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "activations": [_plain(found, curves=gallery.is_named) for found in gallery.portraits],
    }
    return json.dumps(json_safe(document), indent=2, allow_nan=False) + "\n"


def _plain(found: Portrait, *, curves: bool) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    curve = plain.pop("curve")
    plain["zero_centred"] = None if found.moments is None else found.moments.is_centred
    return plain | {"curve": curve} if curves else plain
