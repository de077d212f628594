"""What may be wrong with a route, and what each kind wants for an address, told to people."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.dispatch import Charset, RouteFault, RouteKind


def fault_words(where: str, fault: RouteFault, kind: RouteKind) -> str:
    """Return what to write instead."""
    if fault is RouteFault.NO_IDENTIFIER and where == "site_id":
        return tr("Choose the hospital")
    return {
        RouteFault.NO_IDENTIFIER: tr("Letters, digits, dot, dash and underscore, up to 64"),
        RouteFault.NO_NAME: tr("Give it a name that people recognise"),
        RouteFault.NO_ADDRESS: tr("Write it like this: {example}", example=address_example(kind)),
        RouteFault.NO_AE_TITLE: tr("1 to 16 letters and digits, as the PACS knows it"),
        RouteFault.NO_CREDENTIAL_NAME: tr("Capitals, digits and underscore only"),
        RouteFault.USER_ALONE: tr("A user needs a password: name it beside"),
        RouteFault.NO_PRELIMINARY: tr("This kind takes signed reports only"),
        RouteFault.TIMEOUT_OUT_OF_RANGE: tr("1 to 120 seconds"),
        RouteFault.ATTEMPTS_OUT_OF_RANGE: tr("0 to 1000 attempts"),
    }[fault]


def address_example(kind: RouteKind) -> str:
    """Return an address as the kind wants it."""
    return {
        RouteKind.HL7: "his.hospital.local:2575",
        RouteKind.FHIR: "https://fhir.hospital.local/r4",
        RouteKind.C_STORE: "pacs.hospital.local:104",
        RouteKind.STOW: "https://pacs.hospital.local/dicom-web",
        RouteKind.FOLDER: "hospital-reports",
    }[kind]


def address_caption(kind: RouteKind) -> str:
    """Return what the address of a kind is."""
    return {
        RouteKind.HL7: tr("Host and port"),
        RouteKind.C_STORE: tr("Host and port"),
        RouteKind.FHIR: tr("Base address"),
        RouteKind.STOW: tr("Base address"),
        RouteKind.FOLDER: tr("Folder below the hub's drop folder"),
    }[kind]


def charset_words(charset: Charset) -> str:
    """Return a set of characters by its usual name."""
    return {Charset.UTF_8: "UTF-8", Charset.GB18030: "GB 18030-2000", Charset.GBK: "GBK"}[charset]


def check_caption(kind: RouteKind) -> str:
    """Return what testing a route of a kind does, for the tooltip of its button."""
    return {
        RouteKind.HL7: tr("Connects and hangs up; no message is sent"),
        RouteKind.FHIR: tr("Reads the server's description (metadata)"),
        RouteKind.C_STORE: tr("C-ECHO, and whether reports are accepted"),
        RouteKind.STOW: tr("Searches for a study that does not exist"),
        RouteKind.FOLDER: tr("Writes an empty file and removes it"),
    }[kind]
