"""What every acceptor does, shown on both by other people's senders."""

import errno
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pydicom
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLSLossless, RLELossless
from pynetdicom.sop_class import (
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    EnhancedSRStorage,
    MammographyCADSRStorage,
    ModalityPerformedProcedureStep,
    MRImageStorage,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)
from tests.apps.ingest.receiver import wire
from tests.network.receiving import CT, HOSPITAL, data_set_bytes, image, receiver, run, write

from yingheng.ingest.receiver.config import Limits, Tls
from yingheng.ingest.spool import SpoolFile

pytestmark = pytest.mark.network
IMPLICIT, EXPLICIT, BIG = wire.IMPLICIT, wire.EXPLICIT, wire.BIG_ENDIAN


@pytest.fixture(params=["thin", "pynetdicom"])
def acceptor(request):
    return request.param


@pytest.fixture
def post(tmp_path, acceptor):
    with receiver(tmp_path / "home", acceptor) as made:
        yield made
        wire.wait_until(lambda: made.leftovers() == [])


def test_it_answers_echoes(post):
    run("echoscu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", post.port)
    association = post.associate((Verification, [IMPLICIT]))
    assert association.send_c_echo().Status == 0
    association.release()
    assert [line["event"] for line in post.log(2)] == ["closed", "closed"]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit,
                                    JPEGLSLossless, RLELossless])  # fmt: skip
def test_it_keeps_the_bytes_in_every_transfer_syntax(post, tmp_path, syntax):
    ds = image(1, syntax=syntax)
    if syntax not in {IMPLICIT, EXPLICIT, BIG, DeflatedExplicitVRLittleEndian}:
        ds.PixelData = encapsulate([b"\xff\xd8 not looked into \xff\xd9" * 50])
        ds["PixelData"].VR = "OB"
    if syntax == BIG:
        ds["PixelData"].VR = "OW"
    path = write(ds, tmp_path / "sent.dcm")
    association = post.associate((CT, [syntax]))
    assert association.send_c_store(path).Status == 0
    association.release()
    (spooled,) = post.spooled()
    assert data_set_bytes(spooled) == data_set_bytes(path)
    assert pydicom.dcmread(spooled).file_meta.TransferSyntaxUID == syntax


def test_it_takes_many_classes_in_one_association(post, tmp_path):
    classes = [CTImageStorage, MRImageStorage, DigitalXRayImageStorageForPresentation, EnhancedSRStorage,
               MammographyCADSRStorage]  # fmt: skip
    paths = [write(image(n, sop_class=one), tmp_path / f"{n}.dcm") for n, one in enumerate(classes)]
    association = post.associate(*[(one, [EXPLICIT, IMPLICIT]) for one in classes])
    assert [association.send_c_store(path).Status for path in paths] == [0] * len(classes)
    association.release()
    assert [data_set_bytes(one) for one in post.spooled()] == [data_set_bytes(one) for one in paths]
    (line,) = post.log()
    assert (line["event"], line["n_objects"], line["hospital"]) == ("closed", len(classes), str(HOSPITAL))
    assert line["n_bytes"] == sum(len(data_set_bytes(path)) for path in paths)


