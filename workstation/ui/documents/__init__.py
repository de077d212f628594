"""Forms of what the hub gives every site."""
