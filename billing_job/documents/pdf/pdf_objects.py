"""A PDF's objects as a file: object streams and a cross-reference stream (ISO 32000-1, 7.5.7 and 7.5.8).

pydyf's own writer turns every object into bytes, and compresses it, a second time for the file's identifier; here once.
"""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pydyf  # type: ignore[import-untyped]

_LEVEL = 6
"""zlib's strongest, 9, takes three times as long and saves a hundredth."""
_HEAD = b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"


@dataclass(frozen=True, slots=True)
class Packed:
    """An object stream, ready to be written: its objects' numbers in order, and what it says."""

    members: tuple[int, ...]
    stream: bytes
    digest: bytes


def packed(objects: Sequence[tuple[int, bytes]]) -> Packed:
    """The objects, by number, as one object stream; compressed."""
    places = []
    place = 0
    for number, data in objects:
        places.append(b"%d %d" % (number, place))
        place += len(data) + 1
    head = b" ".join(places)
    content = b"\n".join([head, *(data for _, data in objects)])
    stream = stream_bytes(b"/Type /ObjStm/N %d/First %d" % (len(objects), len(head) + 1), content)
    return Packed(tuple(number for number, _ in objects), stream, _digest(content))


def stream_bytes(entries: bytes, content: bytes) -> bytes:
    """A stream object with these entries in its dictionary; compressed."""
    content = zlib.compress(content, _LEVEL)
    return b"<<%s/Filter /FlateDecode/Length %d>>\nstream\n%s\nendstream" % (entries, len(content), content)


def pdf_file(
    streams: Iterable[tuple[int, bytes]], object_streams: Iterable[tuple[int, Packed]], *, root: int, info: int
) -> bytes:
    """The file of these objects, by number; its identifier is the hash of what they hold."""
    out = bytearray(_HEAD)
    digest = hashlib.md5(usedforsecurity=False)
    entries = {0: (0, 0, 65535)}

    def put(number: int, data: bytes) -> None:
        entries[number] = (1, len(out), 0)
        out.extend(b"%d 0 obj\n%s\nendobj\n" % (number, data))

    for number, data in streams:
        digest.update(data)
        put(number, data)
    for number, each in object_streams:
        digest.update(each.digest)
        put(number, each.stream)
        for place, member in enumerate(each.members):
            entries[member] = (2, number, place)
    references, last = len(out), max(entries) + 1
    entries[last] = (1, references, 0)
    name = b"<%s>" % digest.hexdigest().encode()
    more = b"/Type /XRef/Index [0 %d]/W [1 4 2]/Size %d" % (last + 1, last + 1)
    more += b"/Root %d 0 R/Info %d 0 R/ID [%s %s]" % (root, info, name, name)
    table = ((kind << 48) + (a << 16) + b for kind, a, b in (entries[number] for number in range(last + 1)))
    put(last, stream_bytes(more, b"".join(row.to_bytes(7, "big") for row in table)))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % references)


def file_bytes(pdf: Any) -> bytes:
    """The file of a `pydyf.PDF` that has all its objects."""
    pdf.add_object(pdf.info)
    streams, small = divided(pdf.objects[1:])
    return pdf_file(streams, [(len(pdf.objects), packed(small))], root=pdf.catalog.number, info=pdf.info.number)


def divided(objects: Iterable[Any]) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
    """Numbers and bytes of those pydyf objects that stand in the file themselves, and of those that can be packed."""
    streams: list[tuple[int, bytes]] = []
    small: list[tuple[int, bytes]] = []
    for each in objects:
        if each.compressible:
            small.append((each.number, written(each)))
        elif each.compress and all(isinstance(part, bytes) for part in each.stream):
            entries = pydyf.Dictionary(each.extra).data[2:-2]
            streams.append((each.number, stream_bytes(entries, b"\n".join(each.stream))))
        else:
            streams.append((each.number, each.data))
    return streams, small


def written(value: Any) -> bytes:
    """A value as pydyf writes it, an object too: most are small dictionaries of texts and numbers."""
    kind = type(value)
    if kind is bytes:
        return value  # type: ignore[no-any-return]
    if kind is str or kind is int:
        return str(value).encode("ascii")
    if kind is pydyf.Dictionary:
        return b"<<%s>>" % b"".join([b"/%s %s" % (written(key), written(part)) for key, part in value.items()])
    if kind is pydyf.Array:
        return b"[%s]" % b" ".join([written(part) for part in value])
    return pydyf.Array([value]).data[1:-1]  # type: ignore[no-any-return]


def _digest(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
