"""Static files of pages: what they share, and the page that needs no server (`export.web`).

The page of the local server (`serving.page`) has its own beside; nothing is fetched from elsewhere.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# Of both pages.
SHARED = ("icon.svg", "page.css", "parts.js", "choices.js", "camera.js", "panels.js", "runs.js")
# Of the page without a server.
ALONE = ("index.html", "alone.js", "engine.js", "isolate.js", "worker.js")
