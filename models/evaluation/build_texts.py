"""What a card and a manifest say in words round the measured figures, in both languages: from a bundle's own files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from models.evaluation.facts import Facts, Stage
from models.training.neither_way import spheres_of

_EN: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ZH: Final = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")
_SLICE_MM: Final = {
    "LIDC-IDRI-0314": 1, "COVIDMD-normal001": 2, "QIN-LSC-0028": 3,
    "COVIDMD-cap002": 2, "LCTSC-S1-102": 3, "LCTSC-S1-202": 3, "LCTSC-S1-203": 3, "QIN-LSC-0003": 3,
}  # fmt: skip
"""Distance between slices of the lungs that are measured in."""

_NODULES_KNOWN: Final = (
    " The nodules are outlines and cubes of LIDC-IDRI patients kept out of this project's training; the weights that"
    " this model started from had learned from them in other lungs."
)
_NODULES_NEW: Final = (
    " The nodules are outlines and cubes of LIDC-IDRI patients that neither the network nor the rules after it have"
    " learned from."
)
_EARLIER_SET: Final = (
    " Another set of 144 insertions into unseen lungs, made when the first weights were trained, gave those CPM 0.726"
    " (0.64 to 0.79): figures of different sets do not compare."
)
_OUTLINES_KNOWN: Final = (
    " “Outline known” are boxes of patients of whose nodules the outlines, not the images, were learned from: no goal"
    " counts them."
)
SETS: Final = {
    "unseen": "LIDC-IDRI-0055, unseen", "kept_out": "kept out", "outline_known": "outline known",
}  # fmt: skip
_RATES: Final = {"sensitive": "4", "balanced": "1", "specific": "0.25"}
_METHODS: Final = {
    "logistic": ("Logistic", "逻辑回归校准"),
    "isotonic": ("Isotonic regression", "保序回归校准"),
}


def word(number: int) -> str:
    """Return a small number in words."""
    return _EN[number] if number < len(_EN) else str(number)


def _zh(number: int) -> str:
    return _ZH[number] if number < len(_ZH) else str(number)


def number_in_chinese(said: str) -> str:
    """Return what ``word`` said of a number."""
    return _ZH[_EN.index(said)] if said in _EN else said


def false_marks(rate: str) -> str:
    """Return so many false marks in words; ``rate`` as it is to stand there."""
    return f"{rate} false {'mark' if rate == '1' else 'marks'}"


def method(facts: Facts) -> str:
    """Return how the bundle works."""
    network = facts.network
    channels, blocks = ("-".join(map(str, values)) for values in (network.channels, network.blocks))
    return (
        f"Anchor-free three-dimensional heat map (channels {channels}, residual blocks {blocks} at strides 4, 8 and 16,"
        f" pyramid to stride 4 with {network.pyramid} channels, {network.weights / 1e6:.1f} million parameters). Input:"
        " 1 mm isotropic, axes ascending in LPS, HU clipped to -1000…400 and scaled to 0…1. Output at stride 4: heat,"
        " logarithm of diameter / 8 mm, centre offset. The whole lungs in one pass, or slabs of 160 slices with 32 of"
        " halo; on a CPU the convolutions are computed plane by plane (the same to a millionth)."
        + ("" if facts.second_stage is None else _second_stage(facts.second_stage))
        + (_ONE_LESION if facts.one_lesion else "")
    )


_ONE_LESION: Final = (
    " Of two marks whose spheres overlap and between which all is denser than -500 HU the weaker goes"
    " (eval/one-lesion.json)."
)


def _second_stage(stage: Stage) -> str:
    lungs = stage.lungs
    return (
        " A second stage, a logistic regression over the network's score, the diameter and 21 numbers measured in the"
        " HU round each mark (density, contrast, shells, curvature, form), gives the score that is shown."
    ) + (
        f" It was fitted on marks in {word(lungs)} lungs where the network had never been (eval/second-stage.json);"
        f" each of these is judged below by what the other {word(lungs - 1)} gave."
        if stage.new_to_network
        else f" It was fitted on marks in the {lungs} training lungs (eval/second-stage.json), where the network had"
        " been before: it trusts the network's score more than new lungs would teach."
    )


def tier_b_note(facts: Facts, patients: Sequence[str]) -> str:
    """Return what tier B is made of; ``patients`` in their order."""
    return (
        f"The lungs are those of {_listed(patients)}."
        + (_NODULES_KNOWN if facts.learned_from is None else _NODULES_NEW)
        + f" The runs share {word(len(patients))} backgrounds: the intervals say nothing about the spread between"
        " patients. Ground glass, cavities and small nodules are more frequent here than in patients. Groups are"
        " counted at one false mark a scan." + (_EARLIER_SET if facts.learned_from is None else "")
    )


def kept_out_note(patients: Sequence[str], *, pooled: bool, staged: bool = True) -> str:
    """
    Return what the development lungs can and cannot show.

    ``pooled``: points and calibration are read there too; ``staged``: a second stage was fitted there.
    """
    spared = "; ".join(
        f"{name} {' and '.join(f'{mm:g}' for _, mm, _ in spheres)} mm"
        for name in patients
        if (spheres := spheres_of(name))
    )
    return (
        (
            f"The lungs of {_listed(patients)} come from the training collections and were kept out of training. Nobody"
            " outlined their nodules: what was listed by eye counts neither way, everything else that is marked counts"
            " as false, the pneumonia of COVIDMD-cap002 too, so these figures are lower bounds."
        )
        + (
            f" To the collection's list were added, when earlier weights had shown them and before these were judged:"
            f" {spared} (tumours, and dots near the pleura)."
            if spared
            else ""
        )
        + (
            " Points and calibration are read from these lungs and the test patients together."
            if pooled
            else " Neither points nor calibration are read from these lungs."
        )
        + (" The second stage that judges each was fitted without it." if staged else "")
    )


_NOT_AT_HAND: Final = (
    " LIDC-IDRI-0002 is in no set: the centre of its nodule, outlined by two readers, lies outside the slices at hand."
)


def patches_note(facts: Facts) -> str:
    """Return what the sets of boxes are."""
    if facts.learned_from is None:
        return (
            "“Unseen” is LIDC-IDRI-0055. “Kept out” are boxes and cubes of other LIDC-IDRI patients that this project's"
            " training left out and that the weights before may have learned from: no evidence about new patients."
        )
    return (
        "“Unseen” is LIDC-IDRI-0055. “Kept out” are boxes and cubes of other LIDC-IDRI patients that nothing here has"
        " learned from; their cubes are inserted in tier B as well." + _OUTLINES_KNOWN + _NOT_AT_HAND
    )


def operating_points_note(lungs: int) -> str:
    """Return where the operating points come from."""
    return (
        "Each point allows 4, 1 and 0.25 false marks a scan in tier B. The table is leave-one-patient-out: each of the"
        f" {word(lungs)} lungs is judged at the score that the rule gives for the other {word(lungs - 1)}. The rule:"
        " each lung is left out in turn, and the highest of the scores that the remaining ones give ships, because"
        " lungs differ much. The whole scans of C are of these lungs: each is counted at the scores that the rule gives"
        " without it, not at those that ship. The training lungs give no usable threshold:"
        " weights mark fewer places in lungs that they have learned from."
    )


def calibration_note(lungs: int, chosen: str, on_development: dict[str, float]) -> str:
    """Return how scores became chances; ``on_development`` are the errors by which the method was chosen, if any."""
    told = {"logistic": "logistic (Platt) on the logit of the score", "isotonic": "isotonic regression"}[chosen]
    if on_development:
        errors = ", ".join(f"{name} {error:.3f}" for name, error in on_development.items())
        why = (
            ", chosen because it had the smaller error, leaving one out, on the kept-out lungs alone"
            f" ({errors}); the test patients had no say."
        )
    else:
        why = (
            f", chosen because it has two numbers to learn from {word(lungs)} patients and because it erred less than"
            " isotonic regression, whose error is given too."
        )
    return (
        f"Leave-one-patient-out on tier B; {told}{why} True marks are weighted to one nodule a scan, and the fit is"
        f" charged with half a false mark that {word(lungs)} patients did not show. Where nodules are rarer, fewer"
        " marks are true than stated."
    )


def calibration_basis(lungs: int, chosen: str) -> dict[str, str]:
    """Return what the calibration rests on, short."""
    en, zh = _METHODS[chosen]
    return {
        "en": f"{en}, nodules inserted into {word(lungs)} unseen lungs, weighted to one nodule a scan",
        "zh": f"{zh}；结节植入{_zh(lungs)}例未见过的肺部，按每例1个结节加权",
    }


def point_basis(name: str, realised: dict[str, Any]) -> dict[str, str]:
    """Return what an operating point was read from and what it gave on other patients."""
    rate = realised["false_marks_per_scan"]
    share = f"{realised['found']}/{realised['of']}"
    return {
        "en": f"{false_marks(_RATES[name])} a scan in tier B; on patients that it was not read from {rate:.2f},"
        f" {share} found",
        "zh": f"B层每例{_RATES[name]}个假阳性；在未用于选定阈值的患者上为每例{rate:.2f}个，检出{share}",
    }


def tier_b_lungs(evaluation: dict[str, Any]) -> list[str]:
    """Return the lungs that tier B was measured in."""
    return list(evaluation.get("tier_b_lungs") or _read_from(evaluation))  # until 0.4.0 the points came from the same


def _read_from(evaluation: dict[str, Any]) -> list[str]:
    """Return the lungs that points and calibration were read from."""
    return list(evaluation["operating_points"]["balanced"]["realised"]["by_patient"])


def evaluation_lines(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the figures that the manifest carries, short, in both languages."""
    tier = evaluation["tier_b"]
    cpm = tier["cpm"]
    ece = evaluation["calibration"]["ece"]
    scans = evaluation["tier_c"]["per_scan"]
    false = [str((scan.get("at_others") or scan)["false_marks"]["balanced"]) for scan in scans]
    lungs = len(tier_b_lungs(evaluation))
    return [
        {
            "set": {
                "en": f"{tier['nodules']} nodules inserted into {word(lungs)} unseen real lungs",
                "zh": f"{tier['nodules']}个结节植入{_zh(lungs)}例未见过的真实肺部",
            },
            "figure": {
                "en": f"CPM {cpm['value']:.3f} ({cpm['low']:.3f} to {cpm['high']:.3f}), sensitivity"
                f" {tier['sensitivity_at']['1']:.2f} at 1 false mark per scan",
                "zh": f"CPM {cpm['value']:.3f}（{cpm['low']:.3f}–{cpm['high']:.3f}），每例1个假阳性时敏感度"
                f"{tier['sensitivity_at']['1']:.2f}",
            },
        },
        {
            "set": {
                "en": f"{word(len(scans)).capitalize()} whole scans of unseen patients",
                "zh": f"{_zh(len(scans))}例未见过患者的完整扫描",
            },
            "figure": {
                "en": f"by scan, nodules by the rank of their mark (1 = highest score): {_ranks(scans)}; "
                f"false marks at the default point as the other lungs give it: {', '.join(false)}",
                "zh": f"逐例，结节按其标记的排名（1为分值最高）：{_ranks_zh(scans)}；"
                f"默认工作点（仅由其余肺部得出）假阳性：{'、'.join(false)}",
            },
        },
        {
            "set": {"en": "Calibration, leave one patient out", "zh": "校准（留一患者法）"},
            "figure": {
                "en": f"expected calibration error {ece['value']:.3f} ({ece['low']:.3f} to {ece['high']:.3f})",
                "zh": f"期望校准误差{ece['value']:.3f}（{ece['low']:.3f}–{ece['high']:.3f}）",
            },
        },
    ]


