"""Of gradscope.sweeping, one module for each of its own, and what only real processes show."""
