"""A PDF's objects as a file: object stream and cross-reference stream (ISO 32000-1, 7.5.7 and 7.5.8).

pydyf's own writer turns every object into bytes, and compresses it, a second time for the file's identifier; here once.
"""

import hashlib
import zlib
from typing import Any

_HEAD = b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"


def file_bytes(pdf: Any) -> bytes:
    """The file of a `pydyf.PDF` that has all its objects; its identifier is the hash of what it holds."""
    pdf.add_object(pdf.info)
    out = bytearray(_HEAD)
    digest = hashlib.md5(usedforsecurity=False)
    entries = [(0, 0, 65535)]
    packed: list[tuple[int, bytes]] = []
    stream_number = len(pdf.objects)
    for each in pdf.objects[1:]:
        data: bytes = each.data
        digest.update(data)
        if each.compressible:
            entries.append((2, stream_number, len(packed)))
            packed.append((each.number, data))
        else:
            entries.append((1, len(out), 0))
            out += _object(each.number, data)
    entries.append((1, len(out), 0))
    out += _object(stream_number, _object_stream(packed))
    entries.append((1, len(out), 0))
    references = len(out)
    name = b"<%s>" % digest.hexdigest().encode()
    more = b"/Type /XRef/Index [0 %d]/W [1 4 2]/Size %d" % (len(entries), len(entries))
    more += b"/Root %s/Info %s/ID [%s %s]" % (pdf.catalog.reference, pdf.info.reference, name, name)
    rows = b"".join(kind.to_bytes(1, "big") + a.to_bytes(4, "big") + b.to_bytes(2, "big") for kind, a, b in entries)
    out += _object(stream_number + 1, _stream(more, rows))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % references)


def _object_stream(packed: list[tuple[int, bytes]]) -> bytes:
    places = []
    place = 0
    for number, data in packed:
        places.append(b"%d %d" % (number, place))
        place += len(data) + 1
    head = b" ".join(places)
    more = b"/Type /ObjStm/N %d/First %d" % (len(packed), len(head) + 1)
    return _stream(more, b"\n".join([head, *(data for _, data in packed)]))


def _stream(more: bytes, content: bytes) -> bytes:
    content = zlib.compress(content, 9)
    return b"<<%s/Filter /FlateDecode/Length %d>>\nstream\n%s\nendstream" % (more, len(content), content)


def _object(number: int, data: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, data)
