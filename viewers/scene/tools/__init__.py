"""Mouse and key tools that work on scenes."""
