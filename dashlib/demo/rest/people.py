"""Version, token, users, members."""

from __future__ import annotations

from dashlib.demo.calls import Call, Handler, Reply, json_reply, not_found, text_reply
from dashlib.demo.paging import page

VERSION = "18.5.2-ee"


def version(call: Call) -> Reply:
    """`GET /version`."""
    return json_reply({"version": VERSION, "revision": "a1b2c3d4e5f", "enterprise": True})


def current_user(call: Call) -> Reply:
    """`GET /user`: whom the token belongs to."""
    return text_reply(call.render.full_user(call.world.token_user))


def own_token(call: Call) -> Reply:
    """`GET /personal_access_tokens/self`."""
    return json_reply(
        {
            "id": 42,
            "name": "dashboard",
            "revoked": False,
            "created_at": "2026-01-05T08:00:00.000Z",
            "description": "",
            "scopes": list(call.scopes),
            "user_id": call.world.token_user.id,
            "last_used_at": None,
            "active": True,
            "expires_at": "2027-01-05",
        }
    )


def users(call: Call) -> Reply:
    """`GET /users`, by `username` or `search`."""
    rows = [user for user in call.world.users.values() if not user.deleted]
    username, search = call.get("username"), (call.get("search") or "").lower()
    if username is not None:
        rows = [user for user in rows if user.username.lower() == username.lower()]
    if search:
        rows = [user for user in rows if search in f"{user.name} {user.username} {user.emails[0]}".lower()]
    rows.sort(key=lambda user: -user.id)
    return page(call, rows, call.render.user)


def user(call: Call) -> Reply:
    """`GET /users/:id`."""
    found = call.world.users.get(call.id_of("id"))
    if found is None or found.deleted:
        raise not_found("User")
    return text_reply(call.render.full_user(found))


def members(call: Call) -> Reply:
    """`GET /projects/:id/members`: direct ones only."""
    rows = [member for member in call.project().members if not member.inherited]
    return page(call, rows, call.render.member)


def all_members(call: Call) -> Reply:
    """`GET /projects/:id/members/all`: inherited ones, too."""
    return page(call, call.project().members, call.render.member)


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/version", version),
    ("GET", "/metadata", version),
    ("GET", "/user", current_user),
    ("GET", "/personal_access_tokens/self", own_token),
    ("GET", "/users", users),
    ("GET", "/users/:id", user),
    ("GET", "/projects/:id/members", members),
    ("GET", "/projects/:id/members/all", all_members),
)
