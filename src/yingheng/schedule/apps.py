from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScheduleConfig(AppConfig):
    name = "yingheng.schedule"
    label = "schedule"
    verbose_name = _("Calendar")

    def ready(self) -> None:
        from yingheng.common.errors import error_texts_add  # noqa: PLC0415 - apps load after settings
        from yingheng.notify.messages import message_kinds_add  # noqa: PLC0415
        from yingheng.schedule import agenda  # noqa: PLC0415
        from yingheng.schedule.kinds import Named, SubjectKind, subject_kind_add  # noqa: PLC0415
        from yingheng.schedule.texts import ERROR_TEXTS, MESSAGES  # noqa: PLC0415
        from yingheng.tenancy.models import Organisation  # noqa: PLC0415

        def names(ids: Collection[UUID]) -> Mapping[UUID, Named]:
            return {row.pk: Named(row.name) for row in Organisation.objects.filter(pk__in=ids)}

        def choices(hospital: Organisation) -> Sequence[tuple[UUID, str]]:
            return [(hospital.pk, hospital.name)]

        error_texts_add(ERROR_TEXTS)
        message_kinds_add(MESSAGES)
        subject_kind_add("hospital", SubjectKind(_("hospital"), names, choices))
        agenda.register()
