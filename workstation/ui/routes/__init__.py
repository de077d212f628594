"""The form of a route to a site."""
