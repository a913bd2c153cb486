"""Tests of the rules room: each rule by its own examples, severities, settings and order."""
