"""One module for each step of the schema; steps are never changed once released."""
