"""Thumbnails of a waiting case come from the hub: small pictures of what shows something, documents left out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from PIL import Image
from pydicom.uid import UID, Comprehensive3DSRStorage

from resources.translation import use_language
from tests.contract.test_clients import Alliance
from tests.helpers.part10 import SERIES_UID, ct_slice, result_object, sop_uid
from tests.helpers.reports import STUDY_UID
from worklist.thumbnails import HubThumbnails
from workstation.domain.study import Instance, Patient, Series, Study


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    use_language("en")
    made = Alliance(tmp_path)
    yield made
    made.close()
    use_language("zh_CN")


def test_a_mammogram_in_one_series_shows_each_view_that_is_made_to_be_looked_at(
    alliance: Alliance, tmp_path: Path
) -> None:
    raw, shown = "1.2.840.10008.5.1.4.1.1.1.2.1", "1.2.840.10008.5.1.4.1.1.1.2"  # PS3.4 B.5
    images = []
    for number, kind in enumerate((raw, shown, shown), start=1):
        ds = pydicom.dcmread(io.BytesIO(ct_slice(number, study_uid=STUDY_UID, value=300 * number)))
        ds.Modality, ds.SOPClassUID, ds.SeriesDescription = "MG", kind, "MG views"
        ds.file_meta.MediaStorageSOPClassUID = UID(kind)
        path = tmp_path / f"{number}.dcm"
        ds.save_as(path)
        images.append(Instance(sop_uid(number), kind, number, path=str(path)))
    alliance.send(
        Study(STUDY_UID, Patient("P0001", "张三"), series=(Series(SERIES_UID, "MG", 2, instances=tuple(images)),))
    )

    reader = alliance.desk("expert")
    found = HubThumbnails(reader.client, reader.images).thumbnails(STUDY_UID, 4, 64)

    assert [(one.description, one.instances, bool(one.jpeg)) for one in found] == [
        ("MG views 1/2", 1, True), ("MG views 2/2", 1, True)
    ]  # fmt: skip


def test_a_reader_sees_small_pictures_of_the_series_and_none_of_its_documents(
    alliance: Alliance, tmp_path: Path
) -> None:
    path = tmp_path / "1.dcm"
    path.write_bytes(ct_slice(1, study_uid=STUDY_UID))
    instance = Instance(sop_uid(1), "1.2.840.10008.5.1.4.1.1.2", 1, path=str(path))
    alliance.send(
        Study(STUDY_UID, Patient("P0001", "张三"), series=(Series(SERIES_UID, "CT", 2, instances=(instance,)),))
    )
    alliance.desk("worker").images.store(STUDY_UID, [result_object(1, Comprehensive3DSRStorage, study_uid=STUDY_UID)])

    reader = alliance.desk("expert")
    (found,) = HubThumbnails(reader.client, reader.images).thumbnails(STUDY_UID, 4, 64)

    assert (found.series_instance_uid, found.modality, found.instances) == (SERIES_UID, "CT", 1)
    picture = Image.open(io.BytesIO(found.jpeg))
    assert (picture.format, max(picture.size) <= 64) == ("JPEG", True)
