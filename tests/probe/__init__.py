"""Tests of the probe room: statistics of arrays, the flow, means over batches and trials, and whole runs."""