def test_it_takes_several_associations_at_once(post, tmp_path):
    paths = [write(image(n), tmp_path / f"{n}.dcm") for n in range(12)]
    statuses = []

    def send(some):
        association = post.associate((CT, [EXPLICIT]))
        statuses.extend(association.send_c_store(path).Status for path in some)
        association.release()

    threads = [threading.Thread(target=send, args=(paths[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 12
    assert sorted(map(data_set_bytes, post.spooled())) == sorted(map(data_set_bytes, paths))


@pytest.mark.parametrize("nodelay", ["", "1"])
def test_it_takes_what_dcmtk_sends(post, tmp_path, nodelay):
    paths = [write(image(n), tmp_path / f"{n}.dcm") for n in range(6)]
    env = {"TCP_NODELAY": nodelay} if nodelay else {}
    run("storescu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", post.port, *paths[:3], **env)
    run("dcmsend", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", post.port, *paths[3:], **env)
    assert sorted(map(data_set_bytes, post.spooled())) == sorted(map(data_set_bytes, paths))


def test_it_takes_large_objects_and_small_pdus(post, tmp_path):
    big = write(image(1, rows=2000), tmp_path / "big.dcm")
    association = post.associate((CT, [EXPLICIT]), max_pdu=4096)
    assert association.send_c_store(big).Status == 0
    association.release()
    run("storescu", "--max-pdu", 4096, "--max-send-pdu", 4096, "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1",
        post.port, big)  # fmt: skip
    assert [data_set_bytes(one) for one in post.spooled()] == [data_set_bytes(big)] * 2


@pytest.mark.parametrize(
    ("calling", "called", "reason", "words"),
    [
        ("CT1", "NOBODY", "called_ae_unknown", "Called AE Title Not Recognized"),
        ("NOBODY", "YINGHENG", "calling_ae_unknown", "Calling AE Title Not Recognized"),
        ("FAR", "YINGHENG", "address_not_allowed", "Calling AE Title Not Recognized"),
    ],
)
def test_it_refuses_who_may_not_send(tmp_path, acceptor, calling, called, reason, words):
    remote = [{"ae": ae, "hospital": str(HOSPITAL), "addresses": found}
              for ae, found in (("CT1", ["127.0.0.0/8"]), ("FAR", ["10.0.0.0/8"]))]  # fmt: skip
    with receiver(tmp_path / "home", acceptor, remote=remote) as post:
        said = run("echoscu", "-aet", calling, "-aec", called, "127.0.0.1", post.port, code=1)
        assert "Result: Rejected Permanent, Source: Service User" in said
        assert words in said
        run("echoscu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", post.port)
        refused, closed = sorted(post.log(2), key=lambda line: line["at"])
        assert (refused["event"], refused["reason"], refused["address"]) == ("refused", reason, "127.0.0.1")
        assert closed["event"] == "closed"


def test_it_learns_of_a_new_sender_without_a_restart(post):
    run("echoscu", "-aet", "NEW", "-aec", "YINGHENG", "127.0.0.1", post.port, code=1)
    wire.config_write(post.home, remote=[{"ae": "NEW", "hospital": str(HOSPITAL), "addresses": []}])
    association = post.associate((Verification, [IMPLICIT]), calling="NEW")
    assert association.is_established
    association.release()


def test_it_spools_procedure_steps_and_commitment_requests(post):
    step, reference = Dataset(), Dataset()
    step.PerformedProcedureStepStatus, step.PerformedProcedureStepID = "IN PROGRESS", "1"
    reference.TransactionUID = "1.2.3.9"
    association = post.associate((ModalityPerformedProcedureStep, [IMPLICIT]), (StorageCommitmentPushModel, [IMPLICIT]))
    assert association.send_n_create(step, ModalityPerformedProcedureStep, "1.2.9")[0].Status == 0
    step.PerformedProcedureStepStatus = "COMPLETED"
    assert association.send_n_set(step, ModalityPerformedProcedureStep, "1.2.9")[0].Status == 0
    where = (StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    assert association.send_n_action(reference, 1, *where)[0].Status == 0
    assert association.send_n_action(reference, 2, *where)[0].Status == 0x0123
    association.release()
    (create,), (change,), (commitment,) = (post.spooled(kind) for kind in ("mpps-create", "mpps-set", "commitment"))
    assert pydicom.dcmread(create).PerformedProcedureStepStatus == "IN PROGRESS"
    assert pydicom.dcmread(change).file_meta.MediaStorageSOPInstanceUID == "1.2.9"
    assert pydicom.dcmread(commitment).TransactionUID == "1.2.3.9"
    assert pydicom.dcmread(commitment).file_meta.SourceApplicationEntityTitle == "CT1"


def test_it_answers_a700_on_a_full_disk_and_takes_the_next(post, tmp_path, monkeypatch):
    def full(self, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = write(image(), tmp_path / "sent.dcm")
    association = post.associate((CT, [EXPLICIT]))
    with monkeypatch.context() as broken:
        broken.setattr(SpoolFile, "write", full)
        assert association.send_c_store(path).Status == 0xA700
        assert post.leftovers() == []
    assert association.send_c_store(path).Status == 0
    association.release()
    assert len(post.spooled()) == 1
    assert [line["reason"] for line in post.log(2)] == ["storage_full", ""]


def test_it_answers_a900_for_another_class_than_agreed(post):
    with socket.create_connection(("127.0.0.1", post.port)) as connection:
        peer = wire.Peer(connection)
        peer.associate()
        peer.send(wire.store(b"dataset!", sop_class=wire.MR))
        assert peer.response().status == 0xA900
        peer.send(wire.store(b"dataset!"))
        assert peer.response().status == 0
        peer.release()


def test_it_leaves_nothing_of_an_aborted_object(post):
    for end in (wire.ABORT, b""):
        with socket.create_connection(("127.0.0.1", post.port)) as connection:
            peer = wire.Peer(connection)
            peer.associate()
            peer.send(wire.data(wire.pdv(3, wire.command(1), command=True), wire.pdv(3, b"half an", last=False)), end)
            if end:
                assert peer.pdu() == (0, b"")
    assert [line["event"] for line in post.log(2)] == ["aborted", "aborted"]
    assert post.spooled() == post.leftovers() == []


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes(4000), b"\xff" * 4000,
                                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"])  # fmt: skip
def test_it_ends_what_is_not_dicom_and_goes_on(tmp_path, acceptor, garbage):
    with receiver(tmp_path / "home", acceptor, limits=Limits(request_s=2, closing_s=0.5, stalled_s=2)) as post:
        with socket.create_connection(("127.0.0.1", post.port)) as connection:
            connection.sendall(garbage)
            peer = wire.Peer(connection)
            while peer.pdu()[0]:
                pass
        run("echoscu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", post.port)
        events = wire.wait_until(lambda: len(post.log()) == 2 and sorted(line["event"] for line in post.log()))
        assert events == ["aborted", "closed"]


def test_it_lets_a_silent_sender_hold_nothing_but_its_connection(tmp_path, acceptor):
    limits = Limits(request_s=3, closing_s=0.3, idle_s=3, stalled_s=60)  # enough for who is not silent
    with receiver(tmp_path / "home", acceptor, limits=limits) as post:
        silent = [socket.create_connection(("127.0.0.1", post.port)) for _ in range(3)]
        idle = wire.Peer(socket.create_connection(("127.0.0.1", post.port)))
        idle.associate()
        association = post.associate((Verification, [IMPLICIT]))
        assert association.send_c_echo().Status == 0
        association.release()
        for connection in (*silent, idle.connection):
            connection.settimeout(60)
            while connection.recv(100):
                pass
            connection.close()
        wire.wait_until(lambda: "timed_out_idle" in [line["reason"] for line in post.log()])


def test_it_refuses_more_associations_than_it_may_hold(tmp_path, acceptor):
    with receiver(tmp_path / "home", acceptor, limits=Limits(max_associations=1, closing_s=0.3)) as post:
        first = post.associate((Verification, [IMPLICIT]))
        assert first.is_established
        said = run("echoscu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", post.port, code=1)
        assert "Rejected Transient, Source: Service Provider (Presentation Related)" in said
        assert "Local Limit Exceeded" in said
        first.release()
        assert post.log(2)[0]["reason"] == "too_many_associations"


def test_it_speaks_tls_and_asks_for_a_certificate(tmp_path, acceptor):
    authority, tls = certificates(tmp_path)
    with receiver(tmp_path / "home", acceptor, tls=tls) as post:
        trusting = ssl.create_default_context(cafile=str(authority))
        trusting.check_hostname = False
        run("echoscu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", post.port, code=1)  # no TLS at all
        assert not is_answered(trusting, post.port)  # without a certificate of ours
        trusting.load_cert_chain(tls.certificate, tls.key)
        association = post.associate((Verification, [IMPLICIT]), (CT, [EXPLICIT]), tls_args=(trusting, None))
        assert association.send_c_echo().Status == 0
        path = write(image(rows=600), tmp_path / "sent.dcm")
        assert association.send_c_store(path).Status == 0
        association.release()
        (spooled,) = post.spooled()
        assert data_set_bytes(spooled) == data_set_bytes(path)
        assert "tls_failed" in [line["reason"] for line in post.log(3)]


def is_answered(context, port) -> bool:
    """Whether a request for an association gets any answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        try:
            with context.wrap_socket(plain) as secured:
                secured.sendall(wire.request())
                return bool(secured.recv(1))
        except OSError:
            return False


def certificates(folder):
    """(authority, files of a listener that asks for certificates), all signed by themselves."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return certificate, Tls(certificate, private, certificate)
