"""The steps of a GitLab sync, one file per kind of thing; ``projects`` starts them all."""
