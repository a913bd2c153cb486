"""The command line, through click and as a process of its own."""
