"""Webhooks in: verify, store, answer; then, in the background and in order of arrival, rows."""
