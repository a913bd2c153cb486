"""What a diagnosis would take, and what it then took."""
