"""What is shown and where, in patient space; no Qt."""
