"""What Kusto's operators and functions make of constants (learn.microsoft.com, "Scalar functions").

Only what rules build their constants with; any other call of constants stays symbolic, which loses nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeAlias

from detectionary.languages.kusto.literals import literal_value
from detectionary.languages.kusto.syntax import BinaryOperator, ScalarType
from detectionary.languages.kusto.tokens import DATETIME, INT, LONG, REAL, TIMESPAN
from detectionary.languages.kusto.values import Constant, JsonData, from_json, kind_and_scalar, to_json

Evaluator: TypeAlias = Callable[[list[Constant]], "Constant | None"]

# Arithmetic: numbers, timespans and datetimes (learn.microsoft.com, "Datetime / timespan arithmetic")

ARITHMETIC: Final = frozenset(
    {
        BinaryOperator.ADD,
        BinaryOperator.SUBTRACT,
        BinaryOperator.MULTIPLY,
        BinaryOperator.DIVIDE,
        BinaryOperator.MODULO,
    }
)


def result_type(operator: BinaryOperator, left: ScalarType, right: ScalarType) -> ScalarType:
    pair = {left, right}
    if ScalarType.DATETIME in pair:
        both = left is right and operator is BinaryOperator.SUBTRACT
        return ScalarType.TIMESPAN if both else ScalarType.DATETIME
    if ScalarType.TIMESPAN in pair:
        both = left is right and operator is BinaryOperator.DIVIDE
        return ScalarType.REAL if both else ScalarType.TIMESPAN
    for kind in (ScalarType.DECIMAL, ScalarType.REAL, ScalarType.LONG, ScalarType.INT):
        if kind in pair:
            return kind
    return ScalarType.UNKNOWN


def arithmetic(operator: BinaryOperator, left: Constant, right: Constant) -> Constant | None:
    a, b = left.value, right.value
    if isinstance(a, bool) or isinstance(b, bool):
        return None
    kind = result_type(operator, left.type, right.type)
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        if not isinstance(a, int | float | Decimal) or not isinstance(b, int | float | Decimal):
            return None
        return _number(operator, Decimal(str(a)), Decimal(str(b)), kind)
    if not isinstance(a, int | float) or not isinstance(b, int | float):
        return None
    if kind is ScalarType.UNKNOWN:
        return None
    if kind in (ScalarType.TIMESPAN, ScalarType.DATETIME) and left.type is not right.type:
        # One side is ticks, the other a factor or another kind of ticks: the outcome is whole ticks.
        result = _number(operator, a, b, ScalarType.REAL)
        if result is None or not isinstance(result.value, float | int):
            return None
        return Constant(kind, int(result.value))
    return _number(operator, a, b, kind)


def _number(operator: BinaryOperator, a: float | Decimal, b: float | Decimal, kind: ScalarType) -> Constant | None:
    try:
        match operator:
            case BinaryOperator.ADD:
                value = a + b  # type: ignore[operator]  # both are Decimal, or neither is
            case BinaryOperator.SUBTRACT:
                value = a - b  # type: ignore[operator]
            case BinaryOperator.MULTIPLY:
                value = a * b  # type: ignore[operator]
            case BinaryOperator.DIVIDE if kind in (ScalarType.INT, ScalarType.LONG):
                value = abs(int(a)) // abs(int(b)) * (1 if (a < 0) == (b < 0) else -1)
            case BinaryOperator.DIVIDE:
                value = a / b  # type: ignore[operator]
            case BinaryOperator.MODULO:
                value = a % b  # type: ignore[operator]
            case _:
                return None
    except (ArithmeticError, ValueError):
        return None
    return Constant(kind, value)


_PLAIN: Final = frozenset({ScalarType.INT, ScalarType.LONG, ScalarType.REAL})

# Functions that are evaluated: each takes constants and gives one, or None when it cannot say


def _text(constant: Constant) -> str | None:
    """`tostring` of a constant."""
    match constant.value:
        case None:
            return ""
        case bool(truth):
            return "True" if truth else "False"
        case tuple() | dict():
            return str(kind_and_scalar(constant)[1])
        case float():
            return None
        case _:
            return str(kind_and_scalar(constant)[1])


def _strings(function: Callable[..., str | None]) -> Evaluator:
    def evaluate(arguments: list[Constant]) -> Constant | None:
        texts = [_text(argument) for argument in arguments]
        if None in texts:
            return None
        try:
            result = function(*texts)
        except (TypeError, ValueError, binascii.Error):
            return None
        return None if result is None else Constant(ScalarType.STRING, result)

    return evaluate


def _converted(word: str, kind: ScalarType) -> Evaluator:
    """A conversion from text, as the literal of that type is read, or between numbers; else None."""

    def evaluate(arguments: list[Constant]) -> Constant | None:
        if len(arguments) != 1:
            return None
        argument = arguments[0]
        match argument.value:
            case _ if argument.type is kind:
                return argument
            case str(text):
                _, value = literal_value(word, f"{kind.value}({text})")
                return None if value is None else Constant(kind, value)
            case bool():
                return None
            case int() | float() as number if kind is ScalarType.REAL and argument.type in _PLAIN:
                return Constant(kind, float(number))
            case int(number) if kind in _PLAIN and argument.type in _PLAIN:
                return Constant(kind, number)
            case _:
                return None

    return evaluate


def _to_bool(arguments: list[Constant]) -> Constant | None:
    match arguments:
        case [Constant(_, bool(truth))]:
            return Constant(ScalarType.BOOL, truth)
        case [Constant(_, str(text))] if text.lower() in ("true", "false"):
            return Constant(ScalarType.BOOL, text.lower() == "true")
        case _:
            return None


def _parse_json(arguments: list[Constant]) -> Constant | None:
    match arguments:
        case [Constant(ScalarType.DYNAMIC) as already]:
            return already
        case [Constant(ScalarType.STRING, str(text))]:
            try:
                return from_json(_frozen(json.loads(text)))
            except (ValueError, RecursionError):
                return Constant(ScalarType.STRING, text)
        case _:
            return None


def _frozen(data: object) -> JsonData:
    match data:
        case list():
            return tuple(_frozen(item) for item in data)
        case dict():
            return {str(name): _frozen(member) for name, member in data.items()}
        case None | bool() | int() | float() | str():
            return data
        case _:
            raise ValueError(data)


def _array(arguments: list[Constant]) -> Constant | None:
    return Constant(ScalarType.DYNAMIC, tuple(to_json(argument) for argument in arguments))


def _concatenated(arguments: list[Constant]) -> Constant | None:
    found: list[JsonData] = []
    for argument in arguments:
        if not isinstance(argument.value, tuple):
            return None
        found.extend(argument.value)
    return Constant(ScalarType.DYNAMIC, tuple(found))


def _united(arguments: list[Constant]) -> Constant | None:
    joined = _concatenated(arguments)
    if joined is None or not isinstance(joined.value, tuple):
        return None
    found: list[JsonData] = []
    for item in joined.value:
        if item not in found:
            found.append(item)
    return Constant(ScalarType.DYNAMIC, tuple(found))


def _split(arguments: list[Constant]) -> Constant | None:
    match arguments:
        case [Constant(_, str(text)), Constant(_, str(separator))] if separator:
            return Constant(ScalarType.DYNAMIC, tuple(text.split(separator)))
        case _:
            return None


def _joined(arguments: list[Constant]) -> Constant | None:
    match arguments:
        case [Constant(_, tuple(items)), Constant(_, str(separator))]:
            texts = [_text(from_json(item)) for item in items]
            return Constant(ScalarType.STRING, separator.join(t for t in texts if t is not None))
        case _:
            return None


def _decode_base64(text: str) -> str:
    return base64.b64decode(text, validate=True).decode("utf-8")


FUNCTIONS: Final[Mapping[str, Evaluator]] = {
    "strcat": _strings(lambda *parts: "".join(parts)),
    "strcat_delim": _strings(lambda delimiter, *parts: delimiter.join(parts)),
    "strcat_array": _joined,
    "tostring": _strings(lambda text: text),
    "tolower": _strings(str.lower),
    "toupper": _strings(str.upper),
    "replace_string": _strings(lambda text, old, new: text.replace(old, new)),
    "base64_decode_tostring": _strings(_decode_base64),
    "base64_decodestring": _strings(_decode_base64),
    "reverse": _strings(lambda text: text[::-1]),
    "toint": _converted(INT, ScalarType.INT),
    "tolong": _converted(LONG, ScalarType.LONG),
    "toreal": _converted(REAL, ScalarType.REAL),
    "todouble": _converted(REAL, ScalarType.REAL),
    "tobool": _to_bool,
    "toboolean": _to_bool,
    "todatetime": _converted(DATETIME, ScalarType.DATETIME),
    "totimespan": _converted(TIMESPAN, ScalarType.TIMESPAN),
    "parse_json": _parse_json,
    "todynamic": _parse_json,
    "toobject": _parse_json,
    "pack_array": _array,
    "array_concat": _concatenated,
    "set_union": _united,
    "split": _split,
}
