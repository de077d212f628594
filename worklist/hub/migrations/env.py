"""Alembic's entry: migrate over the connection that ``worklist.hub.database`` hands in."""

from alembic import context

import worklist.hub.critical_tables
import worklist.hub.dispatch_tables
import worklist.hub.document_tables
import worklist.hub.instance_tables
import worklist.hub.quality_tables
import worklist.hub.tables
import worklist.hub.workflow_tables
from worklist.hub.metadata import metadata

__all__ = ["worklist"]

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
