"""``lianyue quality``: how double readings agree, and the alliance's rules for reports."""

from __future__ import annotations

import argparse
from dataclasses import replace

from resources.translation import tr
from workstation.bootstrap.adapters import connect
from workstation.bootstrap.console import password_for
from workstation.domain.double_reading import AgreementFigures
from workstation.domain.errors import WorkstationError
from workstation.domain.report_version import ReportPolicy
from workstation.domain.workflow_ports import WorkflowPort


def run_quality_command(options: argparse.Namespace) -> int:
    """Print the agreement, or print and change the rules."""
    with connect(options.hub) as hub:
        hub.session.sign_in(options.user, password_for(options.user, options.hub))
        try:
            lines = (
                _agreement(hub.workflow.agreement()) if options.action == "agreement" else _rules(hub.workflow, options)
            )
        finally:
            hub.session.sign_out()
    print("\n".join(lines))
    return 0


def _agreement(figures: AgreementFigures) -> list[str]:
    counts = f"double readings {figures.concluded} agreed {figures.agreed} arbitrated {figures.arbitrated}"
    lines = [f"{counts} without a category in common {figures.unrated}"]
    for one in figures.schemes:
        found = one.agreement
        kappa = "undefined" if found.kappa is None else f"{found.kappa:.3f} (SE {found.standard_error:.3f})"
        lines.append(f"{one.scheme}: n {found.cases} observed {found.observed:.3f} kappa {kappa}")
    return lines


def _rules(workflow: WorkflowPort, options: argparse.Namespace) -> list[str]:
    policy = workflow.policy()
    wanted = policy
    if options.second_signer is not None:
        wanted = replace(wanted, second_signer=options.second_signer)
    if options.double_reading_every is not None:
        try:
            wanted = replace(wanted, double_reading_every=options.double_reading_every)
        except ValueError as exc:
            raise WorkstationError(tr("Every nth case is a number from 0 to 10000"), detail="quality rules") from exc
    return _words(workflow.set_policy(wanted) if wanted != policy else policy)


def _words(policy: ReportPolicy) -> list[str]:
    every = policy.double_reading_every
    return [
        f"second signer {'required' if policy.second_signer else 'not required'}",
        f"double reading {f'every {every}. case' if every else 'by hand only'}",
    ]
