"""The bound against the tokenizers that vendors have published, on texts that are dear to count."""

from __future__ import annotations

import base64
import json
import random
import subprocess
from pathlib import Path
from unicodedata import normalize

import pytest

from app.metering.bounds import bound
from tests.server.process import ROOT, require

_CLIENTS = ROOT / "tests" / "clients"
_WRITTEN = {
    "english": "The quick brown fox jumps over the lazy dog, and nobody has ever asked it why. ",
    "chinese": "敏捷的棕色狐狸跳过懒狗，从来没有人问过它为什么。龘靐齉爩",
    "japanese": "いろはにほへと　ちりぬるを。ｶﾀｶﾅと漢字。",
    "thai": "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน ",
    "arabic": "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر ﷽",
    "hindi": "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश। ",
    "emoji": "😀👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🫠❤️‍🔥🇺🇳",
    "zalgo": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "code": "def f(x):\n\treturn {k: [v ** 2 for v in vs] for k, vs in x.items()}  # ¯\\_(ツ)_/¯\n",
    "digits": "3.14159265358979323846264338327950288419716939937510 0x7fff_ffff ",
    "spaces": " \t\n\r\n   \u3000\u00a0\u2003",
}


@pytest.fixture(scope="module")
def clients() -> Path:
    """The npm packages, installed once as their lock file says."""
    require("node")
    if not (_CLIENTS / "node_modules" / "js-tiktoken").exists():
        subprocess.run([require("npm"), "ci", "--no-audit", "--no-fund"], cwd=_CLIENTS, check=True)
    return _CLIENTS


def corpus() -> dict[str, str]:
    """Each script by itself, in other normal forms, all mixed, and what no language is."""
    chance = random.Random(5)
    texts = {name: text * 20 for name, text in _WRITTEN.items()}
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        texts |= {f"{name}, {form}": normalize(form, text) for name, text in _WRITTEN.items()}
    texts["base64"] = base64.b64encode(chance.randbytes(3_000)).decode()
    texts["mixed"] = "".join(chance.choices("".join(_WRITTEN.values()), k=2_000))
    for number in range(40):
        points = (chance.randrange(0x20, 0x2FFFF) for _ in range(300))
        texts[f"any characters {number}"] = "".join(
            chr(point) for point in points if not 0xD800 <= point < 0xE000
        )
    return texts


def test_the_bound_is_above_every_count(clients: Path) -> None:
    """No tokenizer makes more of a text than the bound, the frame of a request not counted."""
    texts = corpus()
    counted = subprocess.run(
        ["node", "count.mjs"],
        cwd=clients,
        input=json.dumps(list(texts.values())).encode(),
        capture_output=True,
        check=True,
    )
    frame = bound([], messages=0)
    bounds = [bound([text], messages=0) - frame for text in texts.values()]
    for tokenizer, counts in json.loads(counted.stdout).items():
        for name, most, count in zip(texts, bounds, counts, strict=True):
            assert 0 < count <= most, (tokenizer, name)
