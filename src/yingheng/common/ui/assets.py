"""Addresses of the built style sheet and scripts, from the bundler's manifest."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

DIST = Path(__file__).parent / "static" / "dist"
ENTRIES = {"app": "scripts/app.ts", "viewer": "viewer/main.ts", "reading": "reading/main.ts"}


@lru_cache(maxsize=1)
def _read(path: Path, _modified: int) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def manifest() -> dict[str, Any]:
    """The manifest; read anew only when a build has replaced it."""
    path = DIST / "manifest.json"
    try:
        modified = path.stat().st_mtime_ns
    except FileNotFoundError as exc:
        raise ImproperlyConfigured("the interface is not built: `npm ci && npm run build` in frontend/") from exc
    return _read(path, modified)


def entry_files(name: str) -> tuple[list[str], list[str]]:
    """(style sheets, scripts) of an entry as addresses.  An unknown entry raises KeyError."""
    built = manifest()
    styles: list[str] = []
    seen: set[str] = set()
    queue = [ENTRIES[name]]
    while queue:
        key = queue.pop(0)
        if key not in seen:
            seen.add(key)
            styles += built[key].get("css", [])
            queue += built[key].get("imports", [])
    script = built[ENTRIES[name]]["file"]
    return [static(f"dist/{style}") for style in dict.fromkeys(styles)], [static(f"dist/{script}")]
