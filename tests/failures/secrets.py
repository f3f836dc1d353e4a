"""Secrets for the tests of the mask: a canary in each, and the runner's time stamp before a line."""

from __future__ import annotations

AT = "2024-05-14T11:19:20.000000Z 00O "
CANARY = "CanaryDoNotShow0123456789abcdefCANARY"
BODY = "MIIEpAIBAAKCAQEAcanary0123456789ABCDEFabcdef+/=="

# Put together here, so that no scanner of repositories takes them for real ones.
SECRETS = {
    "personal access token": "glpat" + f"-{CANARY[:20]}",
    "routable token": "glpat" + f"-{CANARY[:27]}.01.120abcdef",
    "deploy token": "gldt" + f"-{CANARY[:20]}",
    "runner token": "glrt" + f"-{CANARY[:20]}",
    "job token": "glcbt" + f"-64_{CANARY[:20]}",
    "trigger token": "glptt" + f"-{CANARY}",
    "feed token": "glft" + f"-{CANARY[:20]}",
    "GitHub token": "ghp" + f"_{CANARY[:36]}",
    "GitHub server token": "ghs" + f"_{CANARY[:36]}",
    "GitHub fine-grained token": "github_pat" + f"_{CANARY}",
    "AWS key": "AKIA" + "CANARY0123456789",
    "Slack token": "xoxb" + f"-12345-{CANARY}",
    "npm token": "npm" + f"_{CANARY[:36]}",
    "PyPI token": "pypi" + f"-{CANARY}{CANARY}",
    "Hugging Face token": "hf" + f"_{CANARY[:34]}",
    "signing token": "whsec" + f"_{CANARY}",
    "JSON web token": "eyJ" + f"hbGciOiJIUzI1.eyJ{CANARY}.{CANARY}",
}
