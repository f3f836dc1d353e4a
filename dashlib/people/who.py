"""Who is who, as it is asked and as it is answered: identities and persons."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dashlib.people.addresses import handle
from dashlib.people.mapped import Found, Mapped, Overruled


@dataclass(frozen=True)
class Identity:
    """A trimmed name and a lowered address, since when they are known, and how repositories with a mailmap have them.

    ``found`` names all repositories of an identity that any of those has.
    """

    name: str
    address: str
    known_at: datetime
    found: frozenset[Found] = frozenset()

    @property
    def handle(self) -> str:
        """Its name in decisions."""
        return handle(self.name, self.address)


@dataclass(frozen=True)
class Here:
    """Who an identity is in one repository whose mailmap speaks of it."""

    mapped: Mapped
    person: str


@dataclass
class People:
    """``person_of`` and ``because``: by handle of identity or account. ``named`` are identities that only a .mailmap
    knows; ``proper`` the names that the file gives, by person; ``likely`` pairs of persons whom a line takes for one,
    with that line and its file; ``overruled`` the lines that are not followed for what somebody decided,
    in their order.
    """

    person_of: dict[str, str] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)
    here: list[Here] = field(default_factory=list)
    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    proper: dict[str, str] = field(default_factory=dict)
    likely: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    overruled: list[Overruled] = field(default_factory=list)
