"""Secrets out of a delivery before it is stored.

Three ways tell one: it is the value of a CI variable; its key says so (``password``, ``access_token``); or it looks
like a token or password wherever it stands (``failures.mask``).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from dashlib.failures.linear import compiled
from dashlib.failures.mask import MASKED, mask
from dashlib.failures.secret_shapes import TELLING

_VARIABLES = ("variables", "variable")
"""Keys end so: ``variables``, ``build_variables``, ``push_options.ci.variable`` (of ``git push -o ci.variable=…``)."""
_SECRET_KEY = re.compile(
    r"(?:^|[^a-z])(?:password|passwd|pwd|passphrase|secret|token|apikey|credentials?|authorization|cookie)$"
    r"|(?:^|[^a-z])(?:api|access|account|private|secret|signing|encryption|encrypted|master|shared|storage|auth)[^a-z]?key$"
    r"|(?:^|[^a-z])(?:access|auth|refresh|private|session|id|client|bearer|user|db|root|admin)(?:token|secret|password)$"
)
"""Whose value is a secret, in small letters. ``tokens`` (a count), ``token_type`` and ``secretName`` are none."""
_USUAL = 80
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TELLING = compiled(
    TELLING + r"|(?i:ariable|(?:api|access|account|private|signing|encryption|encrypted|master|shared|storage|auth)"
    r"(?:[^a-z]{0,4}|\\[0-9a-z]{1,5})key)"
    # A slash may be escaped, in "https:\/\/" say: PHP spells each so.
    r"|\\/"
    # An ASCII character spelled by its number could be part of any of these words. Rails spells < > & so: no letters.
    r"|\\u00(?:[4567][0-9a-fA-F]|2[0-57-9a-fA-F]|3[0-9abdfABDF])"
)
"""Whatever ``mask`` replaces, or a list of variables holds, has one of these somewhere in its JSON."""


def cleaned(raw: bytes, payload: Any) -> tuple[str, Any]:
    """The text to store and its JSON, without secrets; the text as it came where nothing was cut out.

    Of a key that an object repeats the last value counts; the others, which stand in the text alone, are not stored.

    Most deliveries hold nothing that looks like a secret: that is found out in one pass over the bytes. The rest is
    walked through, string by string.
    """
    if _TELLING.search(raw) is None:
        return raw.removeprefix(codecs.BOM_UTF8).decode(), payload
    # Numbers of any size stay what they are: not by way of a float.
    text = raw.decode("utf-8-sig")
    payload, repeats = _loaded(text)
    clean = _walked(payload)
    return (json.dumps(clean, ensure_ascii=False) if repeats or clean != payload else text), clean


def _loaded(text: str) -> tuple[Any, bool]:
    """The JSON of a text, and whether any object in it repeats a key."""
    repeats = False

    def whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        found = dict(pairs)
        repeats = repeats or len(found) < len(pairs)
        return found

    return json.loads(text, object_pairs_hook=whole), repeats


def cleaned_headers(headers: Mapping[str, str]) -> str:
    """Headers as JSON, without what looks like a secret."""
    text = orjson.dumps(headers)
    if _TELLING.search(text) is None:
        return text.decode()
    return orjson.dumps({name: mask(value) for name, value in headers.items()}).decode()


def _walked(value: Any, key: str = "") -> Any:
    """A copy without secrets; as deep as ``body.DEEPEST`` at most."""
    if key.lower().endswith(_VARIABLES):
        return _without_values(value)
    if isinstance(value, str):
        return MASKED if value and _is_secret(key) else mask(value)
    if isinstance(value, int | float):
        return MASKED if not isinstance(value, bool) and _is_secret(key) else value
    if isinstance(value, list):
        # A list of secrets is told by its key as well; the objects in it have keys of their own.
        return [_walked(item, "" if isinstance(item, dict | list) else key) for item in value]
    if isinstance(value, dict):
        return {mask(name): _walked(item, name) for name, item in value.items()}
    return value


def _is_secret(key: str) -> bool:
    """By its key, however that is spelled: ``clientSecret``, ``CLIENT_SECRET``, ``x-client-secret``."""
    return bool(key) and (_known_key(key) if len(key) <= _USUAL else _secret_key(key))


def _secret_key(key: str) -> bool:
    return _SECRET_KEY.search(_HUMPS.sub("_", key).lower()) is not None


_known_key = lru_cache(4096)(_secret_key)
"""The same few keys stand in every delivery."""


def _without_values(variables: Any) -> Any:
    """The names of variables, however they are spelled: a list, an object, a text."""
    if isinstance(variables, list):
        return [_without_value(item) for item in variables]
    if isinstance(variables, dict):
        return {_named(name): MASKED for name in variables}
    if isinstance(variables, str):
        return _named(variables) if "=" in variables else MASKED
    return variables


def _named(said: str) -> str:
    """``NAME=value`` without its value."""
    name, told, _ = said.partition("=")
    return f"{name}={MASKED}" if told else name


def _without_value(variable: Any) -> Any:
    """``{"key": …, "value": …}`` keeps its key; what is spelled otherwise keeps nothing but its names."""
    if isinstance(variable, str) and "=" in variable:
        return _named(variable)
    if not isinstance(variable, dict):
        return MASKED
    return {
        name: mask(said) if isinstance(said, str) and name in ("key", "name", "variable_type") else MASKED
        for name, said in variable.items()
    }
