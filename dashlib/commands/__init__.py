"""What ``python -m dashlib`` does, one file per command."""
