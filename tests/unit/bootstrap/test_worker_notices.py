"""What a worker has to tell goes to its log; a log that is gone stops no pre-read."""

from __future__ import annotations

import io

import pytest

from workstation.bootstrap.services import tell


def test_a_notice_goes_to_the_log_not_to_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    tell("“lung-nodule-s” could not run")

    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "“lung-nodule-s” could not run\n")


@pytest.mark.parametrize("gone", ["closed", "broken", "latin"])
def test_a_log_that_takes_nothing_any_more_costs_no_study_its_marks(monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    class _Broken(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    log: io.TextIOBase = _Broken() if gone == "broken" else io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    if gone == "closed":
        log.close()
    monkeypatch.setattr("sys.stderr", log)

    tell("“lung-nodule-s”无法运行")
