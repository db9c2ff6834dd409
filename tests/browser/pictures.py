"""Small images, made here."""

import struct
import zlib
from pathlib import Path


def png(width: int = 48, height: int = 32, colour: bytes = b"\x0f\x6b\x5c") -> bytes:
    """One colour all over, as RGB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * width) * height
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def saved(folder: Path, name: str = "leaf.png", content: bytes | None = None) -> Path:
    """A file to choose or to drag."""
    file = folder / name
    file.write_bytes(png() if content is None else content)
    return file
