"""Batch sweeps: points from axes, an executor that computes them, a store that keeps them. Draws and prints nothing."""
