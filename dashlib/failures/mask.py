"""Secrets out of a log, before anything of it is stored.

GitLab masks the variables that someone marked as masked; what was not marked stands in the log. Only shapes that are
certainly secrets are replaced, so that no telling line is lost; line ends stay, so that line numbers stay true.
"""

from __future__ import annotations

import re

MASKED = "[MASKED]"
# Linear time on any input: runs are possessive, and where a run could begin inside itself a boundary stands before it.
# A colour code is such a boundary, too: "\x1b[31mglpat-…".
_EDGE = r"(?:(?<=[0-9;\[]m)|(?<=[0-9\[]K)|(?<![0-9A-Za-z_\-]))"
_TOKENS = re.compile(
    r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[0-9A-Za-z_.\-]{16,}+"
    r"|gh[pousr]_[0-9A-Za-z]{30,}+|github_pat_[0-9A-Za-z_]{30,}+"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"
    r"|xox[abprs]-[0-9A-Za-z\-]{10,}+"
    rf"|{_EDGE}npm_[0-9A-Za-z]{{36}}(?![0-9A-Za-z_])|pypi-[0-9A-Za-z_\-]{{50,}}+|{_EDGE}hf_[0-9A-Za-z]{{30,}}+"
    r"|whsec_[0-9A-Za-z+/=]{20,}+"
    rf"|{_EDGE}eyJ[0-9A-Za-z_\-]{{10,}}+\.eyJ[0-9A-Za-z_\-]{{10,}}+\.[0-9A-Za-z_\-]{{10,}}+"
)
_IN_URL = re.compile(r"(://[^/\s:@]{1,100}+:)[^/\s]{1,1000}(?=@)")
_HEADER = re.compile(
    rf"({_EDGE}(?:(?:PRIVATE|JOB|DEPLOY)-TOKEN\"?\s{{0,3}}[:=]\s{{0,3}}\"?"
    r"|Authorization\"?\s{0,3}[:=]\s{0,3}\"?(?:Bearer|Basic|Token)\s))[^\s\"']{6,}+",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    rf"({_EDGE}(?:[A-Z][A-Z0-9_]{{0,60}}_)?(?:TOKEN|PASSWORD|PASSWD|SECRET|API_KEY|PRIVATE_KEY)=[\"']?)"
    r"[^\s\"'$][^\s\"']{3,}+"
)
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_KEY_BODY = re.compile(r"[0-9A-Za-z+/=\s\\]{0,20000}+")
_LONGEST_KEY = 20_000


# What a match cannot do without. Most logs hold none of it, and looking for a literal is twenty times faster.
_TOKENS_HOLD = (
    *("glpat-", "gloas-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-"),
    *("glffct-", "glwt-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "AKIA", "ASIA", "xoxa-", "xoxb-"),
    *("xoxp-", "xoxr-", "xoxs-", "npm_", "pypi-", "hf_", "whsec_", "eyJ"),
)
_HEADERS_HOLD = ("private-token", "job-token", "deploy-token", "authorization")
_ASSIGNED_HOLD = ("TOKEN=", "PASSWORD=", "PASSWD=", "SECRET=", "API_KEY=", "PRIVATE_KEY=")


def mask(text: str) -> str:
    """The text with tokens, passwords in URLs, credentials in headers and private keys replaced."""
    if _holds(text, _TOKENS_HOLD):
        text = _TOKENS.sub(MASKED, text)
    if "://" in text:
        text = _IN_URL.sub(rf"\1{MASKED}", text)
    if _holds(text.lower(), _HEADERS_HOLD):
        text = _HEADER.sub(rf"\1{MASKED}", text)
    if _holds(text, _ASSIGNED_HOLD):
        text = _ASSIGNED.sub(rf"\1{MASKED}", text)
    return _without_keys(text) if "PRIVATE KEY-----" in text else text


def _holds(text: str, literals: tuple[str, ...]) -> bool:
    return any(literal in text for literal in literals)


def _without_keys(text: str) -> str:
    """Private keys up to their end line; where that is missing, what looks like the key's body."""
    kept, done = [], 0
    for begins in _KEY_BEGINS.finditer(text):
        if begins.start() < done or text.startswith(MASKED, begins.end()):
            continue
        start = begins.end()
        stop = text.find("-----END", start, start + _LONGEST_KEY)
        if stop < 0:
            body = _KEY_BODY.match(text, start)
            stop = body.end() if body else start
        lines = text.count("\n", start, stop)
        kept += [text[done:start], MASKED, "\n" * lines]
        done = stop
    return "".join([*kept, text[done:]])
