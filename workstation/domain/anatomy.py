"""
Which part of the body a series shows, as far as its tags and descriptions tell, in Chinese or English.

Scanners fill Body Part Examined as their protocol says, not as the patient lies: where the words of people
contradict it, both count and nothing is certain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Final

from resources.translation import tr
from workstation.domain.study import Series, Study


class BodyRegion(StrEnum):
    """A stretch of the body that is examined as one."""

    HEAD = "head"
    NECK = "neck"
    CHEST = "chest"
    BREAST = "breast"
    ABDOMEN = "abdomen"
    PELVIS = "pelvis"
    CERVICAL_SPINE = "cervical_spine"
    THORACIC_SPINE = "thoracic_spine"
    LUMBAR_SPINE = "lumbar_spine"
    SHOULDER = "shoulder"
    UPPER_ARM = "upper_arm"
    ELBOW = "elbow"
    FOREARM = "forearm"
    HAND = "hand"
    HIP = "hip"
    THIGH = "thigh"
    KNEE = "knee"
    LOWER_LEG = "lower_leg"
    FOOT = "foot"

    @property
    def words(self) -> str:
        """Return how people call it."""
        return {
            BodyRegion.HEAD: tr("head"),
            BodyRegion.NECK: tr("neck"),
            BodyRegion.CHEST: tr("chest"),
            BodyRegion.BREAST: tr("breast"),
            BodyRegion.ABDOMEN: tr("abdomen"),
            BodyRegion.PELVIS: tr("pelvis"),
            BodyRegion.CERVICAL_SPINE: tr("cervical spine"),
            BodyRegion.THORACIC_SPINE: tr("thoracic spine"),
            BodyRegion.LUMBAR_SPINE: tr("lumbar spine"),
            BodyRegion.SHOULDER: tr("shoulder"),
            BodyRegion.UPPER_ARM: tr("upper arm"),
            BodyRegion.ELBOW: tr("elbow"),
            BodyRegion.FOREARM: tr("forearm"),
            BodyRegion.HAND: tr("hand or wrist"),
            BodyRegion.HIP: tr("hip"),
            BodyRegion.THIGH: tr("thigh"),
            BodyRegion.KNEE: tr("knee"),
            BodyRegion.LOWER_LEG: tr("lower leg"),
            BodyRegion.FOOT: tr("foot or ankle"),
        }[self]


_R = BodyRegion
_ARM: Final = frozenset({_R.SHOULDER, _R.UPPER_ARM, _R.ELBOW, _R.FOREARM, _R.HAND})
_LEG: Final = frozenset({_R.HIP, _R.THIGH, _R.KNEE, _R.LOWER_LEG, _R.FOOT})
PAIRED: Final = frozenset({_R.BREAST}) | _ARM | _LEG
"""What a person has two of: the left one is not the right one"""
_SPINE: Final = frozenset({_R.CERVICAL_SPINE, _R.THORACIC_SPINE, _R.LUMBAR_SPINE})
_EVERYTHING: Final = frozenset(BodyRegion)
_NEIGHBOURS: Final = frozenset(
    frozenset(pair)
    for pair in (
        (_R.HEAD, _R.NECK), (_R.NECK, _R.CHEST), (_R.CHEST, _R.ABDOMEN), (_R.ABDOMEN, _R.PELVIS),
        (_R.BREAST, _R.CHEST), (_R.CERVICAL_SPINE, _R.NECK), (_R.CERVICAL_SPINE, _R.HEAD),
        (_R.THORACIC_SPINE, _R.CHEST), (_R.THORACIC_SPINE, _R.ABDOMEN), (_R.LUMBAR_SPINE, _R.ABDOMEN),
        (_R.LUMBAR_SPINE, _R.PELVIS), (_R.CERVICAL_SPINE, _R.THORACIC_SPINE), (_R.THORACIC_SPINE, _R.LUMBAR_SPINE),
        (_R.CHEST, _R.SHOULDER), (_R.SHOULDER, _R.UPPER_ARM), (_R.UPPER_ARM, _R.ELBOW), (_R.ELBOW, _R.FOREARM),
        (_R.FOREARM, _R.HAND), (_R.PELVIS, _R.HIP), (_R.HIP, _R.THIGH), (_R.THIGH, _R.KNEE), (_R.KNEE, _R.LOWER_LEG),
        (_R.LOWER_LEG, _R.FOOT),
    )
)  # fmt: skip

_WORDS: Final[tuple[tuple[frozenset[BodyRegion], str], ...]] = (
    (_EVERYTHING, r"\bWHOLE[ _-]?BODY|\bWB\b|\bPAN[- ]?SCAN|全身"),
    (frozenset({_R.CHEST, _R.ABDOMEN, _R.PELVIS}), r"\bTRUNK\b|\bCAP\b|躯干|胸腹盆|\bTAP\b"),
    (_SPINE, r"\b(?:WHOLE|ENTIRE|FULL)[ _-]?SPINE|^SPINE$|脊柱|脊髓"),
    (frozenset({_R.HEAD, _R.NECK}), r"\bHEAD ?NECK|头颈"),
    (frozenset({_R.NECK, _R.CHEST}), r"\bNECK ?CHEST|颈胸(?!椎)"),
    (frozenset({_R.NECK, _R.CHEST, _R.ABDOMEN}), r"\bNECK ?CHEST ?ABD"),
    (frozenset({_R.CHEST, _R.ABDOMEN}), r"\bCHEST ?ABD|\bTHORACOABD|胸腹(?!盆)|\bAORTA|(?<![胸腹])主动脉"),
    (frozenset({_R.ABDOMEN, _R.PELVIS}), r"ABD(?:OMEN)? ?PELV|全腹|腹盆|\bKUB\b"),
    (frozenset({_R.LUMBAR_SPINE, _R.PELVIS}), r"腰骶|\bLUMBO-?SACRAL|\bLS[- ]?SPINE"),
    (frozenset({_R.THORACIC_SPINE, _R.LUMBAR_SPINE}), r"胸腰(?:段|椎)|\bTL[- ]?SPINE|\bTHORACOLUMBAR"),
    (frozenset({_R.CERVICAL_SPINE, _R.THORACIC_SPINE}), r"颈胸(?:段|椎)|^CT[- ]?SPINE$|\bCERVICO-?THORACIC"),
    (
        frozenset({_R.HEAD}),
        (
            r"(?<!FEMORAL )(?<!RADIAL )(?<!HUMERAL )\bHEAD\b(?! FIRST)|\bBRAIN|\bSKULL|\bCRANI|\bCEREB|\bORBIT"
            r"|\bSINUS(?:ES)?\b|\bPARANASAL|\bFAC(?:E|IAL)\b|\bMAXILL|\bMANDIB|\bPITUITAR|\bSELLA|\bIAC\b"
            r"|\bTEMPORAL BONE|\bEAR\b|\bEYE\b"
            r"|\bJAW\b|\bNOSE\b|\bTMJ\b|\bZYGOMA|(?<!骨)头(?!颈|孢|端|臂)|颅|脑|垂体|鞍区|眼眶|鼻窦|鼻骨"
            r"|颞骨|内听道|颌|牙|腮腺|颞下"
        ),
    ),
    (
        frozenset({_R.NECK}),
        (
            r"(?<!FEMORAL )\bNECK\b|\bTHYROID|\bLARYN|\bPHARYN|\bCAROTID|\bUPRAIRWAY|\bPARATHYR"
            r"|(?<![头骨囊宫])颈(?![椎胸髓])|甲状|喉|咽"
        ),
    ),
    (
        frozenset({_R.CHEST}),
        (
            r"\bCHEST(?! ?ABD)|\bTHORAX|\bTHORACIC(?! ?SPINE)|\bLUNG|\bPULMON|\bHEART|\bCARDIAC|\bCORONARY|\bMEDIASTIN"
            r"|\bRIBS?\b|\bSTERN|\bESOPHAG|\bHRCT\b|\bCTPA\b|(?<!颈)胸(?![腰椎腹髓])|肺|纵隔|心脏|冠脉|冠状动脉"
            r"|肋|食管|气管"
        ),
    ),
    (frozenset({_R.BREAST}), r"\bBREAST|\bMAMM|乳"),
    (
        frozenset({_R.ABDOMEN}),
        (
            r"\bABD(?:OMEN|OMINAL)?\b(?! ?PELV)|\bLIVER|\bHEPAT|\bKIDNEY|\bRENAL|\bADRENAL|\bPANCREA|\bSPLEEN"
            r"|\bGALL|\bBILIAR|\bMRCP\b|\bBOWEL|\bCOLON|\bENTEROGR|\bSTOMACH|\bGASTR|\bUROGR|\bCTU\b|(?<!全)(?<!胸)腹(?!盆|股沟)|肝|胆|胰|脾|肾|胃"
            r"|小肠|结肠|泌尿"
        ),
    ),
    (
        frozenset({_R.PELVIS}),
        (
            r"\bPELVI[SC]|\bPROSTAT|\bUTER(?:US|INE)|\bOVAR|\bBLADDER|\bRECT(?:UM|AL)|\bSACR|\bCOCCYX|\bS-?SPINE"
            r"|\bSI ?JOINT|盆|前列腺|宫|卵巢|膀胱|直肠|(?<!腰)骶|尾椎|尾骨|腹股沟"
        ),
    ),
    (frozenset({_R.CERVICAL_SPINE}), r"\bC[- ]?SPINE|\bCERVICAL(?! ?(?:CANCER|CA\b))|(?<!胸)颈椎|颈髓"),
    (frozenset({_R.THORACIC_SPINE}), r"\bT[- ]?SPINE|\bTHORACIC ?SPINE|\bDORSAL SPINE|(?<!颈)胸椎|胸髓"),
    (frozenset({_R.LUMBAR_SPINE}), r"\bL[- ]?SPINE|\bLUMBAR|(?<!胸)腰椎|腰间盘"),
    (frozenset({_R.SHOULDER}), r"\bSHOULDER|\bCLAVIC|\bSCAPULA|\bAC JOINT|肩|锁骨"),
    (_ARM, r"\bUPPER (?:EXTREM|LIMB)|^ARM$|上肢"),
    (frozenset({_R.UPPER_ARM}), r"\bHUMER|\bUPPER ARM|肱|上臂"),
    (frozenset({_R.ELBOW}), r"\bELBOW|肘"),
    (frozenset({_R.FOREARM}), r"\bFOREARM|\bRADIUS|\bULNA|前臂|尺桡|桡骨|尺骨"),
    (frozenset({_R.HAND}), r"\bWRIST|\bHAND\b|\bFINGER|\bTHUMB|\bCARP|腕|手(?!术|法|动|工)|指骨|掌"),
    (frozenset({_R.HIP}), r"\bHIPS?\b|\bACETABUL|\bFEMORAL (?:HEAD|NECK)|髋|股骨[头颈]"),
    (_LEG, r"\bLOWER (?:EXTREM|LIMB)|^LEG$|下肢"),
    (frozenset({_R.THIGH}), r"\bFEMUR|\bTHIGH|股骨(?![头颈])|大腿"),
    (frozenset({_R.KNEE}), r"\bKNEE|\bPATELL|膝|髌"),
    (frozenset({_R.LOWER_LEG}), r"\bTIBIA|\bTIB ?FIB|\bFIBULA|\bLOWER LEG|\bCALF|小腿|胫|腓"),
    (
        frozenset({_R.FOOT}),
        r"\bANKLE|\bFOOT\b|\bFEET\b(?! FIRST)|\bTOES?\b|\bCALCAN|\bHEEL|\bTARS|踝|(?<!不)足(?!月|量|够)|跟骨|跖|趾",
    ),
)
_BY_MODALITY: Final = {"MG": frozenset({_R.BREAST}), "PX": frozenset({_R.HEAD}), "IO": frozenset({_R.HEAD})}
"""What images of a kind can show alone: mammograms, panoramic and intra-oral radiographs (PS3.3 C.7.3.1.1.1)"""
_PATTERNS: Final = tuple((regions, re.compile(pattern)) for regions, pattern in _WORDS)
_LEFT: Final = re.compile(r"\bLEFT\b|\bLT\b|左")
_RIGHT: Final = re.compile(r"\bRIGHT\b|\bRT\b|右")
_BOTH: Final = re.compile(r"\bBOTH\b|\bBILAT|双")


@dataclass(frozen=True, slots=True)
class Anatomy:
    """
    What a series shows. ``regions`` empty: nothing says it; not ``is_certain``: what says it contradicts itself.

    ``sides`` holds ``L`` and ``R`` of parts that a person has two of, empty where no side is told.
    """

    regions: frozenset[BodyRegion] = frozenset()
    is_certain: bool = True
    sides: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """Return it in words, for a person who compares."""
        if not self.regions:
            return tr("not stated")
        if self.regions == _EVERYTHING:
            return tr("whole body")
        parts = tr(", ").join(one.words for one in BodyRegion if one in self.regions)
        of_side = {frozenset("L"): tr("left {part}", part=parts), frozenset("R"): tr("right {part}", part=parts)}
        named = of_side.get(self.sides, parts) if self.regions <= PAIRED else parts
        return named if self.is_certain else tr("{parts} (its labels disagree)", parts=named)

    def is_near(self, other: Anatomy) -> bool:
        """Tell whether some region of both is the same or borders on one of the other's."""
        return any(
            one is two or frozenset((one, two)) in _NEIGHBOURS for one, two in product(self.regions, other.regions)
        )


