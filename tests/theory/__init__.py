"""Tests of the theory room against published numbers and closed forms."""
