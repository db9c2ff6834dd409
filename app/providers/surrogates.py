"""Emoji that a server cut in two: JSON escapes of half a surrogate pair in each of two frames."""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")


class SurrogateJoiner:
    """Holds a high surrogate back until its other half comes; a lone half becomes U+FFFD."""

    def __init__(self) -> None:
        self.held = ""

    def feed(self, text: str) -> str:
        # isascii() reads a flag of the string, so the common case costs nothing.
        if not self.held and (text.isascii() or not _HALF.search(text)):
            return text
        text, self.held = self.held + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self.held = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def flush(self) -> str:
        """What was held back and never met its other half."""
        held, self.held = self.held, ""
        return "\ufffd" if held else ""
