"""The Qt user interface: shows, asks, and never does."""
