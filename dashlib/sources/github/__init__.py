"""GitHub: its webhooks to the rows that all forges share."""
