"""The images of a message, made from what a caller sent: data URLs and addresses by https."""

from __future__ import annotations

import re
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from string import ascii_letters, digits

from app.errors import BadInput
from app.messages import ImagePart
from app.services.fetching import Fetcher, TooLarge

# What an image of each kind begins with. What it is called in its URL or by its server counts for
# nothing: a provider refuses an image that is not what it is said to be.
_BEGINNINGS = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_LONGEST_BEGINNING = 12
_ALPHABET = (ascii_letters + digits + "+/").encode()


class Images:
    """`limit` is how many bytes the images of one message may have together; what of them is to be
    fetched must be there within `seconds`.
    """

    def __init__(self, limit: int, fetcher: Fetcher, seconds: float = 10.0) -> None:
        self._limit = limit
        self._fetcher = fetcher
        self._seconds = seconds

    def load(self, sources: Sequence[str]) -> tuple[ImagePart, ...]:
        """The images, in their order; one after another, so that the limit holds in memory too.

        Raises:
            BadInput: some are none, or cannot be had; its errors have a sentence for each.
        """
        until, left = time.monotonic() + self._seconds, self._limit
        loaded, refused = list[ImagePart](), dict[int, str]()
        for index, source in enumerate(sources):
            try:
                image = self._image(source, left, until)
            except TooLarge:
                refused[index] = f"With it the images have more than {self._limit} bytes together."
            except BadInput as error:
                refused[index] = error.detail
            else:
                left -= _size(image.data)
                loaded.append(image)
        if refused:
            raise _refusal(refused)
        return tuple(loaded)

    def _image(self, source: str, left: int, until: float) -> ImagePart:
        if source.startswith("data:"):
            data = source.partition(",")[2]
            if not _is_base64(data):
                raise BadInput("What follows base64, is not base64.")
        else:
            seconds = max(0.0, until - time.monotonic())
            content = self._fetcher.get(source, ", ".join(_BEGINNINGS), left, seconds)
            data = b64encode(content).decode()
        if _size(data) > left:
            raise TooLarge
        return ImagePart(_kind(data), data)


def _refusal(sentences: Mapping[int, str]) -> BadInput:
    return BadInput(
        " ".join(f"Image {index + 1}: {said}" for index, said in sentences.items()),
        errors={"images": {str(index): [said] for index, said in sentences.items()}},
    )


def _kind(data: str) -> str:
    """The media type of what is there, whatever was said of it."""
    beginning = b64decode(data[: _LONGEST_BEGINNING // 3 * 4])
    for media_type, pattern in _BEGINNINGS.items():
        if pattern.match(beginning):
            return media_type
    raise BadInput("It is not an image in PNG, JPEG, GIF or WebP.")


def _size(data: str) -> int:
    """Of what stands there in base64, in bytes."""
    return len(data) // 4 * 3 - data[-2:].count("=")


def _is_base64(data: str) -> bool:
    """In its one canonical form. Decoding megabytes to find out would hold up every stream."""
    body, last = data[:-4].encode(), data[-4:]
    if len(data) % 4 or body.translate(None, _ALPHABET):
        return False
    try:
        return b64encode(b64decode(last, validate=True)).decode() == last
    except ValueError:
        return False
