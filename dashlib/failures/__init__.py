"""Job log to reason: what a log says, cleaned of what the runner and the terminal add."""
