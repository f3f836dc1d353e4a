"""Secrets out of a log, before anything of it is stored.

GitLab masks the variables that someone marked as masked; what was not marked stands in the log. Only shapes that are
certainly secrets are replaced, so that no telling line is lost.
"""

from __future__ import annotations

import re

MASKED = "[MASKED]"
# Every repetition is bounded or followed by a character outside its class: linear time on any input.
_TOKENS = re.compile(
    r"\bgl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[0-9A-Za-z_.\-]{16,300}"
    r"|\bgh[pousr]_[0-9A-Za-z]{30,300}|\bgithub_pat_[0-9A-Za-z_]{30,300}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bxox[abprs]-[0-9A-Za-z\-]{10,300}"
    r"|\bnpm_[0-9A-Za-z]{36}\b|\bpypi-[0-9A-Za-z_\-]{50,300}|\bhf_[0-9A-Za-z]{30,100}"
    r"|\bwhsec_[0-9A-Za-z+/=]{20,100}"
    r"|\beyJ[0-9A-Za-z_\-]{10,4000}\.eyJ[0-9A-Za-z_\-]{10,4000}\.[0-9A-Za-z_\-]{10,4000}"
)
_IN_URL = re.compile(r"(://[^/\s:@]{1,100}:)[^/\s@]{1,300}(?=@)")
_HEADER = re.compile(
    r"(\b(?:(?:PRIVATE|JOB|DEPLOY)-TOKEN\"?\s{0,3}[:=]\s{0,3}\"?|Authorization\"?\s{0,3}[:=]\s{0,3}\"?(?:Bearer|Basic|Token)\s))"
    r"[^\s\"']{6,500}",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(r"(\b[A-Z][A-Z0-9_]{0,60}(?:TOKEN|PASSWORD|PASSWD|SECRET|API_KEY|PRIVATE_KEY)=)[^\s\"'$]{4,500}")
_KEY = re.compile(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[0-9A-Za-z+/=\s\\]{1,20000}")


def mask(text: str) -> str:
    """The text with tokens, passwords in URLs, credentials in headers and private keys replaced."""
    text = _TOKENS.sub(MASKED, text)
    text = _IN_URL.sub(rf"\1{MASKED}", text)
    text = _HEADER.sub(rf"\1{MASKED}", text)
    text = _ASSIGNED.sub(rf"\1{MASKED}", text)
    return _KEY.sub(rf"\1{MASKED}", text)
