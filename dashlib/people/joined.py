"""Points that are one and the same, whatever joined them and in whatever order."""

from __future__ import annotations


class Joined:
    """Union-find over points: nodes (an identity, an account) and what they have in common (an address, a number)."""

    def __init__(self) -> None:
        self._above: dict[object, object] = {}

    def top(self, point: object) -> object:
        """The point that stands for all that are one with this."""
        above = self._above
        root = point
        while (up := above.get(root, root)) != root:
            root = up
        while (up := above.get(point, point)) != root:
            above[point] = root
            point = up
        return root

    def join(self, one: object, other: object) -> None:
        """From now on these two are one, with all that are one with either."""
        first, second = self.top(one), self.top(other)
        if first != second:
            self._above[second] = first
