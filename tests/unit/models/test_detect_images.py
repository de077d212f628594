"""A model for films runs on films: the boxes come back in pixels of each stored image."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.engine.detect_command import detect_images, reads_images
from models.engine.registry import Registry, read_bundle
from tests.helpers.bundles import fixed_yolo
from tests.helpers.models import Job, refused
from tests.unit.dicom.test_planar import film
from workstation.bootstrap.detect import radiographs
from workstation.domain.errors import InputOutsideIntendedUse


def test_a_real_dx_is_marked_in_its_own_pixels(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "dicom-zoo" / "highdicom" / "data" / "test_files" / "dx_image.dcm"
    bundle = read_bundle(fixed_yolo(tmp_path))

    answer = detect_images(folder, bundle, "cpu", radiographs, Job())

    (image,) = answer["images"]
    (mark,) = image["marks"]
    # the box (22.4, 12.8) to (28.8, 19.2) in a frame of 64 x 64, into which 211 columns shrink by 64 / 211
    # and 169 rows stand 6 from the top: 22.4 * 211 / 64 - 0.5, (12.8 - 6) * 211 / 64 - 0.5 and so on
    assert mark["box_px"] == [73.35, 21.92, 94.45, 43.02]
    assert (mark["label"], mark["shown"], mark["score"]) == ("nodule", True, pytest.approx(0.9, abs=0.02))
    assert (answer["provider"], answer["research"]) == ("cpu", True)
    assert "marks" not in answer
    assert set(answer["seconds"]) == {"load", "preprocess", "network", "postprocess", "total"}


def test_every_film_below_a_folder_is_read_and_other_modalities_are_left_alone(tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (films / "1.dcm").write_bytes(film())

    assert [image.pixels.shape for image in radiographs(films, ("DX", "CR"), Job())] == [(3, 4)]
    with refused(InputOutsideIntendedUse, "There is no MG image here."):
        radiographs(films, ("MG",), Job())


def test_the_shipped_model_reads_volumes_a_film_model_reads_images(tmp_path: Path) -> None:
    assert not reads_images(Registry().load())
    assert reads_images(read_bundle(fixed_yolo(tmp_path)))
