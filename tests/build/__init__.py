"""Tests of the build room: names, numbers, shapes, memory and shared parameters."""
