"""Remedies: what is tried, what is found, what is written."""
