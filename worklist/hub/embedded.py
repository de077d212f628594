"""The hub inside the demonstration and the tests."""

from worklist.hub.server import EmbeddedHub
from worklist.hub.settings import HubSettings

__all__ = ["EmbeddedHub", "HubSettings"]
