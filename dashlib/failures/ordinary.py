"""What stands after ``password:`` or ``token=`` and is certainly no secret: words of a message, references, code."""

from __future__ import annotations

import re

# Words that messages, code and help texts have in a secret's place.
_WORDS = frozenset({
    "true", "false", "yes", "no", "none", "null", "nil", "undefined", "empty", "unset", "missing", "wrong",
    "invalid", "incorrect", "expired", "required", "requires", "not", "is", "was", "are", "has", "have", "must",
    "should", "cannot", "can't", "could", "can", "may", "will", "failed", "failure", "fail", "error", "errors",
    "unexpected", "expected", "mismatch", "mismatched", "bad", "denied", "rejected", "accepted", "ok", "okay",
    "correct", "valid", "unknown", "unsupported", "given", "provided", "set", "found", "and", "or", "for", "to",
    "of", "in", "on", "at", "by", "with", "from", "the", "a", "an", "this", "that", "it", "its", "string", "str",
    "bytes", "byte", "int", "integer", "bool", "boolean", "number", "float", "any", "object", "char", "void",
    "option", "optional", "list", "dict", "array", "map", "uuid", "text", "hidden", "masked", "redacted",
    "filtered", "removed", "censored", "stdin", "env", "prompt", "default", "auto", "eof", "end", "identifier",
    "punc", "name", "operator", "keyword", "comma", "semicolon", "colon", "newline", "indent", "dedent", "value",
    "values", "type", "types", "authentication", "authorization", "reading", "fetching", "generating", "generated",
    "created", "updated", "refreshing", "using", "getting", "checking", "validating", "loading", "saved", "stored",
    "exchange", "request", "response", "access", "refresh", "contents", "content", "length", "too", "does",
    "doesn't", "do", "did", "only", "please", "see", "use", "when", "while", "if", "but", "already", "still",
    "also", "got", "read", "write", "inherit", "incorrect-password", "expression", "literal", "statement", "rule",
    "input", "output", "line", "column", "position",
})  # fmt: skip
_NAMES = re.compile(
    r"(?:(?:user|db|api|access|auth|client|private|public|secret|job|ci|my|your|the|new|old|refresh|id)?[_\- ]?"
    r"(?:password|passwd|pwd|passphrase|secret|token|api_?key|key|keys|file|credentials?))+",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\$+\w{1,80}|\$+[({][^)}]{0,200}[)}]{1,2}|\{\{.{0,200}\}\}|%[sdrv]|%\(?\w{1,80}\)?[s%]?|<[^<>]{0,100}>|@\w{1,80}@"
    r"|[#&]?\{[\w.]{0,80}\}|\[[A-Z_]{2,20}\]|&?(?:str|string)|\$\{\w{1,80}"
)
_CODE = re.compile(
    r"(?:self|this|os|process|env|environ|config|cfg|conf|settings|request|req|ctx|context|args|opts|options|params|vars"
    r"|var|local|data|module|secrets|github|matrix|inputs|node_modules|import)\.[\w.\[\]()]{1,80}"
    r"|(?:[A-Za-z_]{1,40}[.:]{0,2}){1,6}[(\[<][^\s]{0,80}|&(?:mut)?"
)
_FOLDER = re.compile(r"(?:~|\.{1,2})?/(?:(?:[\w.@\-]{1,80}/){1,20}[\w.@\-]{0,80})")
_KNOWN_FOLDER = re.compile(r"(?:/(?:usr|etc|run|var|home|root|tmp|builds|opt)|~|\.{1,2})/")
_NUMBER = re.compile(r"[-+]?\d{1,5}(?:\.\d{1,4})?(?:%|[a-z]{1,2})?")
_LETTERS = re.compile(r"[A-Za-z][a-z'\-]{0,30}")
_GOES_ON = re.compile(r"[ \t]{1,4}[A-Za-z(\"'`]")
_OF_A_PARSER = re.compile(
    r"(?i)\b(?:un)?(?:expected|expecting|invalid|illegal|unknown|bad|missing|next|unrecognized|unterminated|no such)"
    r"(?: \w{1,20})?[ :]{1,2}[\"'`]?$"
)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_TELLS_NO_SECRET = frozenset({
    "file", "path", "dir", "url", "uri", "name", "id", "type", "ttl", "expiry", "expires", "expiration", "lifetime",
    "length", "len", "count", "limit", "max", "min", "size", "stdin", "endpoint", "host", "port", "arn", "region",
    "file_path", "policy", "prefix", "suffix", "header", "scope", "scopes", "issuer", "audience", "version",
    "format", "hint", "index", "regex", "pattern", "field", "env", "var", "location", "provider", "store",
    "manager", "request", "response", "error", "status", "timeout",
})  # fmt: skip
_LONGEST = 120


def is_ordinary(name: str, more: str, sep: str, value: str, before: str, after: str, *, quoted: bool) -> bool:
    """Whether ``value`` is no secret although it stands after a name of one (``more``: what follows in that name).

    ``before`` and ``after`` are what stands around name and value; ``sep`` is what stands between the two.
    """
    parts = [word for word in re.split(r"[_\-]", more.lower()) if word]
    if parts and (parts[-1] in _TELLS_NO_SECRET or parts[0] in ("manager", "store")):
        return True
    tight = value.rstrip(",;)")
    said = tight.strip(".,;:!?)]}>\"'`…*")
    refers = any(_REFERENCE.fullmatch(one) for one in (value, tight)) or _is_folder(tight)
    if len(value) > _LONGEST or _is_nothing(said) or refers:
        return len(value) <= _LONGEST
    if _VARIABLE.fullmatch(name) and sep == "=":
        # An environment's variable: whatever it is set to.
        return False
    if _NUMBER.fullmatch(said):
        return not name.lower().startswith(("passw", "passp", "pwd"))
    codes = not quoted and any(_CODE.fullmatch(one) for one in (value, tight))
    words = said.lower() in _WORDS or _NAMES.fullmatch(said) is not None
    return words or codes or _is_parsed(said, before) or (not quoted and _is_prose(sep, value, after))


def _is_nothing(said: str) -> bool:
    empty = len(said) < 3 or not any(char.isalnum() for char in said)
    return empty or said.lower() in ("true", "false", "none", "null", "nil", "undefined")


def _is_folder(value: str) -> bool:
    return _KNOWN_FOLDER.match(value) is not None and _FOLDER.fullmatch(value) is not None


def _is_parsed(said: str, before: str) -> bool:
    """What a parser stumbled over: ``Unexpected token: punc``."""
    plain = len(said) <= 20 and not any(char.isdigit() for char in said)
    return plain and _OF_A_PARSER.search(before[-40:]) is not None


def _is_prose(sep: str, value: str, after: str) -> bool:
    """A sentence that goes on: ``password: authentication failed``."""
    says = ":" in sep and sep[-1:] in (" ", "\t")
    return bool(says and _LETTERS.fullmatch(value) and _GOES_ON.match(after))
