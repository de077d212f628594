"""Names and texts in every character set a Chinese alliance meets."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from tests.helpers.ct import axial, datasets, part10
from workstation.dicom.charset import TextDecoder, charsets_of, decode_dataset, display_name, person_name
from workstation.dicom.images.decode import read_dataset
from workstation.domain.study import DecodeWarning

# PS3.5 annexes H, I, J and K print these names
NAMES = {
    "GH1301.dcm": "Wang^XiaoDong=王^小东",
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrFrenMulti.dcm": "Buc^Jérôme",
    "chrGB2312.dcm": "Zhang^XiaoDong=张^小东",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti.dcm": "やまだ^たろう",
    "chrJapMultiExplicitIR6.dcm": "やまだ^たろう",
    "chrKoreanMulti.dcm": "김희중",
    "chrRuss.dcm": "Люкceмбypг",
    "chrX1.dcm": "Wang^XiaoDong=王^小東",
    "chrX2.dcm": "Wang^XiaoDong=王^小东",
}


def labelled(charset: str | list[str] | None, name: bytes, *, comment: bytes = b"") -> Dataset:
    """Return a dataset as read from a file with these raw bytes."""
    dataset = datasets(axial([0]))[0]
    dataset.PatientName, dataset.PatientComments = "NAMEHERE" * 2, "TEXTHERE" * 4
    dataset.InstitutionName = dataset.StudyDescription = dataset.SeriesDescription = "ascii"
    content = part10(dataset)
    content = content.replace(b"NAMEHERE" * 2, name.ljust(16)).replace(b"TEXTHERE" * 4, comment.ljust(32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = pydicom.dcmread(io.BytesIO(content))
        if charset is None:
            del read.SpecificCharacterSet
        else:
            read.SpecificCharacterSet = charset
    return read


@pytest.mark.parametrize(("file", "name"), NAMES.items())
def test_every_patient_name_of_the_standards_examples_is_read_right(shared_data: Path, file: str, name: str) -> None:
    dataset = pydicom.dcmread(shared_data / "dicom-zoo/charset" / file)

    doubts = decode_dataset(dataset)

    assert (name, []) == (str(dataset.PatientName), doubts)


@pytest.mark.parametrize("file", ["chrSQEncoding.dcm", "chrSQEncoding1.dcm"])
def test_nested_items_use_their_own_character_set(shared_data: Path, file: str) -> None:
    dataset = pydicom.dcmread(shared_data / "dicom-zoo/charset" / file)

    decode_dataset(dataset)

    assert str(dataset.RequestedProcedureCodeSequence[0].PatientName) == "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize("file", ["chrGB2312.dcm", "GH1301.dcm", "chrH32.dcm", "chrI2.dcm"])
def test_a_decoded_file_is_written_again_without_loss(shared_data: Path, file: str) -> None:
    dataset = pydicom.dcmread(shared_data / "dicom-zoo/charset" / file)
    decode_dataset(dataset)
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    again = pydicom.dcmread(io.BytesIO(buffer.getvalue()))

    assert ("ISO_IR 192", NAMES[file]) == (again.SpecificCharacterSet, str(again.PatientName))


def test_names_that_pydicom_touched_first_are_repaired(shared_data: Path) -> None:
    dataset = pydicom.dcmread(shared_data / "dicom-zoo/charset/chrGB2312.dcm")
    assert "\x1b" in str(dataset.PatientName)

    decode_dataset(dataset)
    decode_dataset(dataset)

    assert str(dataset.PatientName) == "Zhang^XiaoDong=张^小东"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Wang^XiaoDong=王^小东", "王小东"),
        ("张^三", "张三"),
        ("欧阳修", "欧阳修"),
        ("Doe^John^Q^Dr^Jr", "Doe John Q"),
        ("Zhang^San=", "Zhang San"),
        ("==やまだ^たろう", "やまだたろう"),
        ("", ""),
    ],
)
def test_the_chinese_form_of_a_name_is_shown_first(value: str, shown: str) -> None:
    assert display_name(value) == shown


def test_a_study_without_name_shows_an_empty_name() -> None:
    assert person_name(Dataset()) == ""


@pytest.mark.parametrize("charset", ["GBK", "GB18030", "GB2312"])
def test_chinese_labels_read_chinese(charset: str) -> None:
    dataset = labelled(charset, "镕^基".encode("gbk"))

    decode_dataset(dataset)

    assert person_name(dataset) == "镕基"


def test_gb18030_text_with_a_backslash_byte_is_not_split() -> None:
    """The GBK code of 诚 does not, but that of 昞 ends with 0x5C, the DICOM separator of values."""
    raw = "昞".encode("gb18030")
    assert raw[1:] == b"\x5c"

    assert TextDecoder(("GB18030",)).text(raw, "LO", []) == "昞"


def test_escapes_that_are_not_repeated_after_a_delimiter_are_forgiven() -> None:
    raw = b"Li^Si=\x1b$)A\xc0\xee^\xcb\xc4"

    assert TextDecoder(("", "ISO 2022 IR 58")).text(raw, "PN", []) == "Li^Si=李^四"


def test_latin_and_chinese_share_one_value() -> None:
    raw = b"M\xfcller \x1b$)A\xc0\xee"

    assert TextDecoder(("ISO 2022 IR 100", "ISO 2022 IR 58")).text(raw, "LO", []) == "Müller 李"


def test_chinese_under_a_latin_label_is_doubted_and_never_guessed() -> None:
    dataset = labelled("ISO_IR 100", "王^小东".encode("gbk"))

    doubts = decode_dataset(dataset)

    assert [doubt.code for doubt in doubts] == ["charset"]
    assert "王" not in str(dataset.PatientName)
    assert repr(str(dataset.PatientName)) in doubts[0].text


def test_a_source_known_to_mislabel_is_read_with_its_setting() -> None:
    dataset = labelled("ISO_IR 100", "王^小东".encode("gbk"), comment="胸部".encode("gbk"))

    doubts = decode_dataset(dataset, assumed="GB18030")

    assert (person_name(dataset), dataset.PatientComments, doubts) == ("王小东", "胸部", [])


def test_the_setting_of_a_source_does_not_override_a_right_label() -> None:
    dataset = labelled("ISO_IR 192", "王^小东".encode())

    decode_dataset(dataset, assumed="GB18030")

    assert person_name(dataset) == "王小东"


def test_the_setting_of_a_source_leaves_what_it_cannot_explain() -> None:
    assert TextDecoder(("ISO_IR 100",), "ISO_IR 192").text(b"M\xfcller", "PN", []) == "Müller"


def test_a_german_name_under_its_own_label_raises_no_doubt() -> None:
    dataset = labelled("ISO_IR 100", b"M\xfcller^J\xf6rg")

    assert (decode_dataset(dataset), person_name(dataset)) == ([], "Müller Jörg")


@pytest.mark.parametrize("raw", ["王".encode("gbk"), "王".encode()])
def test_high_bytes_without_any_label_are_doubted(raw: bytes) -> None:
    seen: list[DecodeWarning] = []

    TextDecoder().text(raw, "LO", seen)

    assert [doubt.code for doubt in seen] == ["charset"]


def test_broken_utf8_is_doubted() -> None:
    seen: list[DecodeWarning] = []

    assert TextDecoder(("ISO_IR 192",)).text(b"\xe7\x8e", "LO", seen) == "\ufffd"
    assert [doubt.code for doubt in seen] == ["charset"]


@pytest.mark.parametrize(("value", "terms"), [(None, ()), ("", ()), ("GBK", ("GBK",)), (["", "X "], ("", "X"))])
def test_character_set_values_of_every_form_are_understood(value: object, terms: tuple[str, ...]) -> None:
    assert charsets_of(value) == terms


def test_reading_a_file_decodes_its_text(shared_data: Path) -> None:
    assert person_name(read_dataset(shared_data / "dicom-zoo/charset/chrGB2312.dcm")) == "张小东"
