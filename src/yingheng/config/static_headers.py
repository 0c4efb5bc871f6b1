"""Headers of static files beyond the usual."""

from __future__ import annotations

from wsgiref.headers import Headers

# The decoders of compressed pictures are WebAssembly, which a policy of 'self' alone forbids.  A worker follows the
# policy of its own file, so this file alone may have it, and no page.
_DECODER = "/decodeImageFrameWorker-"
_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"


def add_headers(headers: Headers, _path: str, url: str) -> None:
    """The policy of the viewer's decoding worker."""
    if _DECODER in url:
        headers["Content-Security-Policy"] = _POLICY
