"""What ops that are alike share: their support rows, their launches and their sources."""
