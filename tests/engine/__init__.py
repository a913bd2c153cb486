"""The engine against finite differences, closed forms and PyTorch."""
