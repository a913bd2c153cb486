"""What a diagnosis would take: arithmetic, memory and time, told without running it."""
