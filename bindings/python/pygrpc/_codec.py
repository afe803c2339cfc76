# Copyright 2026 The pygrpc Authors
# SPDX-License-Identifier: Apache-2.0

"""Native values to what the library takes, and back: requests, responses and options."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import math
import numbers
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, NamedTuple

from pygrpc._errors import OptionError
from pygrpc._message import Message

_EPOCH = datetime.timedelta()
_MICROSECOND = datetime.timedelta(microseconds=1)


def _timestamp(value: datetime.datetime) -> str:
    """A google.protobuf.Timestamp. Without a time zone it is UTC, as in protobuf's own API."""
    if value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return value.isoformat() + "Z"


def _duration(value: datetime.timedelta) -> str:
    """A google.protobuf.Duration."""
    sign = "-" if value < _EPOCH else ""
    seconds, microseconds = divmod(abs(value) // _MICROSECOND, 1000000)
    return f"{sign}{seconds}.{microseconds:06}s" if microseconds else f"{sign}{seconds}s"


def _number(value: Any) -> int | float:
    """The same number if it is whole; otherwise the float that is nearest."""
    try:
        nearest = float(value)
        if math.isfinite(nearest):
            whole = int(value)
            # -0.0 is no integer.
            return whole if whole and whole == value else nearest
        if value == nearest or value != value:  # infinity, or NaN
            return nearest
    except (ArithmeticError, ValueError):
        pass
    raise TypeError(f"a {type(value).__qualname__} beyond any double cannot be sent")


def _substitute(value: Any) -> Any:
    """What the encoder knows for a value that it does not know. Raises TypeError if nothing."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime.datetime):
        return _timestamp(value)
    if isinstance(value, datetime.timedelta):
        return _duration(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        return _number(value)
    raise TypeError(f"a {type(value).__qualname__} cannot be sent")


_encoder = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_substitute
)


def _make_encode() -> Callable[[Any], str]:
    """As _encoder.encode(), which makes the encoder in C anew for each message."""
    try:
        chunks = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
            None, _substitute, json.encoder.encode_basestring, None, ":", ",", False, False, False
        )
        if "".join(chunks({"a": [1, "b"]}, 0)) == '{"a":[1,"b"]}':
            return lambda message: "".join(chunks(message, 0))
    except (AttributeError, TypeError):  # another Python has it otherwise
        pass
    return _encoder.encode


_encode = _make_encode()
_ascii_encoder = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _step(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{json.dumps(key)}]"


def _plain(value: Any, path: str, holders: tuple[int, ...]) -> Any:
    """The value in the encoder's own types, with NaN and infinities as ProtoJSON writes them.

    Raises TypeError with the path of what cannot be sent.
    """
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if id(value) in holders:
        raise TypeError(f"{path}: the {type(value).__qualname__} holds itself")
    holders = (*holders, id(value))
    if isinstance(value, dict):
        message: dict[Any, Any] = {}
        for key, item in value.items():
            if not isinstance(key, (str, int)):
                raise TypeError(f"{path}: a {type(key).__qualname__} cannot be a field's name")
            message[key] = _plain(item, _step(path, str(key)), holders)
        return message
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{index}]", holders) for index, item in enumerate(value)]
    try:
        substitute = _substitute(value)
    except TypeError as error:
        raise TypeError(f"{path}: {error}") from None
    return _plain(substitute, path, holders)


def encode_message(message: Any) -> bytes:
    """The JSON of a request.

    Raises:
        TypeError: a value cannot be sent; the text names its path and its type.
        ValueError: the message nests too deeply.
    """
    try:
        text = _encode(message)
    except (TypeError, ValueError, RecursionError):
        # Rare: a NaN, or a fault that the encoder reports without its place.
        try:
            text = _encode(_plain(message, "$", ()))
        except RecursionError:
            raise ValueError("$: the message nests too deeply") from None
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair. Escaped it is still JSON; the library tells its place.
        return _ascii_encoder.encode(json.loads(text)).encode()


_decoder = json.JSONDecoder(object_hook=Message)
# To Python -0 is an integer, and so 0. The hook is slow, and is used only where it may matter.
_zero_decoder = json.JSONDecoder(
    object_hook=Message, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits)
)


def decode_message(json_bytes: bytes) -> Any:
    """The value of a response's JSON; objects become Messages."""
    text = str(json_bytes, "utf-8")
    decoder = _zero_decoder if "-0" in text else _decoder
    return decoder.scan_once(text, 0)[0]  # type: ignore[attr-defined]


class Codec(NamedTuple):
    """How messages cross the border to the library."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _encode_binary(message: Any) -> bytes:
    if isinstance(message, (bytes, bytearray, memoryview)):
        return bytes(message)
    raise TypeError(
        f"with the codec 'binary' a message is bytes, not a {type(message).__qualname__}"
    )


JSON = Codec(encode_message, decode_message)
BINARY = Codec(_encode_binary, bytes)


def _metadata_values(key: str, values: Any) -> list[str]:
    if isinstance(values, (str, bytes, bytearray)) or not isinstance(values, Iterable):
        values = [values]
    texts = []
    for value in values:
        if key.endswith("-bin") and isinstance(value, (bytes, bytearray)):
            texts.append(base64.b64encode(value).decode("ascii"))
        elif not key.endswith("-bin") and isinstance(value, str):
            texts.append(value)
        else:
            wanted = "bytes" if key.endswith("-bin") else "str"
            raise TypeError(
                f"metadata: the values of {key!r} are {wanted}, not {type(value).__qualname__}"
            )
    return texts


def _metadata(metadata: Any) -> dict[str, list[str]]:
    is_iterable = isinstance(metadata, Iterable) and not isinstance(metadata, (str, bytes))
    if not is_iterable:
        raise TypeError(
            "option metadata: a mapping of keys to values, or pairs of them, is wanted, "
            f"not a {type(metadata).__qualname__}"
        )
    merged: dict[str, list[str]] = {}
    # What is wrong is not shown: it may be a secret.
    for pair in metadata.items() if isinstance(metadata, Mapping) else metadata:
        if not isinstance(pair, (tuple, list)):
            kind = type(pair).__qualname__
            raise TypeError(
                f"option metadata: pairs of a key and its value are wanted, not a {kind}"
            )
        if len(pair) != 2:
            raise TypeError(
                f"option metadata: pairs of a key and its value are wanted, not {len(pair)} values"
            )
        key, values = pair
        if not isinstance(key, str):
            raise TypeError(f"option metadata: a key is a str, not a {type(key).__qualname__}")
        merged.setdefault(key, []).extend(_metadata_values(key, values))
    return merged


def _option_value(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):  # such as a certificate in PEM
        return value.decode()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        return _number(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(
        f"a {type(value).__qualname__} is no option's value: give a text, number, bool, timedelta, "
        "or what holds such"
    )


_option_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_option_value)


def encode_options(options: Mapping[str, Any]) -> bytes:
    """The JSON of options. Those that are None are left out, so that they have their defaults.

    Raises:
        TypeError: a value is of a type that no option has; the text names the option.
        OptionError: a value that JSON has none for.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if "metadata" in given:
        given["metadata"] = _metadata(given["metadata"])
    try:
        return _option_encoder.encode(given).encode()
    except UnicodeEncodeError:
        raise OptionError(f"option {_find_invalid(given, '')}: text that is not UTF-8") from None
    except (TypeError, ValueError, RecursionError):
        for key, value in given.items():
            _check_option(key, value)
        raise


def _check_option(key: str, value: Any) -> None:
    """Raises what the encoder does, with the option's name."""
    try:
        _option_encoder.encode(value)
    except UnicodeDecodeError:
        raise OptionError(f"option {key}: bytes that are not UTF-8") from None
    except TypeError as error:
        raise TypeError(f"option {key}: {error}") from None
    except RecursionError:
        raise OptionError(f"option {key}: the value nests too deeply") from None
    except ValueError as error:
        if isinstance(value, float):
            hint = '; "none" is without limit' if value > 0 else ""
            raise OptionError(f"option {key}: {value} is no value{hint}") from None
        raise OptionError(f"option {key}: {error}") from None


def _find_invalid(value: Any, path: str) -> str | None:
    """The path of the first text that is not UTF-8, half a surrogate pair say."""
    if isinstance(value, str):
        is_valid = value == value.encode("utf-8", "replace").decode()
        return None if is_valid else path.encode("utf-8", "backslashreplace").decode()
    found = None
    if isinstance(value, Mapping):
        for key, item in value.items():
            here = f"{path}.{key}" if path else key
            found = found or _find_invalid(key, here) or _find_invalid(item, here)
    elif isinstance(value, (list, tuple)):
        for item in value:
            found = found or _find_invalid(item, path)
    return found
