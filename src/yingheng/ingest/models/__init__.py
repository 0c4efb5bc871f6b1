"""Tables of intake: who sends, who is sent to, and what is under way."""

from yingheng.ingest.models.commitment import Commitment, CommitmentAsk
from yingheng.ingest.models.forwarding import Delivery, ForwardRule, Notice, SentObject, Webhook
from yingheng.ingest.models.messages import Awaited, Message, MessageSource, RefusedMessage
from yingheng.ingest.models.peers import LocalAE, RemoteAE
from yingheng.ingest.models.policy import IntakePolicy
from yingheng.ingest.models.querying import Query, QueryPlan, QueryStudy
from yingheng.ingest.models.watching import WatchedFile, WatchedFolder

__all__ = [
    "Awaited",
    "Commitment",
    "CommitmentAsk",
    "Delivery",
    "ForwardRule",
    "IntakePolicy",
    "LocalAE",
    "Message",
    "MessageSource",
    "Notice",
    "Query",
    "QueryPlan",
    "QueryStudy",
    "RefusedMessage",
    "RemoteAE",
    "SentObject",
    "WatchedFile",
    "WatchedFolder",
    "Webhook",
]
