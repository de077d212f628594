"""An empty signature field says why it is empty."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.cases import NOON, report
from workstation.dicom.sr.report_words import local_time
from workstation.domain.report import Person, Report
from workstation.domain.signature import AuthorSignature, SignatureRole
from workstation.exchange.paper.unsigned_fields import unsigned_words

JUNIOR = Person("resident", "宋佳", "省医")
SENIOR = Person("expert", "王启明", "省医")
SIGNED = AuthorSignature("resident", "宋佳", NOON, "1.2.3", "1.2.4", "00")
WRITTEN = replace(report(), author=JUNIOR, language="zh_CN")
FINAL = replace(WRITTEN, verifier=SENIOR)


@pytest.mark.parametrize(
    ("what", "author", "verifier"),
    [
        (WRITTEN, "", "初步报告，尚未审核签名"),
        (FINAL, "宋佳（未作数字签名）", ""),
        (replace(FINAL, author_signature=SIGNED), f"宋佳 {local_time(NOON)} 签名于初步报告", ""),
        (replace(FINAL, author_signature=replace(SIGNED, user_id="another")), "宋佳（未作数字签名）", ""),
        (replace(FINAL, author=SENIOR), "书写与审核为同一医师，见审核签名", ""),
        (replace(FINAL, language="en"), "宋佳 (not digitally signed)", ""),
    ],
)
def test_a_field_that_nobody_signs_tells_the_truth(what: Report, author: str, verifier: str) -> None:
    assert unsigned_words(what, SignatureRole.AUTHOR) == author
    assert unsigned_words(what, SignatureRole.VERIFIER) == verifier
