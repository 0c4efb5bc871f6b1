"""Tables of intake: who sends, who is sent to, and what is under way."""

from yingheng.ingest.models.commitment import Commitment
from yingheng.ingest.models.forwarding import Delivery, ForwardRule, Notice, SentObject, Webhook
from yingheng.ingest.models.messages import Awaited, Message, MessageSource
from yingheng.ingest.models.peers import LocalAE, RemoteAE
from yingheng.ingest.models.querying import Query, QueryPlan, QueryStudy
from yingheng.ingest.models.watching import WatchedFile, WatchedFolder

__all__ = [
    "Awaited",
    "Commitment",
    "Delivery",
    "ForwardRule",
    "LocalAE",
    "Message",
    "MessageSource",
    "Notice",
    "Query",
    "QueryPlan",
    "QueryStudy",
    "RemoteAE",
    "SentObject",
    "WatchedFile",
    "WatchedFolder",
    "Webhook",
]
