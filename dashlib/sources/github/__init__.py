"""GitHub: what its API and its webhooks say, to the rows that all forges share."""
