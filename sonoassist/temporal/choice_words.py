"""What the reason for an automatic choice begins with; its confidence follows."""

from __future__ import annotations

HIGHEST = "highest steady confidence"
SECOND = "next best after a refused one, steady confidence"
