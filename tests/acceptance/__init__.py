"""What a user sees from outside, one behaviour a file."""
