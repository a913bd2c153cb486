"""A condition on a point, such as `depth * width < 1e5`: read as arithmetic, never run as code."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradscope.config.suggest import suggest
from gradscope.errors import Mistake

MAX_LENGTH = 1000
MAX_NODES = 200
MAX_EXPONENT = 1000

Evaluate = Callable[[Sequence[Any]], Any]

_STEP = re.compile(r"\.([0-9]+)(?=[.\[]|$)")
"""A number in a path, as in `layers.0.repeat`; in a condition it stands in brackets."""

_EXAMPLE = "write it like depth * width < 1e5 and act != 'relu'"


class Where:
    """A condition over named values; `keeps` says whether a point meets it."""

    def __init__(self, text: str, names: Sequence[str], constants: Mapping[str, Any] | None = None) -> None:
        """Read the condition.

        Args:
            text: comparisons, arithmetic, and/or/not, `in`, and the functions of `FUNCTIONS`.
            names: what the values of a point are called, in their order.
            constants: names with one value for all points, such as the other knobs of the config.

        Raises:
            Mistake: it is something else, or speaks of names nobody knows.
        """
        self.text = text
        self._names = [_STEP.sub(r"[\1]", name) for name in names]
        self._constants = dict(constants or {})
        self.speaks_of: set[str] = set()
        """Those of the names that it asks for."""
        self._given = tuple(names)
        self._nodes = 0
        self._evaluate = self._compiled(_parsed(text).body)

    def keeps(self, values: Sequence[Any]) -> bool:
        """Whether the condition holds.

        Raises:
            Mistake: it cannot be told for these values, as of a division by zero.
        """
        try:
            return bool(self._evaluate(values))
        except (TypeError, ValueError, ArithmeticError) as error:
            point = ", ".join(f"{name}={value}" for name, value in zip(self._names, values, strict=True))
            fact = f"'{self.text}' has no answer at {point}: {error}"
            raise Mistake(fact, "mend the condition, or leave such values out of the axes") from error

    def _compiled(self, node: ast.AST) -> Evaluate:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Mistake(f"the condition has more than {MAX_NODES} parts", "make it shorter")
        make = _MAKERS.get(type(node))
        if make is None:
            words = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
            raise Mistake(f"'{words}' cannot stand in a condition", _EXAMPLE)
        return make(self, node)

    def _constant(self, node: ast.Constant) -> Evaluate:
        value = node.value
        if value is not None and not isinstance(value, bool | int | float | str):
            raise Mistake(f"'{ast.unparse(node)}' cannot stand in a condition", _EXAMPLE)
        return lambda values: value

    def _name(self, node: ast.expr) -> Evaluate:
        name = _dotted(node)
        if name in self._names:
            index = self._names.index(name)
            self.speaks_of.add(self._given[index])
            return operator.itemgetter(index)
        if name in _WORDS or name in self._constants:
            constant = _WORDS[name] if name in _WORDS else self._constants[name]
            return lambda values: constant
        known = [*self._names, *self._constants]
        hint = suggest(name, known)
        raise Mistake(
            f"there is no axis and no knob '{name}'",
            f"{hint} (texts need quotes)" if hint else "texts need quotes",
        )

    def _unary(self, node: ast.UnaryOp) -> Evaluate:
        apply, operand = _known(_UNARY, node.op, node), self._compiled(node.operand)
        return lambda values: apply(operand(values))

    def _binary(self, node: ast.BinOp) -> Evaluate:
        apply = _known(_BINARY, node.op, node)
        left, right = self._compiled(node.left), self._compiled(node.right)
        return lambda values: apply(left(values), right(values))

    def _boolean(self, node: ast.BoolOp) -> Evaluate:
        parts = [self._compiled(part) for part in node.values]
        if isinstance(node.op, ast.And):
            return lambda values: all(part(values) for part in parts)
        return lambda values: any(part(values) for part in parts)

    def _comparison(self, node: ast.Compare) -> Evaluate:
        operands = [self._compiled(part) for part in (node.left, *node.comparators)]
        steps = [
            (_known(_COMPARISONS, op, node), operands[number], operands[number + 1])
            for number, op in enumerate(node.ops)
        ]
        return lambda values: all(holds(left(values), right(values)) for holds, left, right in steps)

    def _call(self, node: ast.Call) -> Evaluate:
        function = FUNCTIONS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if function is None or node.keywords:
            known = ", ".join(FUNCTIONS)
            raise Mistake(f"'{ast.unparse(node)}' cannot stand in a condition", f"functions are {known}")
        arguments = [self._compiled(argument) for argument in node.args]
        return lambda values: function(*(_number(argument(values)) for argument in arguments))

    def _conditional(self, node: ast.IfExp) -> Evaluate:
        test, then, other = (self._compiled(part) for part in (node.test, node.body, node.orelse))
        return lambda values: then(values) if test(values) else other(values)

    def _collection(self, node: ast.List | ast.Tuple | ast.Set) -> Evaluate:
        entries = [self._compiled(entry) for entry in node.elts]
        return lambda values: tuple(entry(values) for entry in entries)


def _parsed(text: str) -> ast.Expression:
    if len(text) > MAX_LENGTH:
        raise Mistake(f"the condition has more than {MAX_LENGTH} characters", "make it shorter")
    try:
        return ast.parse(text.strip(), "<where>", "eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise Mistake(f"'{text}' is not a condition: {getattr(error, 'msg', error)}", _EXAMPLE) from error


def _known(table: Mapping[type, Callable[..., Any]], op: ast.AST, node: ast.expr) -> Callable[..., Any]:
    if type(op) not in table:
        raise Mistake(f"'{ast.unparse(node)}' cannot stand in a condition", _EXAMPLE)
    return table[type(op)]


def _dotted(node: ast.expr) -> str:
    """A name, or a path like `batch.size` or `layers[0].repeat`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and type(node.slice.value) is int
    ):
        return f"{_dotted(node.value)}[{node.slice.value}]"
    raise Mistake(f"'{ast.unparse(node)}' cannot stand in a condition", _EXAMPLE)


