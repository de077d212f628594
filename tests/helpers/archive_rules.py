"""
What PDF/A-3u asks of a file, as far as we can judge without veraPDF (which is not installable here).

*Source:* ISO 19005-3 clauses as the rules name them, checked with qpdf's library; fonts, colours, metadata,
attachments, annotations, actions, encryption.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf

_ACTIONS = {"/GoTo", "/GoToR", "/URI", "/Named", "/Thread"}


def archive_faults(pdf: bytes) -> list[str]:
    """Return every rule that is broken, empty for none."""
    with pikepdf.open(BytesIO(pdf)) as document:
        return [
            *(f"6.1: {problem}" for problem in document.check_pdf_syntax()),
            *_file(document),
            *_metadata(document),
            *_colours(document),
            *_fonts(document),
            *_attachments(document),
            *_annotations(document),
        ]


def _file(document: Any) -> Iterator[str]:  # noqa: ANN401 - pikepdf's objects are dynamic
    if document.is_encrypted:
        yield "6.1.3: encrypted"
    if len(document.trailer.get("/ID", [])) != 2:
        yield "6.1.3: no file identifier"
    root = document.Root
    if "/AA" in root or "/XFA" in root.get("/AcroForm", {}):
        yield "6.6: additional actions or XFA"
    opened = root.get("/OpenAction")
    if isinstance(opened, pikepdf.Dictionary) and str(opened.get("/S")) not in _ACTIONS:
        yield "6.5.1: a forbidden action"
    if root.get("/AcroForm", {}).get("/NeedAppearances", False):
        yield "6.4.1: NeedAppearances"


def _metadata(document: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    stream = document.Root.get("/Metadata")
    if stream is None or "/Filter" in stream:
        yield "6.6.2.1: no readable metadata"
        return
    with document.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as found:
        if found.pdfa_status != "3U":
            yield f"6.6.4: says {found.pdfa_status!r}"
        info = document.trailer.get("/Info", {})
        for name, key in (("/Title", "dc:title"), ("/Producer", "pdf:Producer")):
            if name in info and str(info[name]) != str(found.get(key)):
                yield f"6.6.3: {name} differs"


def _colours(document: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    intents = [one for one in document.Root.get("/OutputIntents", []) if str(one.S) == "/GTS_PDFA1"]
    if len(intents) != 1:
        yield "6.2.3: not exactly one output intent"
    for intent in intents:
        profile = intent.DestOutputProfile
        data = profile.read_bytes()
        if data[36:40] != b"acsp" or data[16:20] != b"RGB " or int(profile.N) != 3:
            yield "6.2.3: no RGB profile"
    for stream in _streams(document):
        if str(stream.get("/Subtype")) == "/Image":
            if (
                str(stream.ColorSpace) not in {"/DeviceRGB", "/DeviceGray"}
                and str(stream.ColorSpace[0]) == "/DeviceCMYK"
            ):
                yield "6.2.4: CMYK without a profile"
            if stream.get("/Interpolate", False):
                yield "6.2.8: an interpolated image"
        if "/LZWDecode" in str(stream.get("/Filter", "")):
            yield "6.1.7.2: LZW"


def _fonts(document: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    for one in document.objects:
        if not isinstance(one, pikepdf.Dictionary) or str(one.get("/Type")) != "/Font":
            continue
        if str(one.Subtype) == "/Type0":
            below = one.DescendantFonts[0]
            if "/FontFile2" not in below.FontDescriptor and "/FontFile3" not in below.FontDescriptor:
                yield f"6.2.11.4: {one.BaseFont} is not embedded"
            if "/CIDToGIDMap" not in below:
                yield f"6.2.11.3.2: {one.BaseFont} without a map"
            if "/ToUnicode" not in one:
                yield f"6.2.11.7: {one.BaseFont} without Unicode"
        elif str(one.Subtype) in {"/Type1", "/TrueType", "/MMType1"} and not _is_embedded(one):
            yield f"6.2.11.4: {one.BaseFont} is not embedded"


def _is_embedded(font: Any) -> bool:  # noqa: ANN401 - as above
    held = font.get("/FontDescriptor", {})
    return any(name in held for name in ("/FontFile", "/FontFile2", "/FontFile3"))


def _attachments(document: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    listed = {one.objgen for one in document.Root.get("/AF", [])}
    names = document.Root.get("/Names", {}).get("/EmbeddedFiles", {}).get("/Names", [])
    for at in range(1, len(names), 2):
        held = names[at]
        if not {"/F", "/UF", "/AFRelationship", "/EF"} <= set(held.keys()):
            yield f"6.8: {held.get('/UF')} is described in part only"
        if held.objgen not in listed:
            yield f"6.8: {held.get('/UF')} is associated with nothing"
        stream = held.EF.F
        if "/Subtype" not in stream or "/ModDate" not in stream.get("/Params", {}):
            yield f"6.8: {held.get('/UF')} has no type or date"


def _annotations(document: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    for page in document.pages:
        for one in page.get("/Annots", []):
            left, bottom, right, top = (float(edge) for edge in one.Rect)
            shown = left != right or bottom != top
            flags = int(one.get("/F", 0))
            if str(one.Subtype) != "/Popup" and (not flags & 4 or flags & (1 | 2 | 32 | 256)):
                yield f"6.3.2: flags {flags} of {one.get('/T')}"
            if shown and str(one.Subtype) not in {"/Popup", "/Link"} and "/N" not in one.get("/AP", {}):
                yield f"6.3.3: {one.get('/T')} without appearance"
            if "/A" in one and str(one.Subtype) == "/Widget":
                yield f"6.4.1: {one.get('/T')} has an action"


def _streams(document: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    return (one for one in document.objects if isinstance(one, pikepdf.Stream))
