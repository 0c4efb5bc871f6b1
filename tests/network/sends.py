"""Have every exam sent to the PACS at this port of this machine, until all are there."""

import sys

from yingheng.cli import platform

if __name__ == "__main__":
    platform.start()
    from yingheng.audit.actor import Actor
    from yingheng.catalog.models import Exam
    from yingheng.ingest.models import Delivery, RemoteAE
    from yingheng.ingest.services.forwarding_routing import forward_ask
    from yingheng.ingest.services.forwarding_sending import destination_send
    from yingheng.ingest.services.peers import PeerFields, remote_ae_put
    from yingheng.tenancy.models import Organisation

    where = RemoteAE.objects.filter(is_destination=True).first() or remote_ae_put(
        actor=Actor("system:test", "test"),
        hospital=Organisation.objects.get(kind="hospital"),
        fields=PeerFields(name="PACS", ae_title="PACS", host="127.0.0.1", port=int(sys.argv[1]), is_destination=True),
    )
    for exam in Exam.objects.all():
        forward_ask(exam_id=exam.pk, destination_id=where.pk)
    while Delivery.objects.exclude(state="sent").exists():
        RemoteAE.objects.update(next_try_at=None)
        destination_send(destination_id=where.pk)
