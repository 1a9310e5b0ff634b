"""A filled layout as a PDF/A-3a file: its fonts, metadata and attachments are each document's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pydyf  # type: ignore[import-untyped]
from weasyprint import VERSION
from weasyprint.pdf import VARIANTS
from weasyprint.pdf.anchors import write_pdf_attachment
from weasyprint.pdf.fonts import build_fonts_dictionary
from weasyprint.pdf.metadata import DocumentMetadata

from billing_job.documents.pdf.cached_layout import CachedLayout, FilledTexts
from billing_job.documents.pdf.glyph_runs import Fonts
from billing_job.documents.pdf.page_shape import PageTexts
from billing_job.documents.pdf.pdf_objects import divided, packed, pdf_file
from billing_job.documents.pdf.xmp import complete_metadata


def filled_layout_file(
    layout: CachedLayout,
    filling: FilledTexts,
    page: PageTexts,
    fonts: Fonts,
    *,
    day: date,
    attachments: Sequence[Any],
    facturx: bool,
    options: dict[str, Any],
) -> bytes:
    """The file; `attachments` are WeasyPrint's, `options` what WeasyPrint was told when the layout was made."""
    pdf = pydyf.PDF()
    pdf.catalog, pdf.info = pydyf.Dictionary(dict(layout.catalog)), _info(page, day)
    pdf.catalog.number, pdf.info.number = layout.catalog_number, layout.info_number
    # What is added is numbered after the layout's own objects and the stream that holds them.
    first = layout.size + 1
    pdf.objects = [None] * first
    _attach(pdf, attachments)
    used = build_fonts_dictionary(pdf, fonts.used(filling.runs), True, True, options)
    used.number = layout.fonts_number
    add_metadata, _ = VARIANTS[options["pdf_variant"]]
    add_metadata(pdf, _Described(_metadata(page, day)), [], attachments, True)
    complete_metadata(pdf, facturx=facturx)
    streams, small = divided([pdf.catalog, pdf.info, used, *pdf.objects[first:]])
    slots = {"alternative": page.alternatives, "heading": page.headings}
    for each in layout.slotted:
        parts = (part if isinstance(part, bytes) else pydyf.String(slots[part[0]][part[1]]).data for part in each.parts)
        small.append((each.number, b"".join(parts)))
    return pdf_file(
        [*layout.streams, *filling.streams, *streams],
        [(layout.size, layout.small), (len(pdf.objects), packed(small))],
        root=layout.catalog_number,
        info=layout.info_number,
    )


@dataclass(frozen=True, slots=True)
class _Described:
    """As much of a document as WeasyPrint's PDF/A part asks for."""

    metadata: DocumentMetadata


def _metadata(page: PageTexts, day: date) -> DocumentMetadata:
    moment = f"{day.isoformat()}T00:00:00Z"
    return DocumentMetadata(
        title=page.head.get("title"),
        authors=[page.head["author"]] if "author" in page.head else [],
        generator=page.head.get("generator"),
        created=moment,
        modified=moment,
    )


def _info(page: PageTexts, day: date) -> Any:
    moment = f"D:{day:%Y%m%d}000000Z"
    values = {
        "Producer": f"WeasyPrint {VERSION}",
        "Title": page.head.get("title"),
        "Author": page.head.get("author"),
        "Creator": page.head.get("generator"),
        "CreationDate": moment,
        "ModDate": moment,
    }
    return pydyf.Dictionary({name: pydyf.String(value) for name, value in values.items() if value})


def _attach(pdf: Any, attachments: Sequence[Any]) -> None:
    """Embed files, named in the catalogue (ISO 32000-1, 7.11.4)."""
    names = pydyf.Dictionary({"Names": pydyf.Array()})
    for attachment in attachments:
        described = write_pdf_attachment(pdf, attachment, True)
        names["Names"] += [described["F"], described.reference]
    pdf.add_object(names)
    pdf.catalog["Names"] = pydyf.Dictionary({"EmbeddedFiles": names.reference})
