"""Qt host widgets that show a scene."""
