"""The pieces of the quality manager's page."""
