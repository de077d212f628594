"""Key images on the page that a person reads and prints."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.full_reports import TEMPLATE, final_report, real_study, worklist_row
from tests.helpers.marked import key_of
from tests.helpers.signed_reports import RENDERER
from workstation.domain.key_image import KeyImage, KeyPicture
from workstation.domain.report import Report
from workstation.domain.study import Study


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return real_study(lidc_0314)


def picture(image: KeyImage, size: tuple[int, int] = (360, 300)) -> KeyPicture:
    buffer = BytesIO()
    Image.linear_gradient("L").resize(size).save(buffer, "JPEG")
    return KeyPicture(image, base64.b64encode(buffer.getvalue()).decode())


def reported(study: Study, *places: int, language: str = "zh_CN") -> Report:
    images = tuple(key_of(study, place) for place in places)
    return replace(final_report(study, language=language), key_images=images, key_pictures=tuple(map(picture, images)))


def page(report: Report, study: Study, folder: Path) -> Path:
    path = folder / "page.pdf"
    path.write_bytes(RENDERER.render(report, TEMPLATE, study, worklist_row(study), draft=False))
    return path


def text_of(path: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout


def pictures_in(path: Path) -> int:
    listed = subprocess.run(["pdfimages", "-list", str(path)], capture_output=True, text=True, check=True).stdout
    return len(listed.splitlines()) - 2


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh_CN", ("关键图像", "序列 {n} 第 101 幅", "序列 {n} 第 3 幅")),
        ("en", ("Key images", "Series {n}, image 101", "Series {n}, image 3")),
    ],
)
def test_each_key_image_is_printed_with_series_and_image(
    study: Study, tmp_path: Path, language: str, expected: tuple[str, ...]
) -> None:
    path = page(reported(study, 100, 2, language=language), study, tmp_path)

    for words in expected:
        assert words.format(n=study.series[0].series_number) in text_of(path)
    assert pictures_in(path) == 2


def test_without_key_images_nothing_is_said_of_them(study: Study, tmp_path: Path) -> None:
    path = page(final_report(study), study, tmp_path)

    assert ("关键图像" in text_of(path), pictures_in(path)) == (False, 0)


def test_twelve_are_printed_and_the_others_are_counted(study: Study, tmp_path: Path) -> None:
    path = page(reported(study, *range(15)), study, tmp_path)

    assert pictures_in(path) == 12
    assert "另有 3 幅关键图像随报告保存。" in text_of(path)


@pytest.mark.parametrize("damage", ["", "not base64!", base64.b64encode(b"no picture").decode()])
def test_a_damaged_or_missing_picture_never_keeps_a_report_from_its_signature(
    study: Study, tmp_path: Path, damage: str
) -> None:
    report = reported(study, 100, 2)
    broken = replace(report, key_pictures=(report.key_pictures[0], KeyPicture(report.key_images[1], damage)))
    path = page(broken, study, tmp_path)

    assert pictures_in(path) == 1
    assert "第 3 幅" in text_of(path)


def test_an_image_of_another_study_is_never_printed_and_the_same_report_gives_the_same_bytes(
    study: Study, tmp_path: Path
) -> None:
    report = reported(study, 100)
    stranger = KeyImage("9.9", "1.2.840.10008.5.1.4.1.1.2", "9.9.1")
    with_it = replace(
        report,
        key_images=(*report.key_images, stranger),
        key_pictures=(*report.key_pictures, picture(stranger)),
    )

    assert page(with_it, study, tmp_path).read_bytes() == page(report, study, tmp_path).read_bytes()


def test_tall_pictures_keep_their_shape_within_their_row(study: Study, tmp_path: Path) -> None:
    report = reported(study, 100)
    tall = replace(report, key_pictures=(picture(report.key_images[0], (100, 300)),))

    assert pictures_in(page(tall, study, tmp_path)) == 1