def _number(value: Any) -> Any:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return value


def _arithmetic(apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Of numbers alone: of texts and lists, + and * would make ever longer ones."""
    return lambda left, right: apply(_number(left), _number(right))


def _power(base: Any, exponent: Any) -> Any:
    # In floats: whole powers of whole powers could take all the time and memory there is.
    if abs(exponent) > MAX_EXPONENT:
        raise ValueError(f"the exponent {exponent} is beyond {MAX_EXPONENT}")
    return math.pow(base, exponent)


def _product(left: Any, right: Any) -> Any:
    return left * right if max(abs(left), abs(right)) < 2**64 else float(left) * float(right)


def _rounded(value: Any) -> int:
    # Without the number of digits, which could be any.
    whole: int = round(value)
    return whole


def _is_in(value: Any, collection: Any) -> bool:
    if not isinstance(collection, tuple | list | str):
        raise TypeError("`in` needs a list on its right, as in act in ('relu', 'tanh')")
    return value in collection


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "round": _rounded,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
}
"""What may be called in a condition."""

_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "pi": math.pi}
"""Values as YAML writes them."""

_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: lambda value: -_number(value),
    ast.UAdd: _number,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _arithmetic(operator.add),
    ast.Sub: _arithmetic(operator.sub),
    ast.Mult: _arithmetic(_product),
    ast.Div: _arithmetic(operator.truediv),
    ast.FloorDiv: _arithmetic(operator.floordiv),
    ast.Mod: _arithmetic(operator.mod),
    ast.Pow: _arithmetic(_power),
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: _is_in,
    ast.NotIn: lambda value, collection: not _is_in(value, collection),
}
_MAKERS: dict[type[ast.AST], Callable[[Where, Any], Evaluate]] = {
    ast.Constant: Where._constant,
    ast.Name: Where._name,
    ast.Attribute: Where._name,
    ast.Subscript: Where._name,
    ast.UnaryOp: Where._unary,
    ast.BinOp: Where._binary,
    ast.BoolOp: Where._boolean,
    ast.Compare: Where._comparison,
    ast.Call: Where._call,
    ast.IfExp: Where._conditional,
    ast.List: Where._collection,
    ast.Tuple: Where._collection,
    ast.Set: Where._collection,
}
