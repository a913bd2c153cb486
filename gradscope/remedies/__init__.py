"""Changes to a config that are known to help, tried and measured. Knows no terminal and, but for `writing`,
no text."""
