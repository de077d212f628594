"""Viewport widgets and the surfaces that turn scenes into pictures."""
