"""Own entries of the demonstration hospital, a list of an edition, and a reference picture that was drawn for it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from yingheng.audit.actor import Actor

if TYPE_CHECKING:
    from yingheng.tenancy.models import Organisation

_ACTOR = Actor("system:demo", "演示")
_SOURCE = "演示：程序绘制的示意图，不是患者影像"
_LICENCE = "演示数据，可随意使用"
_DEFECT = {
    "zh": "本院腰带扣影（演示）", "en": "Belt buckle shadow (demonstration)", "class": "artefact",
    "severity": "moderate", "modalities": "DX", "cause": "technique", "retake": "RT-08",
    "advice": "检查床旁张贴提示，摆位前再问一次",
    "advice_en": "Put a notice at the table and ask once more before positioning",
}  # fmt: skip
_POSITION = {
    "zh": "胸部后前位（本院轮椅体位，演示）", "en": "Chest PA in a wheelchair (demonstration)", "group": "chest",
    "part": "CHEST", "views": "PA", "shows": "双肺尖至肋膈角", "shows_en": "both apices to the costophrenic angles",
    "criteria": "轮椅扶手不入野；肩胛骨尽量移出肺野",
    "criteria_en": "armrests outside the field; scapulae moved out of the lungs as far as possible",
}  # fmt: skip


def own_dictionary(code: str) -> None:
    """Two own entries and a reference picture, once."""
    from yingheng.review.models import DictionaryEntry, EntryKind  # noqa: PLC0415 - after Django is set up
    from yingheng.review.services.entering import EntryFields, entry_put  # noqa: PLC0415
    from yingheng.review.services.picturing import PictureFields, picture_put  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital: Organisation = Organisation.objects.get(code=code)
    if DictionaryEntry.objects.filter(organisation=hospital).exists():
        return
    for kind, row in ((EntryKind.DEFECT, _DEFECT), (EntryKind.POSITION, _POSITION)):
        fields = EntryFields(kind.value, {**row, "source": "演示"})
        entry_put(actor=_ACTOR, organisation=hospital, fields=fields, is_demo=True)
    picture = PictureFields(
        position="CH-PA", caption="胸部后前位示意图（演示）", source=_SOURCE, licence=_LICENCE,
        confirmed="演示：图中没有任何人的影像",
    )  # fmt: skip
    picture_put(
        actor=_ACTOR, organisation=hospital.parent or hospital, fields=picture, data=chest_drawn(), is_demo=True
    )


def chest_drawn() -> bytes:
    """A chest as simple shapes, marked as a drawing: PNG, grey."""
    from PIL import Image, ImageDraw, ImageFilter, ImageFont  # noqa: PLC0415 - slow to import

    width, height = 480, 560
    image = Image.new("L", (width, height), 12)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((40, 60, width - 40, height - 20), 90, fill=150)
    for left, right in ((95, 225), (255, 385)):
        draw.ellipse((left, 110, right, 470), fill=45)
    draw.ellipse((205, 300, 330, 470), fill=190)
    draw.rectangle((226, 40, 254, height - 20), fill=205)
    for n in range(8):
        top = 120 + 42 * n
        for box, first, last in (((70, top, 235, top + 120), 200, 330), ((245, top, 410, top + 120), 210, 340)):
            draw.arc(box, first, last, fill=118, width=9)
    draw.arc((100, 70, 236, 150), 200, 340, fill=210, width=12)
    draw.arc((244, 70, 380, 150), 200, 340, fill=210, width=12)
    image = image.filter(ImageFilter.GaussianBlur(4))
    ImageDraw.Draw(image).text((16, 12), "DEMO - drawn, no patient", fill=255, font=ImageFont.load_default(22))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
