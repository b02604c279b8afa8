"""What makes the models of ops that have much in common, and the variants that they share."""
