"""Pictures as one PNG file. What is drawn, the records of `pictures` say; matplotlib is known here alone."""
