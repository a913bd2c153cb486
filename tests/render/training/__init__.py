"""Trainings as text."""
