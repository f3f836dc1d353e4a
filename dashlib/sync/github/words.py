"""GitHub's errors as sentences, with what to do about them where we know."""

from __future__ import annotations

from dashlib.settings import Settings
from dashlib.sync.client import Refused, Unreachable

SCOPES = "read access to metadata, contents and actions (a classic token: scope repo)"


def explained(settings: Settings, resource: str, error: Exception, whole: bool) -> str:
    """The error as a sentence; ``whole``: it concerns the source itself, nothing of it could be read."""
    if isinstance(error, Unreachable) and whole:
        return f"{settings.github_url} cannot be reached: {error}; check DASH_GITHUB_URL, proxy and certificate"
    if isinstance(error, Refused):
        if error.status == 401:
            return f"the token was not accepted ({error.message}); make a new one with {SCOPES}"
        if error.status == 403:
            return f"forbidden ({error.message}); DASH_GITHUB_TOKEN needs {SCOPES}"
        if error.status in (404, 410):
            return f"not found ({error.message}); deleted, moved, or no longer visible to the token"
        return error.message
    return str(error) or type(error).__name__
