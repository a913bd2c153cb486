"""Of gradscope.comparing, one module for each of its own."""
