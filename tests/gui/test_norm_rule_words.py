"""Whoever reads the quality page reads words, not the keys of rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import workstation
from workstation.ui.quality.words import rule_words


def rules_in_product() -> Iterator[str]:
    """Yield the name of every rule that a fault of the norm gate is made with."""
    root = Path(workstation.__file__).parent
    for path in [*(root / "domain/norm").glob("*.py"), *(root / "services").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "NormFault" and len(node.args) > 1:
                rule = node.args[1]
                if isinstance(rule, ast.Constant):
                    yield str(rule.value)


def test_every_rule_of_the_norm_gate_has_words_on_the_quality_page() -> None:
    rules = set(rules_in_product())

    assert len(rules) > 40
    assert [rule for rule in sorted(rules) if rule_words(rule) == rule] == []
