"""Whole pages in one file: HTML with style and pictures in it, without scripts, without the network."""
