"""Images as scanners of many makes write them: one text in every character set, rightly and wrongly labelled."""

from __future__ import annotations

from dataclasses import dataclass

from tests.helpers.dicom_bytes import CT_IMAGE, INSTANCE, SERIES, STUDY, element, image, part10

NAME = "Wang^XiaoDong=王^小东"
SITE = "清水镇中心卫生院"
EXAM = "胸部平扫，低剂量"


@dataclass(frozen=True)
class Source:
    """How a scanner writes: its label, its codec, and what a setting of the site says of it."""

    label: str
    codec: str
    assumed: str | None = None
    name: str = NAME
    site: str = SITE
    exam: str = EXAM


def ir58(text: str) -> bytes:
    """Encode as DICOM's own Chinese example does: the escape before each Chinese run, in each component and group."""
    out, chinese = b"", False
    for char in text:
        if char in "^=\\":
            out, chinese = out + char.encode(), False
        elif char.isascii():
            out += char.encode()
        else:
            out += (b"" if chinese else b"\x1b$)A") + char.encode("gb2312")
            chinese = True
    return out


def raw(text: str, codec: str) -> bytes:
    return ir58(text) if codec == "ir58" else text.encode(codec)


def written(source: Source) -> bytes:
    """Return one small image as the source would write it."""
    body = b"".join(
        (
            element(0x00080005, "CS", source.label) if source.label else b"",
            element(0x00080016, "UI", CT_IMAGE),
            element(0x00080018, "UI", INSTANCE),
            element(0x00080020, "DA", "20261121"),
            element(0x00080030, "TM", "175500"),
            element(0x00080050, "SH", "ACC1"),
            element(0x00080060, "CS", "CT"),
            element(0x00080080, "LO", raw(source.site, source.codec)),
            element(0x00081030, "LO", raw(source.exam, source.codec)),
            element(0x00100010, "PN", raw(source.name, source.codec)),
            element(0x00100020, "LO", "P1"),
            element(0x00100030, "DA", "19680314"),
            element(0x00100040, "CS", "F"),
            element(0x0020000D, "UI", STUDY),
            element(0x0020000E, "UI", SERIES),
            element(0x00200013, "IS", "1"),
            image(),
        )
    )
    return part10(body)


SOURCES = {
    "UTF-8": Source("ISO_IR 192", "utf-8"),
    "UTF-8 with rare characters": Source("ISO_IR 192", "utf-8", name="Gong^Yan=龘^䶮𠮷㐂"),
    "GB18030": Source("GB18030", "gb18030"),
    "GB18030 with rare characters": Source("GB18030", "gb18030", name="Gong^Yan=龘^䶮㐂"),
    "GBK": Source("GBK", "gbk", name="Zhu^Rong=朱^镕基"),
    "ISO 2022 IR 58": Source("\\ISO 2022 IR 58", "ir58"),
    "GB2312 as label": Source("GB2312", "gb2312"),
    "GBK under Latin 1, the source known": Source("ISO_IR 100", "gbk", assumed="GB18030"),
    "GBK without label, the source known": Source("", "gbk", assumed="GBK"),
    "UTF-8 without label, the source known": Source("", "utf-8", assumed="ISO_IR 192"),
    "Latin 1": Source("ISO_IR 100", "latin-1", name="Müller^Jörg", site="Kreiskrankenhaus Süd", exam="Thorax CT"),
    "Latin 1 of a source known to mislabel": Source("GB18030", "gb18030", assumed="GBK", name="Wang^XiaoDong=王^小东"),
}

MISLABELLED = {
    "GBK under Latin 1": Source("ISO_IR 100", "gbk", name="王^小东"),
    "GBK without label": Source("", "gbk", name="王^小东"),
    "UTF-8 under Latin 1": Source("ISO_IR 100", "utf-8", name="王^小东"),
    "UTF-8 without label": Source("", "utf-8", name="王^小东"),
    "GBK under UTF-8": Source("ISO_IR 192", "gbk", name="王^小东"),
}
