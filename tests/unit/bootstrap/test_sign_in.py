"""What signing in promises beside the session."""

from __future__ import annotations

from importlib.util import find_spec

from workstation.bootstrap.sign_in import LOADED_AT_SIGN_IN


def test_whatever_is_loaded_at_sign_in_is_there_so_that_nobody_stands_before_a_closed_door() -> None:
    assert [module for module in LOADED_AT_SIGN_IN if find_spec(module) is None] == []
