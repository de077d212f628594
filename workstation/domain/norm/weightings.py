"""
What is written like a thoracic vertebra and is none: the weightings of an MR ("T2 hyperintense") and tumour stages.

Only words that no vertebra has beside it make a weighting of "T1" or "T2": "T2 呈高信号" is one, "T2 呈楔形" and
"T2 椎体呈高信号" are not. In doubt it is a vertebra, for a wrong level must be told.
"""

from __future__ import annotations

import re
from typing import Final

_ALONE: Final = r"(?<![A-Za-z\d])"
_ONE: Final = r"(?:[长短等稍高低双]\s*)?T[12](?!\d)"
_JOIN: Final = r"\s*-?\s*(?:[、,，/／+&及和与或]|and\b|or\b)\s*"
_OTHER: Final = r"(?:FLAIR|DWI|STIR|ADC|SWI|PD|PDWI|T2\s?\*)"
_SIGNAL_ZH: Final = (
    r"[（(:：]?\s*(?:序列|[像图相])?\s*[上中]?\s*[均皆都也亦]?(?:[呈为示见]|显示|表现为|可见)?"
    r"(?:(?:不?均匀?|明显|显著|[稍略较]|轻度|混杂)*(?:[高低长短](?![度于密级])|等(?!椎|多|处|节|骨|[一二三四五六七八九十\d])|混杂)|双[高低]|[^，,。；;、椎骨水节内棘T]{0,6}信号)"
)
_BEHIND_ZH: Final = (
    rf"{_SIGNAL_ZH}|加权|压脂|抑脂|脂肪抑制|序列|[像图]|弛豫|时间|值|增强"
    r"|[上中](?=未见|可?见|均?[呈为]|显示|表现|病[灶变])|上(?=[，,。；;]|$)"
)
_AMOUNT_EN: Final = (
    r"(?:(?:very|mildly|markedly|slightly|strongly|moderately|diffusely|increased|decreased|reduced|elevated|abnormal"
    r"|high|low|intermediate|mixed|heterogeneous(?:ly)?|homogeneous(?:ly)?|bright|dark|same|cord|marrow)[\s-]+){0,3}"
)
_BEHIND_EN: Final = (
    r"[\s-]*(?:weighted|wi?\b|[ft]se\b|fs\b|fat|flair|stir|star\b|post|pre-?contrast|contrast|gad|\+?\s*c\+|\+\s*c\b|\*"
    r"|map|relax|prolong|shorten|sequence|image|scan|series|dixon|(?:high|low|intermediate)\b(?=\s*(?:[,.;]|$|and\b))"
    rf"|{_AMOUNT_EN}(?:hyper|hypo|iso(?!lat)|signal|intens|bright|dark|enhanc))"
)
_NO_BONE: Final = (
    r"(?!\s*(?:[胸椎棘骨楔]|横突|附件|节段|水平|平面|终板|[上下][缘终]|压缩|转移))"
    r"(?!\s*(?:[-－—~～至、及和与/／]|to\b|through\b|and\b)\s*(?:[TL]?\d|[胸腰]))"
    r"(?![\s-]*(?:vertebra|bod|spin|disc|disk|level|endplate|fract|compr|pedicle|lamina|metast|lesion|rib|segment|nerve"
    r"|root))"
)
"""Behind a weighting or a stage that is known by the words before it"""
_BEFORE_ZH: Final = "(?:压脂|脂肪抑制|抑脂|增强|矢状[位面]|横断[位面]|轴位|冠状[位面]|FLAIR|STIR|DWI|[FT]SE)"
_BEFORE_EN: Final = (
    r"\b(?:on|high|low|fat-suppressed|fat-saturated|fat-sat|axial|sagittal|coronal|contrast-enhanced|post-?contrast|FS)"
    r"\s+(?:(?:the|both|axial|sagittal|coronal)\s+){0,3}"
)
_PRIMARY_EN: Final = (
    r"(?:lung|bronchial|bronchogenic|rectal|colon|colonic|colorectal|gastric|o?esophageal|prostate|prostatic|bladder"
    r"|renal|breast|ovarian|cervical|endometrial|urothelial|squamous|small|non-small|cell|invasive|locally|advanced)"
)
_PRIMARY_ZH: Final = "(?:[肺胃肾肝喉]|直肠|结肠|食管|前列腺|膀胱|乳腺|胰腺|宫颈|子宫|鼻咽)"

_WEIGHTINGS: Final = (
    rf"{_ALONE}(?:{_ONE}{_JOIN})?{_ONE}(?:{_JOIN}(?:{_OTHER}|{_ONE}))?\s*(?:{_BEHIND_ZH}|{_BEHIND_EN}|{_JOIN}{_OTHER})",
    rf"{_ALONE}T[12]\s*[、,，/／]\s*[12]\s*(?:WI?\b|加权)",
    rf"(?<=[长短等])\s*T[12](?!\d)(?:\s*[、/]?\s*[长短等]?T[12](?!\d))?{_NO_BONE}",
    rf"{_BEFORE_ZH}[\s、及和与/]*T[12](?!\d){_NO_BONE}",
    rf"{_BEFORE_EN}T[12](?!\d)(?:\s*(?:and|/|&|,)\s*T[12](?!\d))?{_NO_BONE}",
)
_STAGES: Final = (
    rf"{_ALONE}T[0-4][a-d](?![A-Za-z])",
    rf"{_ALONE}T[0-4](?!\d)\s*(?:N[0-3x]|{_PRIMARY_ZH}癌|期)",
    rf"{_ALONE}T[0-4](?!\d)[\s-]*(?:{_PRIMARY_EN}[\s-]+)*(?:(?:adeno)?carcinoma|cancer|stage\b|disease\b)",
    rf"(?:分期|\bstag(?:e|ed|ing))(?:\s*(?:为|约|考虑|as|is|of|[:：]))*\s*T[0-4](?!\d){_NO_BONE}",
    rf"(?:癌|carcinoma|cancer)\s*[（(，,]?\s*T[0-4](?!\d){_NO_BONE}",
)
_NO_VERTEBRAE: Final = re.compile("|".join((*_WEIGHTINGS, *_STAGES)), re.IGNORECASE)


_BLANKS: Final = re.compile(r"\s+")


def without_weightings(text: str) -> str:
    """Return a text, its blanks made single, with a blank for every weighting and stage of a tumour that it names."""
    narrow = _BLANKS.sub(lambda blanks: "\n" if "\n" in blanks.group() else " ", text)  # long runs would be tried anew
    return _NO_VERTEBRAE.sub(" ", narrow)
