"""Use cases: ports in, values out, no Qt."""
