"""Data that ships with the product, and tiny accessors to it."""