def _ranks(scans: list[dict[str, Any]]) -> str:
    """Return the ranks of the nodules of each scan; one without a nodule says so."""
    return ", ".join(
        " and ".join("missed" if n["rank"] is None else str(n["rank"]) for n in scan["nodules"]) or "no nodule"
        for scan in scans
    )


def _ranks_zh(scans: list[dict[str, Any]]) -> str:
    words = _ranks(scans)
    for english, chinese in ((" and ", "和"), ("missed", "漏检"), ("no nodule", "无结节"), (", ", "、")):
        words = words.replace(english, chinese)
    return words


def limits(evaluation: dict[str, Any], facts: Facts) -> list[dict[str, str]]:
    """Return the limits that are shown beside every result."""
    groups = evaluation["tier_b"]["groups_at_1"]

    def of(name: str) -> str:
        group = groups.get(name)
        return "–" if group is None else f"{group['found']}/{group['of']}"

    small, glass, vessel = of("< 6 mm"), of("ground glass"), of("at vessel")
    lungs = len(_read_from(evaluation))
    return [
        {
            "en": f"Trained on {facts.lungs} lungs and {facts.real_nodules} real nodules only",
            "zh": f"仅用{facts.lungs}例肺部和{facts.real_nodules}个真实结节训练",
        },
        {
            "en": f"Sensitivity at 1 false mark a scan, inserted nodules: below 6 mm {small}, ground glass {glass},"
            f" beside a vessel {vessel}",
            "zh": f"每例1个假阳性时的敏感度（植入结节）：6 mm以下{small}，磨玻璃{glass}，血管旁{vessel}",
        },
        {
            "en": f"Operating points and calibration rest on {word(lungs)} lungs",
            "zh": f"工作点与校准仅依据{_zh(lungs)}例肺部",
        },
        {
            "en": "The score of one nodule depends on where the 1 mm grid falls: near the operating point a mark can"
            " come and go",
            "zh": "同一结节的分值随1 mm网格位置变化，接近工作点的标记可能时有时无",
        },
        {"en": "Not clinically validated, not a registered device", "zh": "未经临床验证，非注册医疗器械"},
    ]


def _listed(patients: Sequence[str]) -> str:
    told = []
    for number, name in enumerate(patients):
        mm = _SLICE_MM.get(name)
        unit = "" if mm is None else f" ({mm} mm slices)" if number == 0 else f" ({mm} mm)"
        told.append(name + unit)
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
