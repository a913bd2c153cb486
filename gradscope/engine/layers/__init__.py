"""The layers, one family a file. Each is a value: parameters inside, activations passed through."""
