"""Figures, not tests: each module prints a table when it is run."""
