"""What infinitely wide networks would do: Gaussian averages and the maps that follow from them. Draws
nothing."""
