"""Batch sweeps: points from axes, workers that compute them, a store that keeps them. Prints nothing."""
