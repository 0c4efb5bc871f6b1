"""What can be chosen in a plan of an organisation."""

from __future__ import annotations

from functools import cached_property

from yingheng.registry.models import Device
from yingheng.review.readers import readers_of
from yingheng.sheets.library import newest_products
from yingheng.sheets.models import Template
from yingheng.tenancy.models import Organisation

_MOST = 300


class Options:
    """Sheets, devices and people of an organisation and of those above it; each asked for once, when it is needed."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation

    def sheets(self, lang: str) -> list[tuple[str, str]]:
        """Keys and titles of score sheets: the own, then those of the product."""
        found = {one.spec.key: one.spec.title.text(lang) for one in newest_products()
                 if (one.spec.kind, one.spec.subject) == ("score", "review")}  # fmt: skip
        own = Template.objects.filter(kind="score", subject="review", state=Template.State.PUBLISHED)
        mine = {}
        for row in own.filter(hospital__isnull=False).select_related("hospital").order_by("key", "version"):
            if self.organisation.path.startswith(row.hospital.path):
                mine[row.key] = row.title if lang == "zh" else row.title_en
        return list((mine | {key: title for key, title in found.items() if key not in mine}).items())

    @cached_property
    def _devices(self) -> list[Device]:
        rows = Device.objects.filter(hospital__path__startswith=self.organisation.path).select_related("hospital")
        return list(rows.order_by("hospital__path", "modality", "name", "identity")[:_MOST])

    @property
    def devices(self) -> list[tuple[str, str]]:
        several = len({row.hospital_id for row in self._devices}) > 1
        return [(str(row.pk), f"{row.hospital.name} · {row.label}" if several else row.label) for row in self._devices]

    @property
    def modalities(self) -> list[str]:
        return sorted({row.modality for row in self._devices if row.modality})

    @cached_property
    def people(self) -> list[tuple[str, str]]:
        """Accounts of the organisation, and of those above it, that may read today, by where they belong and name."""
        found = readers_of(self.organisation, above=True)
        rows = [(one.user.home.name if one.user.home else "", one.user.display_name, pk) for pk, one in found.items()]
        several = len({place for place, _name, _pk in rows}) > 1
        return [(pk, f"{name}（{place}）" if several else name) for place, name, pk in sorted(rows)]
