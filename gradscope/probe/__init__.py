"""Runs a network forward and back and writes down what happened, in numbers. Judges nothing; no array travels
on."""
