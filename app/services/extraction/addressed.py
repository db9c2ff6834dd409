"""Whether a document speaks to the model that reads it. It is told, and changes nothing else."""

from __future__ import annotations

import re
from unicodedata import normalize

from app.services.extraction.result import Flag

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+")
_ORDERS = r"(instruction|prompt|rule|direction|command|guideline)s?"
_DROP = r"\b(ignore|disregard|forget|override|bypass)"
_SPEECH = re.compile(
    "|".join(
        [
            rf"{_DROP}\b.{{0,60}}\b{_ORDERS}\b",
            rf"{_DROP} (all |everything )?(of )?(the |that is |that's )?(above|foregoing)\b",
            r"\b(new|updated|real|actual) instructions?\b ?[:.]",
            r"\byou are (now|no longer)\b",
            r"\b(system|developer|hidden) (prompt|message|instructions?)\b",
            r"^[ \t]{0,8}[#*\[<(|]{0,4} ?(system|assistant|developer) ?[\]>)|]{0,4} ?:",
            r"<\|?/?(im_start|im_end|system|assistant|endoftext|eot_id|start_header_id)\b",
            r"\[/?inst\]|<</?sys>>",
            r"\b(dear|attention|hey|hello|note to( the)?|as an?)\W{1,3}(ai|llm|assistant|model)\b",
            r"\b(call|use|invoke|run)\b.{0,20}\b(tool|function)\b",
            r"\b(respond|reply|answer|output) (only )?with\b",
            r"\bignorier\w*\b.{0,40}\b(anweisung|instruktion|regel)",
            r"\b(ignore[zr]?|oublie[zr]?)\b.{0,40}\b(instructions|consignes|règles)",
            r"\b(ignor[ae]|olvid[ae])\b.{0,40}\b(instrucciones|istruzioni|instruções)",
            r"(忽略|无视|忽視|無視).{0,12}(指令|指示|说明|說明|命令|规则|規則)",
            r"(指示|命令|ルール|プロンプト).{0,8}(無視|忘れ)",
            r"игнорируй.{0,40}(инструкци|указани)",
        ]
    ),
    re.MULTILINE,
)


def flags(text: str) -> list[Flag]:
    plain = _UNSEEN.sub("", normalize("NFKC", text)).casefold()
    return ["document_speaks_to_the_model"] if _SPEECH.search(plain) else []
