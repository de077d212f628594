"""The words of HTML and CDA reports, and nothing else of them."""

from __future__ import annotations

from workstation.dicom.objects.markup_text import cda_text, html_text, plain

CDA = """<?xml version="1.0" encoding="{encoding}"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><title>检查报告</title>
<recordTarget><patientRole><patient><name><given>丽华</given></name></patient></patientRole></recordTarget>
<component><structuredBody><component><section><title>所见</title>
<text><paragraph>右肺上叶<br/>实性结节</paragraph><table><tr><td>长径</td><td>8.1 mm</td></tr></table></text>
<entry><observation><value>machine</value></observation></entry></section></component>
<component><section><title>结论</title><text>随访</text></section></component></structuredBody></component>
</ClinicalDocument>"""


def test_html_is_shown_as_its_words_and_no_script_of_it() -> None:
    words = html_text("<html><head><title>x</title></head><body><h1>CT</h1><p>Two&nbsp;lungs &lt; 5</p>"
                      "<script>steal()</script><img src='http://tracker'>end</body></html>")  # fmt: skip

    assert words == "CT\nTwo lungs < 5\nend"


def test_plain_words_with_a_smaller_sign_stay_as_they_are() -> None:
    assert plain("nodule < 5 mm and > 3 mm") == "nodule < 5 mm and > 3 mm"
    assert plain("<p>nodule</p>") == "nodule"


def test_a_cda_is_shown_by_titles_and_narrative() -> None:
    wanted = "检查报告\n所见\n右肺上叶\n实性结节\n长径 8.1 mm\n结论\n随访"

    assert cda_text(CDA.format(encoding="UTF-8").encode()) == wanted
    assert cda_text(CDA.format(encoding="GB18030").encode("gb18030")) == wanted


def test_an_unknown_encoding_and_a_coded_body_cost_only_themselves() -> None:
    document = CDA.format(encoding="x-nobody-knows").replace("<text>随访", '<text representation="B64">QUJD')

    assert cda_text(document.encode()).splitlines()[-1] == "结论"
