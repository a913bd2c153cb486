"""Two reports side by side: read again from a file, aligned layer by layer, what was gained and lost. Shows
nothing of it."""
