"""The images of a message: what they are is what their bytes say."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.messages import ImagePart
from app.services.fetching import Fetcher
from app.services.images import Images
from tests.properties import examples

BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\n\0\0\0WEBP",
}


class Shelf(Fetcher):
    """Has the contents of a few addresses, so that nothing is fetched."""

    def __init__(self, **contents: bytes) -> None:
        super().__init__()
        self._contents = contents

    def get(self, url: str, accept: str, limit: int, seconds: float) -> bytes:
        content = self._contents.get(url.removeprefix("https://"))
        if content is None:
            raise BadInput("Its host has no public address.")
        return content


def data_url(content: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{b64encode(content).decode()}"


def refusals(images: Images, *sources: str) -> dict[str, list[str]]:
    with pytest.raises(BadInput) as caught:
        images.load(sources)
    assert caught.value.errors
    said: dict[str, list[str]] = caught.value.errors["images"]
    return said


@examples(200)
@given(st.sampled_from(sorted(BEGINNINGS)), st.sampled_from(sorted(BEGINNINGS)), st.binary())
def test_an_image(real: str, declared: str, rest: bytes) -> None:
    """What comes out is the same bytes under their real name, by whichever way they came."""
    content = BEGINNINGS[real] + rest
    images = Images(1_000, Shelf(picture=content))
    expected = (ImagePart(real, b64encode(content).decode()),)
    assert images.load([data_url(content, declared)]) == expected
    assert images.load(["https://picture"]) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"GIF88a",
        b"RIFF\0\0\0\0WAVE",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><title>\x89PNG\r\n\x1a\n</title>",
        b"\0\0\0 ftypavif",
    ],
)
def test_what_is_no_image(content: bytes) -> None:
    """SVG, HTML and all else is refused, whatever it is called."""
    images = Images(1_000, Shelf(thing=content))
    sources = [data_url(content, media_type) for media_type in BEGINNINGS]
    said = refusals(images, *sources, "https://thing")
    assert set(said) == {"0", "1", "2", "3", "4"}
    assert {s for [s] in said.values()} == {"It is not an image in PNG, JPEG, GIF or WebP."}


_nearly = st.text("AZaz09+/=-_ \n%é😀", max_size=12) | st.binary(max_size=9).map(
    lambda content: b64encode(content).decode()
)


@examples(400)
@given(_nearly)
def test_base64(tail: str) -> None:
    """It is taken if, and only if, encoding what it stands for gives it back."""
    data = b64encode(BEGINNINGS["image/png"] + b"x").decode() + tail
    try:
        right = b64encode(b64decode(data, validate=True)).decode() == data
    except ValueError:
        right = False
    images = Images(1_000, Shelf())
    if right:
        assert images.load([f"data:image/png;base64,{data}"])[0].data == data
    else:
        said = refusals(images, f"data:image/png;base64,{data}")
        assert said == {"0": ["What follows base64, is not base64."]}


@examples(100)
@given(st.lists(st.integers(20, 60), min_size=1, max_size=8), st.integers(20, 300))
def test_how_large_they_may_be(sizes: list[int], limit: int) -> None:
    """Together they keep the limit: the first ones that fit are fine, and the others are named."""
    contents = [BEGINNINGS["image/jpeg"].ljust(size, b"x") for size in sizes]
    shelf = Shelf(**{f"at{index}": content for index, content in enumerate(contents)})
    sources = [
        f"https://at{index}" if index % 2 else data_url(content)
        for index, content in enumerate(contents)
    ]
    over, left = set(), limit
    for index, size in enumerate(sizes):
        if size > left:
            over.add(str(index))
        else:
            left -= size
    images = Images(limit, shelf)
    if over:
        said = refusals(images, *sources)
        assert set(said) == over
        assert all(f"{limit} bytes" in sentence for [sentence] in said.values())
    else:
        assert [b64decode(image.data) for image in images.load(sources)] == contents


def test_each_has_its_sentence() -> None:
    """Errors come by index, and one that is refused spoils the others."""
    images = Images(1_000, Shelf())
    good = data_url(BEGINNINGS["image/png"])
    said = refusals(images, good, "https://nowhere", good, data_url(b"text"))
    assert said == {
        "1": ["Its host has no public address."],
        "3": ["It is not an image in PNG, JPEG, GIF or WebP."],
    }


def test_none() -> None:
    """No images are no trouble, also where none are taken."""
    assert Images(0, Shelf()).load([]) == ()
