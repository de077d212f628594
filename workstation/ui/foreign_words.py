"""Words for the objects that were stored with a study, by other systems or by this one."""

from __future__ import annotations

from resources.translation import tr, trn
from workstation.domain.annotation import AnnotationList
from workstation.domain.finding import Decision, FindingList
from workstation.domain.study import Study
from workstation.domain.told_fields import day_words
from workstation.services.foreign_objects_service import ForeignObject, ObjectKind, Provenance, count_of


def kind_words(kind: ObjectKind) -> str:
    """Return what an object is."""
    return {
        ObjectKind.MARKS: tr("Measurements"),
        ObjectKind.STRUCTURES: tr("Structures"),
        ObjectKind.SEGMENTS: tr("Segmentation"),
        ObjectKind.KEY_IMAGES: tr("Key images"),
        ObjectKind.PRESENTATION: tr("Presentation state"),
        ObjectKind.DOCUMENT: tr("Document"),
    }[kind]


def title_words(one: ForeignObject) -> str:
    """Return what an object is and how it is titled; our own pre-read is never told like another system's."""
    if one.source.is_own and one.is_of_ai:
        return f"{tr('Own AI pre-read')} · {kind_words(one.kind)}"
    label = label_words(one.source.label)
    return f"{kind_words(one.kind)} · {label}" if label else kind_words(one.kind)


def label_words(label: str) -> str:
    """Return a title of the standard (PS3.16 CID 7010, 7021, TID 1500) in the language; any other as it is stored."""
    return {
        "Imaging Measurement Report": tr("Imaging Measurement Report"),
        "Diagnostic Imaging Report": tr("Diagnostic Imaging Report"),
        "Of Interest": tr("Of Interest"),
        "For Referring Provider": tr("For Referring Provider"),
        "For Teaching": tr("For Teaching"),
        "For Conference": tr("For Conference"),
        "For Peer Review": tr("For Peer Review"),
        "Rejected for Quality Reasons": tr("Rejected for Quality Reasons"),
        "Quality Issue": tr("Quality Issue"),
        "Best In Set": tr("Best In Set"),
        "Chest CAD Report": tr("Chest CAD Report"),
        "Mammography CAD Report": tr("Mammography CAD Report"),
        "X-Ray Radiation Dose Report": tr("X-Ray Radiation Dose Report"),
    }.get(label, label)


def maker(source: Provenance) -> str:
    """Return which system's mark it is, in few letters; never who made it: pictures without names are taken of it."""
    return (source.manufacturer or source.model or tr("Other system"))[:18]


def content_words(one: ForeignObject) -> str:
    """Return how much there is in an object; the circle and the axes of one nodule are one mark."""
    if one.marks:
        return trn("{count} mark", "{count} marks", count_of(one.marks))
    if one.outlines is not None:
        names = [structure.name for structure in one.outlines.structures]
        rest = f" +{len(names) - 3}" if len(names) > 3 else ""
        return ", ".join(names[:3]) + rest
    if one.key_images is not None:
        return trn("{count} image", "{count} images", len(one.key_images.images))
    if one.presentation is not None:
        return trn("{count} image", "{count} images", len(one.presentation.images))
    return ""


def left_out_lines(one: ForeignObject) -> tuple[str, ...]:
    """Return what an object holds that is not drawn, or not on the images of the rest, one reason a line."""
    found = one.outlines
    lines: list[str] = []
    if found is not None and found.elsewhere:
        lines.append(
            trn(
                "{count} structure in another frame of reference: drawn on the images of that frame only",
                "{count} structures in another frame of reference: drawn on the images of that frame only",
                found.elsewhere,
            )
        )
    if found is not None and found.unusable:
        lines.append(trn("Not drawn: {count} unusable contour", "Not drawn: {count} unusable contours", found.unusable))
    if one.undrawn:
        lines.append(
            trn("Not drawn: {count} mark of another kind", "Not drawn: {count} marks of other kinds", one.undrawn)
        )
    if one.hidden:
        lines.append(
            trn(
                "Not drawn: {count} mark that its maker does not mean to be displayed",
                "Not drawn: {count} marks that their maker does not mean to be displayed",
                one.hidden,
            )
        )
    if one.untold:
        lines.append(
            trn(
                "Not shown: {count} number of another kind or in another unit",
                "Not shown: {count} numbers of other kinds or in other units",
                one.untold,
            )
        )
    if one.missing_keys:
        lines.append(
            trn(
                "{count} marked image is not among the images of this study",
                "{count} marked images are not among the images of this study",
                one.missing_keys,
            )
        )
    if one.is_doubtful:
        lines.append(tr("Characters may be wrong: the text may be in another character set than the file says"))
    return tuple(lines)


