"""The one SQLAlchemy metadata that every hub table registers with."""

from sqlalchemy import MetaData

metadata = MetaData()
