"""Names and e-mail addresses to persons: what is certain, what is only likely, and what people decided about it."""
