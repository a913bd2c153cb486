"""Published laws and exact identities, measured through configs: numbers that nobody on the project chose."""