@lru_cache(maxsize=512)
def regions_in(text: str) -> frozenset[BodyRegion]:
    """Return the regions that a tag or a description names."""
    words = text.upper().replace("_", " ")
    return frozenset(region for regions, pattern in _PATTERNS if pattern.search(words) for region in regions)


def words_naming_parts(text: str) -> tuple[str, ...]:
    """Return the words of a description, in capitals, that name a part of the body: one for each way of naming it."""
    words = text.upper()
    found = (pattern.search(words.replace("_", " ")) for _regions, pattern in _PATTERNS)
    return tuple(dict.fromkeys(words[one.start() : one.end()] for one in found if one is not None))


def names_part(study: Study) -> bool:
    """Tell whether tags or descriptions of a study's images name a part, but for what their kind shows alone."""

    def is_named(series: Series) -> bool:
        shown = _BY_MODALITY.get(series.modality, frozenset[BodyRegion]())
        tags = [regions_in(tag) for tag in (series.body_part, series.anatomic_region) if tag]
        said = regions_in(series.description) | regions_in(study.description)
        return bool(said - shown) or any(not tag or bool(tag - shown) for tag in tags)

    return any(is_named(one) for one in study.series if any(image.rows > 0 for image in one.instances))


def anatomy_of(study: Study, series: Series) -> Anatomy:
    """Return what a series shows: by its tags, else its description, else that of the study."""
    tagged = regions_in(series.body_part) | regions_in(series.anatomic_region) or _BY_MODALITY.get(
        series.modality, frozenset()
    )
    own, whole = regions_in(series.description), regions_in(study.description)
    found = tagged or own or whole
    others = [one for one in (own, whole) if one and not one & found]
    regions = found.union(*others)
    # a study of head and chest does not say which of both this series is
    is_certain = not others and (bool(tagged or own) or _is_one_stretch(regions))
    return Anatomy(regions, is_certain, _sides(study, series) if regions & PAIRED else frozenset())


def _is_one_stretch(regions: frozenset[BodyRegion]) -> bool:
    reached, rest = set(list(regions)[:1]), set(list(regions)[1:])
    while near := {one for one in rest if any(frozenset((one, two)) in _NEIGHBOURS for two in reached)}:
        reached |= near
        rest -= near
    return not rest


def _sides(study: Study, series: Series) -> frozenset[str]:
    tagged = {side for one in series.instances for side in ("LR" if one.laterality == "B" else one.laterality)}
    if tagged & {"L", "R"}:
        return frozenset(tagged & {"L", "R"})
    for words in (series.description.upper(), study.description.upper()):
        sides = {side for side, pattern in (("L", _LEFT), ("R", _RIGHT)) if pattern.search(words)}
        if sides or _BOTH.search(words):
            return frozenset(sides or {"L", "R"})
    return frozenset()
