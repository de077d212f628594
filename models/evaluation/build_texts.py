"""What a card and a manifest say in words round the measured figures, in both languages."""

from __future__ import annotations

from typing import Any, Final

METHOD: Final = (
    "Anchor-free three-dimensional heat map (channels 16-32-64-96, residual blocks 2-2-1 at strides 4, 8 and 16,"
    " pyramid to stride 4 with 32 channels, 1.4 million parameters). Input: 1 mm isotropic, axes ascending in LPS, HU"
    " clipped to -1000…400 and scaled to 0…1. Output at stride 4: heat, logarithm of diameter / 8 mm, centre offset."
    " The whole lungs in one pass, or slabs of 160 slices with 32 of halo; on a CPU the convolutions are computed plane"
    " by plane (the same to a millionth). A second stage, a logistic regression over the network's"
    " score, the diameter and 21 numbers measured in the HU round each mark (density, contrast, shells,"
    " curvature, form), gives the score that is shown. It was fitted on marks in the 18 training lungs"
    " (eval/second-stage.json), where the network had been before: it trusts the network's score more than new lungs"
    " would teach. Of two marks whose spheres overlap and between which all is denser than -500 HU the weaker goes"
    " (eval/one-lesion.json)."
)
TIER_B: Final = (
    "The lungs are those of LIDC-IDRI-0314 (1 mm slices), COVIDMD-normal001 (2 mm) and QIN-LSC-0028 (3 mm). The"
    " nodules are outlines and cubes of LIDC-IDRI patients kept out of this project's training; the weights that this"
    " model started from had learned from them in other lungs. The runs share three backgrounds: the intervals say"
    " nothing about the spread between patients. Ground glass, cavities and small nodules are more frequent here than"
    " in patients. Groups are counted at one false mark a scan. Another set of 144 insertions into unseen lungs, made"
    " when the first weights were trained, gave those CPM 0.726 (0.64 to 0.79): figures of different sets do not"
    " compare."
)
PATCHES: Final = (
    "“Unseen” is LIDC-IDRI-0055. “Kept out” are boxes and cubes of other LIDC-IDRI patients that this project's"
    " training left out and that the weights before may have learned from: no evidence about new patients."
)
OPERATING_POINTS: Final = (
    "Each point allows 4, 1 and 0.25 false marks a scan in tier B. The table is leave-one-patient-out: each of the"
    " three lungs is judged at the score that the rule gives for the other two. The rule: each lung is left out in"
    " turn, and the highest of the scores that the remaining ones give ships, because lungs differ much; so the"
    " tables of C are no independent test of it as far as these three scans go. The training lungs give no usable"
    " threshold: weights mark fewer places in lungs that they have learned from."
)
CALIBRATION: Final = (
    "Leave-one-patient-out on tier B; logistic (Platt) on the logit of the score, chosen because it has two numbers"
    " to learn from three patients and because it erred less than isotonic regression, whose error is given too. True"
    " marks are weighted to one nodule a scan, and the fit is charged with half a false mark that three patients did"
    " not show. Where nodules are rarer, fewer marks are true than stated."
)
CALIBRATION_BASIS: Final = {
    "en": "Logistic, nodules inserted into three unseen lungs, weighted to one nodule a scan",
    "zh": "逻辑回归校准；结节植入三例未见过的肺部，按每例1个结节加权",
}
SETS: Final = {"unseen": "LIDC-IDRI-0055, unseen", "kept_out": "kept out"}
_RATES: Final = {"sensitive": "4", "balanced": "1", "specific": "0.25"}


def point_basis(name: str, realised: dict[str, Any]) -> dict[str, str]:
    """Return what an operating point was read from and what it gave on other patients."""
    rate = realised["false_marks_per_scan"]
    share = f"{realised['found']}/{realised['of']}"
    return {
        "en": f"{_RATES[name]} false marks a scan in tier B; on patients that it was not read from {rate:.2f},"
        f" {share} found",
        "zh": f"B层每例{_RATES[name]}个假阳性；在未用于选定阈值的患者上为每例{rate:.2f}个，检出{share}",
    }


def evaluation_lines(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the figures that the manifest carries, short, in both languages."""
    tier = evaluation["tier_b"]
    cpm = tier["cpm"]
    ece = evaluation["calibration"]["ece"]
    found = [n for scan in evaluation["tier_c"]["per_scan"] for n in scan["nodules"]]
    ranks = ", ".join("missed" if n["rank"] is None else str(n["rank"]) for n in found)
    false = ", ".join(str(scan["false_marks"]["balanced"]) for scan in evaluation["tier_c"]["per_scan"])
    return [
        {
            "set": {
                "en": f"{tier['nodules']} nodules inserted into three unseen real lungs",
                "zh": f"{tier['nodules']}个结节植入三例未见过的真实肺部",
            },
            "figure": {
                "en": f"CPM {cpm['value']:.3f} ({cpm['low']:.3f} to {cpm['high']:.3f}), sensitivity"
                f" {tier['sensitivity_at']['1']:.2f} at 1 false mark per scan",
                "zh": f"CPM {cpm['value']:.3f}（{cpm['low']:.3f}–{cpm['high']:.3f}），每例1个假阳性时敏感度"
                f"{tier['sensitivity_at']['1']:.2f}",
            },
        },
        {
            "set": {"en": "Three whole scans of unseen patients", "zh": "三例未见过患者的完整扫描"},
            "figure": {
                "en": f"nodules at rank {ranks}; false marks at the default point {false}",
                "zh": f"结节排名{ranks.replace('missed', '漏检')}；默认工作点假阳性{false}",
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


def limits(evaluation: dict[str, Any]) -> list[dict[str, str]]:
    """Return the limits that are shown beside every result."""
    groups = evaluation["tier_b"]["groups_at_1"]

    def of(name: str) -> str:
        group = groups.get(name)
        return "–" if group is None else f"{group['found']}/{group['of']}"

    small, glass, vessel = of("< 6 mm"), of("ground glass"), of("at vessel")
    return [
        {"en": "Trained on 18 lungs and 68 real nodules only", "zh": "仅用18例肺部和68个真实结节训练"},
        {
            "en": f"Sensitivity at 1 false mark a scan, inserted nodules: below 6 mm {small}, ground glass {glass},"
            f" beside a vessel {vessel}",
            "zh": f"每例1个假阳性时的敏感度（植入结节）：6 mm以下{small}，磨玻璃{glass}，血管旁{vessel}",
        },
        {
            "en": "Operating points and calibration rest on three lungs",
            "zh": "工作点与校准仅依据三例肺部",
        },
        {
            "en": "The score of one nodule depends on where the 1 mm grid falls: near the operating point a mark can"
            " come and go",
            "zh": "同一结节的分值随1 mm网格位置变化，接近工作点的标记可能时有时无",
        },
        {"en": "Not clinically validated, not a registered device", "zh": "未经临床验证，非注册医疗器械"},
    ]
