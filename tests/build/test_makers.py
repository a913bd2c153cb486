"""Every kind of layer has a maker where the table says it is."""

import msgspec
import pytest

from gradscope.build.makers import _EXPANSIONS, _MAKERS, _found
from gradscope.config import schema

ABSTRACT = (schema.Layer, schema.Recurrent, schema.Repeat, schema.Unknown)


@pytest.mark.parametrize("found", [*_MAKERS.values(), *_EXPANSIONS.values()], ids=lambda found: found[1])
def test_the_function_is_there(found: tuple[str, str]) -> None:
    assert callable(_found(*found))


def test_every_kind_has_one() -> None:
    kinds = {
        kind
        for kind in vars(schema).values()
        if isinstance(kind, type) and issubclass(kind, schema.Layer) and issubclass(kind, msgspec.Struct)
    }
    assert kinds - set(ABSTRACT) == {*_MAKERS, *_EXPANSIONS}
