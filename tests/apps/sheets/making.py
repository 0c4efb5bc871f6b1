"""Sheets for tests: a text of a template, and something that sheets are about."""

from imagingqc.criteria.load import load_builtin
from yingheng.common.errors import NotFound
from yingheng.documents.services import attachment_put
from yingheng.sheets.judging import Basis
from yingheng.sheets.load import load
from yingheng.sheets.services import (
    product_template,
    response_begin,
    response_submit,
    template_begin,
    template_publish,
)
from yingheng.sheets.subjects import Subject, SubjectKind

TEXT = """
key = "room-check"
version = 1
kind = "readings"
title = "机房检查"
title_en = "Room check"
subject = "thing"
standards = ["taiyuan-mutual-recognition-trial"]
facts = { modality = "CT" }

[[group]]
title = "环境"
title_en = "Surroundings"

[[group.item]]
key = "temperature"
type = "number"
label = "温度"
label_en = "Temperature"
unit = "Cel"
decimals = 1
plausible = [0, 50]
quantity = "room.temperature"

[[group.item]]
key = "humidity"
type = "series"
label = "湿度"
label_en = "Humidity"
unit = "%"
count = [2, 4]
plausible = [0, 100]
quantity = "room.humidity"

[[group]]
title = "状态"
title_en = "State"

[[group.item]]
key = "lamp"
type = "check"
label = "指示灯有效"
label_en = "Lamp works"

[[group.item]]
key = "since"
type = "date"
label = "何时起"
label_en = "Since when"
shown_if = { item = "lamp", is = "no" }

[[group.item]]
key = "use"
type = "choice"
label = "可用"
label_en = "Fit for use"
choices = [{ key = "yes", label = "可用", label_en = "yes" }, { key = "stop", label = "停用", label_en = "no" }]

[[group.item]]
key = "note"
type = "text"
label = "备注"
required = false
"""

SCORE = """
key = "film"
version = 1
kind = "score"
title = "评分"
subject = "thing"

[[group]]
title = "影像"

[[group.item]]
key = "position"
type = "score"
label = "体位"
weight = 60
deductions = [
  { key = "cut", label = "缺边", points = 20 },
  { key = "wrong", label = "体位错误", points = 60, veto = true },
]

[[group.item]]
key = "contrast"
type = "score"
label = "对比"
weight = 20

[[grade]]
key = "a"
label = "甲"
least = 90

[[grade]]
key = "b"
label = "乙"
least = 60

[[grade]]
key = "waste"
label = "废"
least = 0
"""

GOOD = {"temperature": "21.5", "humidity": ["50", "54"], "lamp": "yes", "use": "yes"}
BASIS = Basis((load_builtin()["taiyuan-mutual-recognition-trial"],))


def spec(text=TEXT):
    loaded = load(text)
    assert loaded.problems == ()
    return loaded.spec


def kind_of(*hospitals):
    """A kind of subject with one thing per hospital."""
    things = {f"thing-{h.code}": Subject("thing", f"thing-{h.code}", h, f"物品 {h.code}") for h in hospitals}

    def find(scope, thing):
        if thing not in things or not scope.contains(things[thing].hospital.path):
            raise NotFound("sheets.subject_unknown")
        return things[thing]

    def choose(scope):
        return [one for one in things.values() if scope.contains(one.hospital.path)]

    return SubjectKind("thing", "Thing", find, lambda *_args: BASIS, choose), things


MORNING = {
    "temperature": "22", "humidity": "50", "clean": "yes", "start": "yes", "warm_up": "na", "warm_up.reason": "无此项",
    "movement": "yes", "lamp": "yes", "stop": "yes", "intercom": "yes", "protection": "yes", "usable": "yes",
}  # fmt: skip


def make_sheets(device, actor):
    """A draft and a submitted sheet of a device, a file of the draft, a draft and a published template."""
    hospital = device.hospital
    subject = Subject("device", str(device.pk), hospital, device.label)
    morning = product_template(key="device-morning")
    draft = response_begin(actor=actor, template=morning, subject=subject, occasion="draft")
    done = response_begin(actor=actor, template=morning, subject=subject, occasion="done")
    done = response_submit(actor=actor, response=done, typed=MORNING, basis=BASIS)
    file = attachment_put(
        actor=actor, hospital=hospital, subject_type="sheet", subject_id=str(draft.pk), name="x.txt", data=b"x"
    )
    own = template_publish(actor=actor, template=template_begin(actor=actor, hospital=hospital, text=TEXT))
    begun = template_begin(actor=actor, hospital=hospital, text=TEXT)
    return {"sheet": draft.pk, "sheet_done": done.pk, "sheet_file": file.pk, "sheet_template": own.pk,
            "sheet_begun": begun.pk}  # fmt: skip
