"""Words of the closed lists of standards, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from imagingqc.criteria.model import Criterion

Words = Mapping[str, Mapping[str, str]]

LEVEL_WORDS: Words = {
    "zh": {
        "international": "国际",
        "national": "国家",
        "province": "省",
        "city": "市",
        "hospital": "医院",
        "product": "本系统",
    },
    "en": {
        "international": "international",
        "national": "national",
        "province": "province",
        "city": "city",
        "hospital": "hospital",
        "product": "this product",
    },
}
SUBJECT_WORDS: Words = {
    "zh": {
        "series": "序列",
        "exam": "检查",
        "device": "设备",
        "room": "机房",
        "person": "人员",
        "department": "科室",
        "report": "报告",
    },
    "en": {
        "series": "series",
        "exam": "exam",
        "device": "device",
        "room": "room",
        "person": "person",
        "department": "department",
        "report": "report",
    },
}
GRADE_WORDS: Words = {
    "zh": {"A": "自动判定", "B": "与基线比较", "C": "提示复核", "manual": "人工评价"},
    "en": {"A": "automatic", "B": "against baseline", "C": "asks for a look", "manual": "by a person"},
}
SEVERITY_WORDS: Words = {
    "zh": {"veto": "一票否决", "major": "主要", "minor": "次要"},
    "en": {"veto": "veto", "major": "major", "minor": "minor"},
}
TEST_WORDS: Words = {
    "zh": {"acceptance": "验收检测", "status": "状态检测", "constancy": "稳定性检测"},
    "en": {"acceptance": "acceptance test", "status": "status test", "constancy": "constancy test"},
}


def applies_text(criterion: Criterion, lang: str = "zh") -> str:
    """What a criterion is about: subject, then where it applies ("设备 · CT · 状态检测")."""
    parts = [SUBJECT_WORDS[lang][criterion.subject]]
    for key, values in criterion.applies.items():
        if key == "test":
            parts += [TEST_WORDS[lang][str(v)] for v in values]
        elif key == "modality":
            parts.append("/".join(str(v) for v in values))
        else:
            parts.append(f"{key} {'/'.join(str(v) for v in values)}")
    return " · ".join(parts)
