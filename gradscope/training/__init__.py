"""Trains a network for a few steps and measures it on the way. Defines no optimiser and judges nothing."""