def eye_lines(one: ForeignObject, findings: FindingList, drawn: AnnotationList) -> tuple[str, ...]:
    """
    Return why the marks of our own reports on the open case are not drawn at once as those of others are.

    ``findings`` and ``drawn`` are what the case holds now: a mark of a report may lie below the operating point, may
    be rejected, or be gone. Nothing for objects of others.
    """
    if not one.marks or not one.source.is_own:
        return ()
    told = {mark.tracking_uid for mark in one.marks}
    below = told & {each.tracking_uid for each in findings.below}
    rejected = told & {each.tracking_uid for each in findings.findings if each.decision is Decision.REJECTED}
    here = {each.tracking_uid for each in findings.findings} | {each.tracking_uid for each in drawn.annotations}
    again = (told & here) - below - rejected
    gone = told - here
    lines: list[str] = []
    if again == told:
        lines.append(tr("Not drawn again: findings and measurements stand on the images already"))
    elif again:
        lines.append(
            trn(
                "Not drawn again: {count} mark stands on the images already",
                "Not drawn again: {count} marks stand on the images already",
                len(again),
            )
        )
    if below:
        lines.append(
            trn(
                "Not on the images: {count} AI mark below the operating point",
                "Not on the images: {count} AI marks below the operating point",
                len(below),
            )
        )
    if rejected:
        lines.append(trn("{count} mark was rejected", "{count} marks were rejected", len(rejected)))
    if gone:
        lines.append(
            trn(
                "Not on the images: {count} mark that this case no longer holds",
                "Not on the images: {count} marks that this case no longer holds",
                len(gone),
            )
        )
    return tuple(lines)


def prior_eye_lines(one: ForeignObject) -> tuple[str, ...]:
    """Return how many marks of our own reports on a prior are not drawn, for nobody confirmed them."""
    if not one.marks or not one.source.is_own:
        return ()
    undrawn = count_of(one.marks) - count_of(one.marks_of_people)
    if undrawn <= 0:
        return ()
    words = trn(
        "Not drawn: {count} AI mark that nobody confirmed", "Not drawn: {count} AI marks that nobody confirmed", undrawn
    )
    return (words,)


def unplaced_lines(one: ForeignObject, study: Study) -> tuple[str, ...]:
    """Return how many structures no image of their study can show, for none lies where they do; nothing for none."""
    found = one.outlines
    if found is None:
        return ()
    images = [image for series in study.series for image in series.instances if image.rows > 0]
    frames = {image.frame_of_reference_uid for image in images} - {""}
    here = {image.sop_instance_uid for image in images}
    nowhere = sum(
        found.frame_of(each) not in frames and here.isdisjoint(film.sop_instance_uid for film in each.on_films)
        for each in found.structures
    )
    if not nowhere:
        return ()
    words = trn(
        "Not drawn: {count} structure lies where no image of this study lies",
        "Not drawn: {count} structures lie where no image of this study lies",
        nowhere,
    )
    return (words,)


def source_lines(source: Provenance) -> tuple[str, ...]:
    """Return maker with author, algorithms and date, one a line; what the object does not say is left out."""
    who = " · ".join(dict.fromkeys(part for part in (source.manufacturer, source.model, source.author) if part))
    return tuple(line for line in (who, " · ".join(source.algorithms), moment(source.created)) if line)


def moment(stamp: str) -> str:
    """Return ``2026-11-22 01:30`` of a DICOM date and time, what there is of it."""
    date, time = stamp[:8], stamp[8:12]
    if len(date) < 8:
        return date
    day = day_words(date) or date
    return f"{day} {time[:2]}:{time[2:]}" if len(time) == 4 else day
