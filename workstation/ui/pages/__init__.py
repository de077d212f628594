"""One module per page with its presenter."""
