"""Sheets of pictures, decoded and looked into."""
