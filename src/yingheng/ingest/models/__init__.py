"""Tables of intake: who sends, who is sent to, and what is under way."""

from yingheng.ingest.models.peers import LocalAE, RemoteAE

__all__ = ["LocalAE", "RemoteAE"]
