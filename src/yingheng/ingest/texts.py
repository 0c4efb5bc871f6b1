"""Words of this app: errors, what people are told, and why a partner or an object made trouble."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yingheng.notify.messages import Kind

ERROR_TEXTS = {
    "ingest.ae_title": _("An AE title has 1 to 16 characters: letters, digits, blanks and signs, but no backslash."),
    "ingest.ae_title_taken": _("The AE title %(ae_title)s is already in use here."),
    "ingest.address": _("%(address)s is neither an address nor a network such as 10.2.0.0/16."),
    "ingest.host": _("This is neither a host name nor an address."),
    "ingest.port": _("A port is a number from 1 to 65535."),
    "ingest.name_missing": _("Enter a name."),
    "ingest.no_role": _("Say what this connection is for: choose at least one use."),
    "ingest.unreachable": _("We call this partner: enter its host and port."),
    "ingest.remote_known": _("%(ae_title)s at this host and port is already in the list."),
    "ingest.remote_waiting": _("%(n)s exams still wait for it: have them sent or cancel them first."),
    "ingest.remote_in_rule": _("The rule %(rule)s sends to it: change or stop the rule first."),
    "ingest.peer_unknown": _("This connection does not exist, or you have no access to it."),
    "ingest.rule_unknown": _("This rule does not exist, or you have no access to it."),
    "ingest.rule_destination": _("Choose at least one destination of this hospital that is in use."),
    "ingest.rule_minutes": _("An exam is held for 1 minute to 7 days."),
    "ingest.delivery_unknown": _("This entry of the outbox does not exist, or you have no access to it."),
    "ingest.delivery_state": _("This is not possible in the present state of the entry; it may have changed just now."),
    "ingest.release_reason": _("One of these exams has open failures: give a reason for releasing it."),
    "ingest.reason_missing": _("Give a reason."),
    "ingest.webhook_unknown": _("This address does not exist, or you have no access to it."),
    "ingest.notice_unknown": _("This notice does not exist, or you have no access to it."),
    "ingest.webhook_url": _("Enter a whole address that begins with https:// or http://."),
    "ingest.webhook_known": _("This address is already in the list."),
    "ingest.message_unknown": _("This message does not exist, or you have no access to it."),
    "ingest.message_settled": _("This message was applied, or there is nothing to apply."),
    "ingest.message_gone": _("The bytes of this message passed their time of keeping; it cannot be applied any more."),
    "ingest.source_unknown": _("This source of messages does not exist, or you have no access to it."),
    "ingest.source_known": _("There is a source %(name)s already."),
    "ingest.source_anywhere": _("Enter at least one address or network from which it calls."),
    "ingest.source_encoding": _("This character set is not known."),
    "ingest.source_options": _("The setting %(name)s is not known or has the wrong form."),
    "ingest.refused_gone": _("The file is no longer where it was put aside."),
    "ingest.query_unknown": _("This query does not exist, or you have no access to it."),
    "ingest.query_partner": _("Choose a connection in use that answers such queries."),
    "ingest.query_days": _("Ask for 1 to %(most)s days, the first not after the last."),
    "ingest.query_endless": _("Enter days, an accession number or a patient id."),
    "ingest.query_wildcard": _("Enter the whole number: * and ? are not allowed here."),
    "ingest.query_plan_known": _("There is such a plan for %(name)s already: change that one."),
    "ingest.query_limits": _("At least one study a run and at a time; no pause below zero."),
    "ingest.query_hours": _("Enter both the hour it may begin and the hour it must pause, or neither."),
    "ingest.query_state": _("This is not possible in the present state of the query; it may have changed just now."),
    "ingest.commitment_unknown": _("This request does not exist, or you have no access to it."),
    "ingest.commitment_state": _("This request needs nothing, or waits for its report."),
    "ingest.policy_range": _("One of the numbers is out of its range."),
    "ingest.watch_unknown": _("This folder is not watched, or you have no access to it."),
    "ingest.watch_root": _("Only folders below those named in YINGHENG_WATCH_ROOTS may be watched."),
    "ingest.watch_folder": _("There is no such folder."),
    "ingest.watch_unreadable": _("The folder cannot be read: check the rights of the service."),
    "ingest.watch_disk": _("Our own disk did not take the file; it is tried again."),
    "ingest.watch_stable": _("A file must be unchanged for 1 to 3600 seconds."),
    "ingest.watch_known": _("This folder is watched already, or one above or below it."),
    "ingest.webhook_secret": _("A secret has at least 16 characters."),
}

MESSAGE_KINDS = {
    "forward.down": Kind(
        _("%(name)s does not take exams at present. They wait and are sent as soon as it does."), "warning"
    ),
    "commitment.late": Kind(_("%(name)s did not report in time whether it keeps images that it took."), "warning"),
    "commitment.bad": Kind(_("%(name)s does not vouch for images that it took."), "urgent"),
    "forward.failed": Kind(_("%(name)s did not take %(n)s objects of an exam."), "warning"),
}

#: Why a partner cannot be used, or did not take an object.
TROUBLES: Mapping[str, Promise] = {
    "host_unknown": _("The host name is not known: check the spelling, or enter the address."),
    "connect_timeout": _("Nobody answered in time: the machine may be off, or a firewall in between."),
    "connection_refused": _("The machine answered, but nothing listens on this port."),
    "no_route": _("The machine cannot be reached from here: check the network."),
    "tls_failed": _("No secure connection: check that both sides use TLS and trust each other's certificate."),
    "tls_authorities": _("The file of trusted certificates cannot be read."),
    "no_association": _("The connection was closed before an association was agreed on."),
    "rejected_calling": _("It does not know our AE title: it must be entered there."),
    "rejected_called": _("It does not answer to this AE title: check the spelling."),
    "rejected_busy": _("It has no free association at present."),
    "rejected": _("It refused the association."),
    "no_context": _("It does not take this kind of object."),
    "no_answer": _("It took the question and gave no answer in time."),
    "went_away": _("It broke the association off."),
    "address_unknown": _("Nobody entered where this sender is to be reached: host and port are missing."),
    "report_status": _("It did not take the answer."),
    "echo_status": _("It answered with an error."),
    "out_of_resources": _("It has no room at present."),
    "not_of_its_class": _("It says that the object does not fit its class."),
    "not_understood": _("It says that it does not understand the object."),
    "class_not_supported": _("It does not store objects of this class."),
    "not_authorised": _("It says that we may not store there."),
    "commitment_not_offered": _("It offers no storage commitment to us: it must be switched on there."),
    "commitment_refused": _("It refused the request for storage commitment."),
    "not_committed": _("It took the object and then did not vouch for it."),
    "refused_object": _("It refused the object."),
    "coerced": _("It took the object and changed some of its values."),
    "remark": _("It took the object with a remark."),
    "object_missing": _("The bytes are no longer in the store."),
    "object_damaged": _("The stored bytes are not those that were received."),
    "object_unreadable": _("The stored file cannot be read."),
    "not_convertible": _("It does not take the compression of this object, and it could not be unpacked here."),
    "address_forbidden": _("The address lies on this machine or on a link of its own, which is not allowed."),
    "http_status": _("It answered with an error status."),
    "http_gone": _("It says that the address is no longer in use."),
    "http_timeout": _("It did not answer in time."),
    "find_refused": _("It does not answer such queries."),
    "find_status": _("It answered the query with an error."),
    "retrieve_status": _("It could not send the objects."),
    "retrieve_not_offered": _("It offers neither C-GET nor C-MOVE to us."),
    "move_destination": _("It does not know our AE title as a destination: address and port must be entered there."),
    "no_title": _("We have no AE title to which it could send: add one under Connections."),
    "objects_failed": _("It could not send some of the objects."),
    "our_disk": _("Our own disk did not take the object."),
    "partner_unused": _("The connection is out of use."),
    "superseded": _("A later run of the same plan has begun; what was left is found again by it."),
    "other_station": _("No series was made with one of the stations asked for."),
    "station_unknown": _("It does not say with which station the series were made."),
    "request_unnumbered": _("The request has no number."),
    "http_broken": _("Its answer could not be read."),
}


def trouble_words(code: str) -> str:
    """What a code means; the code itself for one of another version."""
    return str(TROUBLES.get(code.partition(":")[0], code))
