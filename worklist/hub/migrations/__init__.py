"""Alembic migrations of the hub's database, run on start-up."""
