"""Why an association was refused or ended early and why an object was not taken: codes, answers and words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """For an administrator: what happened and, where there is something to do, what."""

    zh: str
    en: str


class Refused(Exception):  # noqa: N818 - what happened, as in common.errors
    """An association is not accepted; `reason` is a key of REJECTIONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ObjectRefused(Exception):  # noqa: N818
    """A message is answered with a failure while the association goes on; `reason` is a key of STATUSES."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# A-ASSOCIATE-RJ: result, source, reason (PS3.8 table 9-21)
REJECTIONS: dict[str, tuple[int, int, int]] = {
    "called_ae_unknown": (1, 1, 7),
    "calling_ae_unknown": (1, 1, 3),
    "address_not_allowed": (1, 1, 3),
    "application_context_unknown": (1, 1, 2),
    "protocol_version_unsupported": (1, 2, 2),
    "not_configured": (2, 3, 1),
    "too_many_associations": (2, 3, 2),
}

# DIMSE status (PS3.7 annex C, PS3.4 B.2.3)
SUCCESS = 0x0000
STATUSES: dict[str, int] = {
    "storage_full": 0xA700,
    "storage_failed": 0xA700,
    "object_too_big": 0xA700,
    "class_mismatch": 0xA900,
    "object_empty": 0xC000,
    "uid_invalid": 0x0117,
    "class_unsupported": 0x0122,
    "action_unknown": 0x0123,
    "command_unsupported": 0x0211,
}

# the same for N-CREATE, N-SET and N-ACTION where they have other codes
_OTHER_STATUSES: dict[str, int] = {
    "storage_full": 0x0213,
    "storage_failed": 0x0110,
    "object_too_big": 0x0213,
    "class_mismatch": 0x0119,
    "object_empty": 0x0120,
}


def status_of(reason: str, *, of_store: bool) -> int:
    """The status that answers a message refused for that reason."""
    return STATUSES[reason] if of_store else _OTHER_STATUSES.get(reason, STATUSES[reason])


WORDS: dict[str, Words] = {
    # refusals
    "called_ae_unknown": Words(
        "被叫 AE 标题不是本系统的：请核对设备上的设置",
        "the called AE title is none of ours: check the sender's settings",
    ),
    "calling_ae_unknown": Words(
        "主叫 AE 标题未登记为可发送：如属本院设备，请在连接中登记",
        "the calling AE title is not registered as a sender: register it among the connections if it is yours",
    ),
    "address_not_allowed": Words(
        "主叫 AE 标题已登记，但来自未允许的地址", "the calling AE title is registered, but not for this address"
    ),
    "application_context_unknown": Words(
        "对方提出的应用上下文不是 DICOM", "the application context is not that of DICOM"
    ),
    "protocol_version_unsupported": Words("对方的协议版本不受支持", "the protocol version is not supported"),
    "not_configured": Words("接收端尚无配置：请在连接中保存一次", "the receiver has no configuration yet"),
    "too_many_associations": Words(
        "同时进行的关联过多，已请对方稍后再试", "too many associations at once; asked to try later"
    ),
    "too_many_connections": Words("同时的连接过多，未应答即关闭", "too many connections at once; closed unanswered"),
    "tls_failed": Words("TLS 握手失败：检查证书与版本", "the TLS handshake failed: check certificates and versions"),
    # ends
    "not_dicom": Words("连接上来的不是 DICOM", "what connected does not speak DICOM"),
    "pdu_unrecognised": Words("收到未知类型的 PDU", "a PDU of an unknown type"),
    "pdu_unexpected": Words("收到此时不应出现的 PDU", "a PDU that may not come at this point"),
    "pdu_invalid": Words("PDU 内容或长度有误", "a PDU whose contents or lengths are wrong"),
    "pdu_too_long": Words("PDU 超过约定的最大长度", "a PDU longer than agreed"),
    "message_invalid": Words("DIMSE 消息有误或次序错乱", "a DIMSE message that is wrong or out of order"),
    "peer_aborted": Words("对方中止了关联", "the sender aborted"),
    "connection_lost": Words("对方未释放关联即断开", "the connection was lost without a release"),
    "timed_out_request": Words("连接后迟迟没有关联请求", "no association request in time after connecting"),
    "timed_out_idle": Words("关联长时间空闲，已中止", "idle for too long"),
    "timed_out_stalled": Words("消息传到一半停住，已中止", "a message stopped half way"),
    "stopping": Words("接收端正在停止", "the receiver was stopping"),
    "internal_error": Words("接收端内部错误，见系统日志", "an error inside the receiver; see its log"),
    # objects
    "storage_full": Words("磁盘已满，对象未收：请清理空间", "the disk is full, the object was not taken: make room"),
    "storage_failed": Words(
        "写盘失败，对象未收：请检查磁盘", "writing failed, the object was not taken: check the disk"
    ),
    "object_too_big": Words("对象超过大小上限", "an object above the limit of size"),
    "object_empty": Words("消息没有数据集", "a message without a data set"),
    "uid_invalid": Words("对象的 UID 缺失或不合规范", "a UID that is missing or malformed"),
    "class_mismatch": Words("SOP 类与协商的表示上下文不一致", "the SOP class is not that of the presentation context"),
    "class_unsupported": Words("此 SOP 类不支持该操作", "this operation is not supported for the SOP class"),
    "action_unknown": Words("不支持的 N-ACTION 类型", "an N-ACTION of an unknown type"),
    "command_unsupported": Words("不支持的 DIMSE 操作", "a DIMSE operation that is not supported"),
}


def storage_reason(error: OSError) -> str:
    """Which of the two reasons an error of the spool is."""
    import errno  # noqa: PLC0415 - only after a failure

    return "storage_full" if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} else "storage_failed"
