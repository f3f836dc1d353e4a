"""Who says of himself that he is a robot, by the list in ``bots.toml``."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

OWN = "DASH_BOTS names"
"""So begins why somebody is a robot whom the setting names."""


@functools.lru_cache(maxsize=100_000)
def bot_because(name: str, local_part: str, address: str = "", own: tuple[str, ...] = ()) -> str | None:
    """Why an identity (or an account: name and user name) is a robot's, in words; None where it does not say so.

    ``own`` are the globs of DASH_BOTS, over names, user names and whole addresses, case aside.
    """
    for glob in own:
        if any(_globbed(glob).fullmatch(said.lower()) for said in (name, local_part, address) if said):
            return f"{OWN} “{glob}”"
    patterns, names, handles = _listed()
    if found := names.search(name.lower()):
        return f"its name says “{found[0]}”"
    for what, said in (("name", name), ("address", local_part)):
        if found := patterns.search(said.lower()):
            return f"its {what} says “{found[0]}”"
    if found := handles.search(local_part.lower()):
        return f"its address says “{found[0]}”"
    return None


@functools.cache
def _globbed(glob: str) -> re.Pattern[str]:
    """* is any text and ? any character; brackets are themselves, for robots are called renovate[bot]."""
    return re.compile(re.escape(glob.lower()).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


@functools.cache
def _listed() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    text = (resources.files("dashlib.people") / "bots.toml").read_text("utf-8")
    listed: dict[str, list[str]] = tomllib.loads(text)
    words = "|".join(re.escape(word) for word in listed["words"])
    patterns = [rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])", *listed["patterns"]]
    return (
        re.compile("|".join(patterns)),
        re.compile("|".join(listed["names"])),
        re.compile("|".join(listed["handles"])),
    )
