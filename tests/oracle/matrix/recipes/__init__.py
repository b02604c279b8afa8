"""Recipes, one module per family of ops."""
