"""Own entries of a hospital's dictionary for tests."""

import csv
import io

from tests.apps.review.making import ACTOR, png_bytes

from yingheng.review.dictionary import catalogue_for
from yingheng.review.services.entering import EntryFields, entry_put
from yingheng.review.services.picturing import PictureFields, picture_put

DEFECT = {"zh": "本院缺陷", "en": "Own defect", "class": "artefact", "severity": "minor", "modalities": "DX"}
PLACE = {"zh": "本院体位", "en": "Own view", "group": "chest", "part": "chest", "views": "XX", "criteria": "清晰"}
ALLOWED = {"source": "本院拍摄", "licence": "本院教学", "confirmed": "已查看"}


def put(hospital, kind="defect", **row):
    base = DEFECT if kind == "defect" else PLACE
    return entry_put(actor=ACTOR, organisation=hospital, fields=EntryFields(kind, base | row))


def offered(hospital):
    return {one.code for one in catalogue_for(hospital).offered_defects()}


def table(*rows, encoding="utf-8-sig"):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def picture(place, **of):
    fields = PictureFields(**({"position": "CH-PA"} | of), **ALLOWED)
    return picture_put(actor=ACTOR, organisation=place, fields=fields, data=png_bytes())
