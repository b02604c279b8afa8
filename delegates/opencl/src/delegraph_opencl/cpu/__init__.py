"""Convolutions and products on CPUs, for floats, bytes and exact integers, with their sources."""
