"""Words of the closed lists of standards, in Chinese and English."""

from __future__ import annotations

import math
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


KEY_WORDS: Words = {
    "zh": {
        "item": "项目",
        "body_part": "部位",
        "age_band": "年龄段",
        "contrast": "增强",
        "hospital_level": "医院级别",
        "field_strength": "场强",
        "slice_thickness": "层厚",
        "kernel_class": "重建算法",
        "view": "体位",
        "phantom": "模体",
        "detector": "探测器",
        "equipment": "设备类别",
        "barrier": "屏蔽体",
    },
    "en": {
        "item": "item",
        "body_part": "body part",
        "age_band": "age band",
        "contrast": "contrast",
        "hospital_level": "hospital level",
        "field_strength": "field strength",
        "slice_thickness": "slice thickness",
        "kernel_class": "kernel",
        "view": "view",
        "phantom": "phantom",
        "detector": "detector",
        "equipment": "equipment",
        "barrier": "barrier",
    },
}
_VALUES_ZH: Mapping[str, Mapping[str, str]] = {
    "hospital_level": {"tertiary": "三级", "secondary": "二级", "primary": "基层"},
    "age_band": {"paediatric": "儿童", "adult": "成人"},
    "contrast": {"yes": "有", "no": "无"},
    "barrier": {"useful": "有用线束方向", "other": "其他方向"},
    "equipment": {
        "ct": "CT",
        "radiography": "摄影（≤ 125 kV）",
        "radiography-over-125kv": "摄影（> 125 kV）",
        "gastrointestinal": "数字胃肠机",
        "c-arm": "C 形臂/DSA/ERCP",
        "fluoroscopy": "仅透视",
        "two-tubes": "一室两管头",
        "mammography": "乳腺机",
        "breast-cbct": "乳腺 CBCT",
        "densitometer": "全身骨密度仪",
        "densitometer-local": "局部骨密度仪",
        "intra-oral": "口内牙片机",
        "panoramic": "口腔全景（无头颅摄影）",
        "panoramic-cephalometric": "口腔全景（有头颅摄影）",
        "oral-cbct": "口腔 CBCT（坐、站位）",
        "oral-cbct-lying": "口腔 CBCT（卧位）",
    },
}
_RANGE_UNITS = {"slice_thickness": "mm", "field_strength": "T"}


def applies_text(criterion: Criterion, lang: str = "zh") -> str:
    """What a criterion is about: subject, then where it applies ("设备 · CT · 状态检测", "设备 · MR · 场强 ≥ 1 T")."""
    parts = [SUBJECT_WORDS[lang][criterion.subject]]
    for key, values in criterion.applies.items():
        if key == "test":
            parts += [TEST_WORDS[lang][str(v)] for v in values]
        elif key == "modality":
            parts.append("/".join(str(v) for v in values))
        elif key in _RANGE_UNITS:
            parts.append(f"{KEY_WORDS[lang][key]} {_range_text(float(values[0]), float(values[1]), _RANGE_UNITS[key])}")
        else:
            parts.append(f"{KEY_WORDS[lang][key]} {_values_text(key, values, lang)}")
    return " · ".join(parts)


def _values_text(key: str, values: tuple[object, ...], lang: str) -> str:
    words = _VALUES_ZH.get(key, {}) if lang == "zh" else {}
    return ("、" if words else "/").join(words.get(str(v), str(v)) for v in values)


def _range_text(low: float, high: float, unit: str) -> str:
    """Open ends (zero below, infinity above) are left out."""
    if math.isinf(high):
        return f"≥ {low:g} {unit}"
    return f"≤ {high:g} {unit}" if low <= 0 else f"{low:g}–{high:g} {unit}"
