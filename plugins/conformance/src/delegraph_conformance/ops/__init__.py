"""Recipes, one module per op; found by looking."""
