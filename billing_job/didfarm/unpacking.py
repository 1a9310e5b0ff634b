"""The body of an answer, unpacked within a bound: a few kilobytes of gzip may stand for gigabytes.

We ask for gzip alone and unpack it ourselves, piece by piece: httpx unpacks each piece that arrives whole, whatever it
becomes. Other packings, which nobody asked for, are refused by name.
"""

import zlib
from collections.abc import Iterable, Iterator

from billing_job.didfarm.dotted_paths import UnexpectedShape

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Of one answer, unpacked; a list of 100,000 transactions in one piece has some 30 MiB."""
MOST_LAYERS = 2
"""A proxy may pack once more what was packed."""
_PIECE = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_READ = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


class TooLarge(Exception):
    """The body is larger than MAX_BODY_BYTES."""


def unpacked(pieces: Iterable[bytes], content_encoding: str) -> bytes:
    """The whole body of an answer with that Content-Encoding.

    Errors: TooLarge; UnexpectedShape for a packing that was not asked for; zlib.error where the bytes are broken;
    EOFError where they end too early.
    """
    layers = [name.strip().lower() for name in content_encoding.split(",")]
    layers = [name for name in layers if name not in ("", "identity")]
    strange = [name for name in layers if name not in _READ]
    if strange or len(layers) > MOST_LAYERS:
        raise UnexpectedShape(f"it is packed as {content_encoding[:60]!r}, asked was gzip")
    stream: Iterator[bytes] = iter(pieces)
    for name in reversed(layers):
        stream = _bounded(stream)
        stream = _inflated(stream, _READ[name])
    return b"".join(_bounded(stream))


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise TooLarge(f"the answer is larger than {MAX_BODY_BYTES // 1024**2} MiB")
        yield piece


def _inflated(pieces: Iterable[bytes], window: int) -> Iterator[bytes]:
    """Unpacked in pieces of at most 256 KiB; a gzip file may have several members, one after the other."""
    inflate = zlib.decompressobj(window)
    begun = False
    for piece in pieces:
        rest = piece
        while rest:
            if inflate.eof:
                inflate = zlib.decompressobj(window)
            begun = True
            out = inflate.decompress(rest, _PIECE)
            rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            if out:
                yield out
    if begun and not inflate.eof:
        raise EOFError("the packed answer ends too early")
