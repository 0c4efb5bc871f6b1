"""How pages say that a device is restricted: the same words everywhere."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from yingheng.common.clock import now
from yingheng.common.ui.parts import Action, Alert, Many, Tag
from yingheng.registry.models import Device

TONES = {"in_use": "pass", "restricted": "human", "down": "fail"}
_ICONS = {"in_use": "check", "restricted": "lock", "down": "ban"}


def when_text(at: dt.datetime | None) -> str:
    """A moment within a sentence."""
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else "—"


def use_tag(device: Device) -> Tag | Many:
    """The use of a device as a light; a temporary use stands beside its restriction."""
    state = Tag(str(device.get_use_state_display()), TONES[device.use_state], _ICONS[device.use_state])
    if not device.is_permitted(now()):
        return state
    return Many([state, Tag(_("temporary use"), "accent", "clock")])


def use_tags(device: Device | None) -> list[Tag]:
    """What stands beside the name of a device that is not simply in use; nothing where it is."""
    if device is None or device.use_state == Device.UseState.IN_USE:
        return []
    text = _("Device out of use") if device.use_state == Device.UseState.DOWN else _("Device restricted")
    found = [Tag(text, TONES[device.use_state], _ICONS[device.use_state])]
    if device.is_permitted(now()):
        found.append(Tag(_("temporary use until %(at)s") % {"at": when_text(device.permit_until)}, "accent", "clock"))
    return found


def use_alerts(device: Device | None, *, short: bool = False) -> list[Alert]:
    """The notice on every page of a device that is restricted or out of use; nothing where it is in use.

    `short` is one line, for pages that are looked at from afar.
    """
    if device is None or device.use_state == Device.UseState.IN_USE:
        return []
    if short:
        words = " · ".join(str(tag.text) for tag in use_tags(device))
        return [Alert(device.use_reason, TONES[device.use_state], words)]
    title = _("Device out of use") if device.use_state == Device.UseState.DOWN else _("Device restricted")
    text = _("%(reason)s. Since %(at)s. Images are received as before, and emergencies are served.") % {
        "reason": device.use_reason.rstrip("。. "),
        "at": when_text(device.use_since),
    }
    alerts = [Alert(text, TONES[device.use_state], title, _to_use(device))]
    if device.is_permitted(now()):
        until = _("Until %(at)s, signed by %(who)s: %(reason)s") % {
            "at": when_text(device.permit_until),
            "who": device.permit_by_name,
            "reason": device.permit_reason,
        }
        alerts.append(Alert(until, "accent", _("Temporary use allowed")))
    return alerts


def _to_use(device: Device) -> Action:
    return Action(_("Use of the device"), reverse("registry:use", args=[device.pk]), "lock")
