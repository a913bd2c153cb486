"""YAML text to `Config`: knobs, overrides, shorthand, defaults, mistakes with their places. No arrays."""
