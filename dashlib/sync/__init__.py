"""When to ask for what: plan, watermarks, rate limits, checkpoints, progress."""
