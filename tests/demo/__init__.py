"""Tests of the simulated GitLab."""
