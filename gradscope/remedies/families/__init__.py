"""The remedies by family: what each changes in a config. None is tried or measured here."""
