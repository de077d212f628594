"""Reports of other makers as text: nothing of it is left out or read in wrong characters without a word."""

from __future__ import annotations

from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.helpers import foreign
from workstation.dicom.images.assemble import study_from_json
from workstation.dicom.objects import document_text
from workstation.dicom.objects.document_text import read_sr_text, sr_text
from workstation.dicom.scanner_charsets import told_charset

DOUBT = "[Characters may be wrong: the text may be in another character set than the file says]"
IN_GB18030 = "右肺结节".encode("gb18030")


def relabelled(raw: bytes, charset: str) -> bytes:
    """Return a report with one finding whose bytes are ``raw`` under a label, empty for none."""
    ds = pydicom.dcmread(BytesIO(foreign.text_report("1.2.3", "X" * len(raw))))
    ds.SpecificCharacterSet = charset
    return foreign.saved(ds).replace(b"X" * len(raw), raw)


def test_the_conclusion_of_a_report_of_many_lines_is_there() -> None:
    text = sr_text(foreign.text_report("1.2.3", *(f"line {n}" for n in range(700)), "CARCINOMA"))

    assert len(text.splitlines()) == 702  # the title, the lines, the conclusion
    assert text.splitlines()[-1] == "  Finding: CARCINOMA"


def test_a_text_made_to_fill_the_memory_says_where_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_text, "MOST_LINES", 3)

    assert sr_text(foreign.text_report("1.2.3", "a", "b")).splitlines()[-1] == "  Finding: b"
    assert sr_text(foreign.text_report("1.2.3", "a", "b", "c")).splitlines() == [
        "Diagnostic Imaging Report",
        "  Finding: a",
        "  Finding: b",
        "[The document is too long: what follows is not shown]",
    ]


def test_a_number_that_could_not_be_measured_says_why() -> None:
    ds = pydicom.dcmread(BytesIO(foreign.text_report("1.2.3", "x")))
    item = ds.ContentSequence[0]
    item.ValueType, item.MeasuredValueSequence = "NUM", Sequence()
    why = Dataset()
    why.CodeValue, why.CodingSchemeDesignator, why.CodeMeaning = "114000", "DCM", "Not a number"
    item.NumericValueQualifierCodeSequence = Sequence([why])

    assert sr_text(foreign.saved(ds)).splitlines()[1] == "  Finding: (Not a number)"


@pytest.mark.parametrize("charset", ["", "ISO_IR 100"])
def test_text_that_may_be_in_other_characters_than_the_file_says_is_doubted_where_it_is_read(charset: str) -> None:
    found = read_sr_text(relabelled(IN_GB18030, charset))

    assert found.is_doubtful
    assert found.text.splitlines()[0] == DOUBT
    assert read_sr_text(relabelled(IN_GB18030, "GB18030")).text.splitlines()[-1] == "  Finding: 右肺结节"
    assert not read_sr_text(relabelled(IN_GB18030, "GB18030")).is_doubtful


@pytest.mark.parametrize("charset", ["", "ISO_IR 100", "ISO_IR 192"])
def test_text_is_read_as_the_site_says_that_its_maker_writes(charset: str) -> None:
    found = read_sr_text(relabelled(IN_GB18030, charset), "GB18030")

    assert (found.text.splitlines()[-1], found.is_doubtful) == ("  Finding: 右肺结节", False)


def test_how_the_site_reads_its_text_is_known_of_a_series_of_documents() -> None:
    label = {"00080005": {"vr": "CS"}}
    mark = {
        "04000550": {"vr": "SQ", "Value": [label]},
        "04000563": {"vr": "LO", "Value": ["Lianyue, site setting: GBK * r3"]},
    }

    def one(uid: str, **more: object) -> dict[str, object]:
        return {
            "0020000D": {"vr": "UI", "Value": ["1.2"]},
            "0020000E": {"vr": "UI", "Value": [uid]},
            "00080018": {"vr": "UI", "Value": [f"{uid}.1"]},
            "00080060": {"vr": "CS", "Value": ["SR"]},
            **more,
        }

    marked = one("1.2.4", **{"04000561": {"vr": "SQ", "Value": [mark]}})
    study = study_from_json([one("1.2.3"), marked])

    assert {series.series_instance_uid: told_charset(series.warnings) for series in study.series} == {
        "1.2.3": "",
        "1.2.4": "GBK",
    }
