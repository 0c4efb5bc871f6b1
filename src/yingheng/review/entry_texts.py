"""What the columns of the dictionaries are called: on pages, and as headings of files in either language."""

from __future__ import annotations

from collections.abc import Mapping

from yingheng.common.ui.words import language

#: Column -> Chinese and English heading.  Files are read by all of them, so the words stand here and not in a .po.
COLUMN_WORDS: Mapping[str, tuple[str, str]] = {
    "code": ("编码", "Code"),
    "zh": ("名称", "Name"),
    "en": ("英文名称", "English name"),
    "class": ("类别", "Class"),
    "cause": ("原因", "Cause"),
    "severity": ("严重程度", "Severity"),
    "veto": ("一票否决", "Veto"),
    "modalities": ("适用模态", "Modalities"),
    "retake": ("重拍原因", "Retake reason"),
    "grade": ("最高等级", "Best grade possible"),
    "indicator": ("国家指标", "National indicator"),
    "advice": ("改进建议", "Advice"),
    "advice_en": ("英文建议", "English advice"),
    "group": ("部位组", "Group"),
    "part": ("部位（DICOM）", "Body part (DICOM)"),
    "views": ("投照方向", "View positions"),
    "view_code": ("投照代码", "View code (SNOMED CT)"),
    "eponym": ("人名", "Eponym"),
    "sides": ("侧别", "Sides"),
    "sid_cm": ("焦片距 cm", "Distance cm"),
    "kv": ("管电压 kV", "Tube voltage kV"),
    "shows": ("应显示", "Must be shown"),
    "shows_en": ("英文应显示", "Must be shown, English"),
    "criteria": ("合格标准", "A good image"),
    "criteria_en": ("英文合格标准", "A good image, English"),
    "editions": ("所属版本", "Editions"),
    "supported": ("有据字段", "Supported fields"),
    "confidence": ("可信度", "Confidence"),
    "source": ("来源", "Source"),
}


def column_text(name: str) -> str:
    """The heading of a column in the reader's language."""
    zh, en = COLUMN_WORDS[name]
    return en if language() == "en" else zh
