"""Tools as state machines: pointer events in, actions out; no Qt and no pixels."""
