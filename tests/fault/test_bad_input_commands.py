"""Every command answers input that it cannot use with one clear line and status 2, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pydicom
import pytest

from models.engine.registry import Registry
from resources.translation import language, use_language
from tests.helpers.part10 import SERIES_UID, ct_slice
from tests.helpers.reports import STUDY_UID
from workstation.cli import main

pytestmark = pytest.mark.fault

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = "import sys; from workstation.cli import main; sys.exit(main())"
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _language_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = language()
    monkeypatch.setenv("LIANYUE_PASSWORD", "")
    yield
    use_language(before)


def lianyue(*arguments: str | Path) -> tuple[int, str, str]:
    """Run one command in this process; what it raises would be a traceback at a terminal and fails the test."""
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as errors:
        try:
            status = main(["--language", "en", *map(str, arguments)])
        except SystemExit as left:  # argparse's own refusals
            status = int(left.code or 0)
    return status, output.getvalue(), errors.getvalue()


def server(*arguments: str | Path, password: str = "") -> tuple[int, str, str]:
    """Run a command that takes over the signals in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "--language", "en", *map(str, arguments)],
        cwd=PROJECT,
        env={**os.environ, "LIANYUE_PASSWORD": password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def complaint(*arguments: str | Path, password: str = "") -> str:
    """Return the one line that a command refuses with; status and shape are checked here."""
    ran = server(*arguments, password=password) if arguments[0] == "worker" else lianyue(*arguments)
    status, output, errors = ran
    assert (status, output) == (2, ""), errors
    assert errors.startswith("lianyue: "), errors
    assert errors.count("\n") == 1, errors
    return errors.removeprefix("lianyue: ").rstrip("\n")


@pytest.fixture
def text_named_dicom(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.dcm").write_text("not an image\n", encoding="utf-8")
    return folder


@pytest.fixture
def ct(tmp_path: Path) -> Path:
    folder = tmp_path / "ct"
    folder.mkdir()
    for number in range(1, 41):
        (folder / f"{number}.dcm").write_bytes(ct_slice(number, study_uid=STUDY_UID, series_uid=SERIES_UID))
    return folder


def test_what_is_no_image_is_named_before_anything_is_sent_or_detected(tmp_path: Path, text_named_dicom: Path) -> None:
    (tmp_path / "empty").mkdir()
    pdf = tmp_path / "letter.pdf"
    pdf.write_bytes(b"%PDF-1.4\n")
    for command in (("detect",), ("send", "--hub", NOWHERE)):
        assert complaint(*command, tmp_path / "absent").startswith(f"{tmp_path / 'absent'} does not exist.")
        assert complaint(*command, tmp_path / "empty").startswith("No DICOM images found in ")
        assert complaint(*command, text_named_dicom).startswith("No DICOM images found in ")
        assert complaint(*command, pdf).startswith("No DICOM images found in ")


def test_images_cut_off_in_the_copy_are_told_from_no_images(ct: Path) -> None:
    for path in ct.iterdir():
        path.write_bytes(path.read_bytes()[:300])
    assert "40 DICOM files are damaged or cut off" in complaint("detect", ct)


def test_one_lost_slice_keeps_the_detector_from_guessing(ct: Path) -> None:
    (ct / "20.dcm").unlink()
    assert complaint("detect", ct).startswith("Slices are missing in 1 place, after image 19: 2.00 mm")


def test_a_ct_without_spacing_is_refused_for_that_reason(ct: Path) -> None:
    for path in ct.iterdir():
        dataset = pydicom.dcmread(path)
        del dataset.PixelSpacing
        dataset.save_as(path)
    assert complaint("detect", ct).startswith("The CT images state no pixel spacing, position or orientation")


def test_one_slice_is_too_little_for_the_detector(ct: Path) -> None:
    assert complaint("detect", ct / "1.dcm").startswith("The CT series is too short for the detector: 1 slice of")


def test_other_anatomy_and_thick_slices_are_refused(shared_data: Path) -> None:
    assert complaint("detect", shared_data / "mr-brain-pgbm-001").startswith("There is no CT series here, only MR.")
    thick = complaint("detect", shared_data / "ct-chest-lungdx-A0001")
    assert thick == (
        "The detector refuses this series: slices are 5.0 mm apart, at most 3 mm are allowed. · "
        "Have the thin slices of the same scan sent (3 mm or less), or read it without AI."
    )


def test_a_result_that_cannot_be_written_is_refused_before_the_work(ct: Path, tmp_path: Path) -> None:
    absent = tmp_path / "absent" / "marks.json"
    assert complaint("detect", ct, "--json", absent).startswith(f"{absent} cannot be written")
    assert complaint("detect", ct, "--json", tmp_path).startswith(f"{tmp_path} cannot be written")
    assert complaint("bench", "scroll", "--json", absent).startswith(f"{absent} cannot be written")
    assert complaint("bench", "load", "--study", tmp_path / "none").startswith(f"{tmp_path / 'none'} does not exist.")


def test_a_model_that_is_not_there_names_those_that_are(ct: Path) -> None:
    expected = f"There is no model “nope”. · Installed models: {', '.join(Registry().ids())}"
    assert complaint("detect", ct, "--model", "nope") == expected
    assert complaint("models", "check", "nope") == expected
    assert complaint("models", "remove", "nope").endswith("“lianyue models list” shows what is installed.")


def test_a_silent_hub_and_a_missing_password_are_told_apart(ct: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())
    assert complaint("send", ct, "--hub", NOWHERE).startswith("No password for technician")
    monkeypatch.setenv("LIANYUE_PASSWORD", "secret")
    silent = f"The hub at {NOWHERE} does not answer"
    assert complaint("send", ct, "--hub", NOWHERE).startswith(silent)
    assert complaint("worker", "--hub", NOWHERE, password="secret").startswith(silent)
    assert complaint("send", ct, "--hub", NOWHERE).endswith("run the command again: it goes on where it stopped.")
    assert complaint("send", ct, "--hub", "nonsense").startswith("nonsense is not the address of a hub")


def test_a_demonstration_names_a_folder_that_it_cannot_use_before_anything_starts(tmp_path: Path) -> None:
    absent, file = tmp_path / "absent", tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert complaint("demo", "--headless", "--study", absent, "--out", tmp_path / "o").startswith(
        f"{absent} does not exist."
    )
    (tmp_path / "empty").mkdir()
    assert complaint("demo", "--headless", "--study", tmp_path / "empty").startswith("No DICOM images found in")
    assert complaint("demo", "--headless", "--out", file / "o").startswith(f"{file / 'o'}: ")


def test_verify_cannot_tell_about_what_it_cannot_read(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("hello", encoding="utf-8")
    status, output, errors = lianyue("verify", tmp_path / "absent.pdf", tmp_path, note)
    assert (status, errors) == (2, "")
    assert output.splitlines() == [
        "absent.pdf: unknown · There is no such file",
        f"{tmp_path.name}: unknown · This is a folder: name the files in it",
        "note.txt: unknown · This is neither a PDF nor a DICOM object",
    ]


def test_a_root_of_trust_must_be_a_certificate(tmp_path: Path) -> None:
    note = tmp_path / "root.pem"
    note.write_text("-----BEGIN NONSENSE-----\n", encoding="utf-8")
    for trust in (tmp_path / "absent.pem", note, tmp_path):
        assert complaint("verify", note, "--trust", trust).startswith(f"{trust} holds no certificate to trust")


def test_a_hub_says_why_it_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert complaint("hub", "--data", file, "--port", "0").startswith(f"The data folder {file} cannot be used")
    data = tmp_path / "hub"
    start = ("hub", "--data", data, "--port", "0")
    assert complaint(*start, "--demo-users", "--host", "0.0.0.0").startswith("Demo users are for this machine only")  # noqa: S104 - refused
    assert complaint(*start, "--database", "mysql://x").startswith("The hub cannot use this database")
    lost = complaint(*start, "--database", "postgresql://127.0.0.1:1/x")
    assert lost.startswith("The hub's database cannot be opened: connection failed")
    for archive in ("foo", "ftp://host/dicom-web", "http://", "//host", "http://host:port/x"):
        assert complaint(*start, "--archive", archive).startswith(f"{archive} is not the address of a DICOMweb archive")
    secret = complaint(*start, "--archive", "ftp://user:secret@host/x")
    assert secret.startswith("host/x is not the address of a DICOMweb archive")
    silent = complaint(*start, "--archive", "http://user:secret@127.0.0.1:1/dicom-web")
    assert silent.startswith("The archive http://127.0.0.1:1/dicom-web does not answer. · Start the archive or correct")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = complaint("hub", "--data", data, "--port", str(port))
    assert refused.startswith(f"The hub cannot listen on 127.0.0.1:{port}")


def test_a_database_that_is_none_or_newer_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "hub.sqlite3"
    database.write_bytes(b"patients" * 1000)
    start = ("hub", "--data", tmp_path, "--port", "0")
    assert complaint(*start).startswith("The hub's database cannot be opened: file is not a database")
    assert database.read_bytes() == b"patients" * 1000
    database.unlink()
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.commit()
    connection.close()
    assert complaint(*start).startswith("The hub's database was written by a newer version")


def test_a_wrong_option_names_itself() -> None:
    for arguments, expected in (
        (("hub", "--data", "x", "--port", "99999"), "argument --port: '99999' is no port: 0 to 65535"),
        (("nonsense",), "invalid choice: 'nonsense'"),
        (("verify",), "the following arguments are required: FILE"),
        (("desktop", "--hub", "nonsense"), "'nonsense' is not the address of a hub: give it as https://hub.example"),
        (("desktop", "--hub", "http://"), "'http://' is not the address of a hub: give it as https://hub.example"),
    ):
        status, _output, errors = lianyue(*arguments)
        assert status == 2
        assert expected in errors.splitlines()[-1]


def test_the_language_may_follow_the_command(tmp_path: Path) -> None:
    _status, _output, errors = lianyue("detect", tmp_path, "--language", "zh_CN")
    assert errors.startswith("lianyue: 在")


def test_json_without_a_file_goes_to_standard_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"figures": {"frames_per_second": 154.0}, "ratios": {"frame_over_picture": 1.5}}
    monkeypatch.setattr("viewers.bench_scroll.compared", lambda: found)  # what it measures is tested elsewhere

    assert main(["bench", "scroll", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert {name: told[name] for name in ("bench", "figures", "ratios")} == {"bench": "scroll", **found}
