"""What the morning note says of one nightly or schedule, in plain text: whoever shows it has to escape it."""

from __future__ import annotations

from dashlib.nightlies.report_items import Item, Reason, Risk


def claim_told(item: Item) -> str:
    """Whose a nightly is that did not run, and who looks after that."""
    has_it = f"{item.who} has it"
    return f"owner: {item.owner}, {has_it}" if item.owner else f"owner not known, {has_it}"


def why_told(risk: Risk) -> str:
    """Why a schedule is at risk, with what is known of it and the day when it stops; plain text."""
    told = "; ".join(map(_reason_told, risk.reasons or (Reason(risk.why, risk.detail, risk.stops),)))
    return f"{'has stopped: ' if risk.stopped else ''}{told}"


def _reason_told(reason: Reason) -> str:
    detail = f": {reason.detail}" if reason.detail else ""
    return f"{reason.why}{detail}" + (f", on {reason.stops:%d %b %Y}" if reason.stops else "")


def expected_told(item: Item) -> str:
    """When a nightly that did not run was to, and until when a late one is waited for; and what somebody started."""
    if item.expected_at is None:
        return item.by_hand
    until = f", missing from {item.missing_from:%H:%M} on" if item.missing_from else ""
    return "; ".join(part for part in (f"expected at {item.expected_at:%H:%M}{until}", item.by_hand) if part)


def since_told(item: Item) -> str:
    """For how many nights and since when it is red or has not run, or was red; "" where that says nothing."""
    if item.since is None or item.nights is None or item.change == "new":
        return ""
    nights = f"{item.nights} night{'' if item.nights == 1 else 's'}"
    if item.change == "recovered":
        return f"was red for {nights}, since {item.since:%a %d %b}"
    if item.change == "missing":
        return f"missing for {nights}, since {item.since:%a %d %b}"
    if item.change == "late":
        return f"not run since {item.since:%a %d %b}, {nights} before"
    return f"red for {nights}, since {item.since:%a %d %b}"


def calm_told(item: Item, when: str = "") -> str:
    """What a calm note says beside the repository: ``when`` it was, and what somebody started; "" for nothing."""
    passed = item.reason if item.change == "only_by_hand" else ""
    return "; ".join(part for part in (when, passed, item.by_hand) if part)
