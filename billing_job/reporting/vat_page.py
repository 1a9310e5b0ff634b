"""The page of a tax period: every figure, the documents that it is the sum of, and the journal's accounts beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from jinja2 import TemplateError

from billing_job.billing.returns.boxes import CASE_WORDS, Box
from billing_job.billing.returns.vat_return import VatReturn
from billing_job.core.errors import DocumentError
from billing_job.core.money import grouped_text, rate_text
from billing_job.core.text import visible
from billing_job.documents.templates import Templates

TEMPLATE = "vat_return.html"
PAGE = "return.html"


@dataclass(frozen=True, slots=True)
class VatPage:
    """The return, and what is said about it."""

    found: VatReturn
    seller: str
    state: str
    """A sentence: closed, open, or not over yet."""
    notes: Sequence[str]


def vat_page_html(page: VatPage, templates: Templates) -> bytes:
    """The page, UTF-8, without a script; the same return gives the same bytes. DocumentError names a wrong template."""
    try:
        template = templates.environment.overlay(finalize=_shown).get_template(TEMPLATE)
        return template.render(view=_view(page)).encode()
    except (TemplateError, TypeError, ValueError) as error:
        raise DocumentError(f"template {TEMPLATE}: {error}; correct the template") from error


def _shown(value: object) -> object:
    return visible(value) if type(value) is str else value


def _view(page: VatPage) -> SimpleNamespace:
    found = page.found
    return SimpleNamespace(
        direction="ltr",
        title=f"VAT return {found.period}",
        seller=page.seller,
        country=found.country,
        currency=found.currency,
        state=page.state,
        notes=page.notes,
        boxes=[_box(box) for box in found.boxes],
        unit_sources="; ".join(found.unit_sources),
        by_case=[_box(box)[1:4] for box in found.by_case],
        ec_sales=[(sale.vat_id, sale.country, _amount(sale.net_cents)) for sale in found.ec_sales],
        ec_total=_amount(sum(sale.net_cents for sale in found.ec_sales)),
        oss=[
            (row.country, f"{rate_text(row.rate)} %", _known(row.net_cents), _known(row.vat_cents), row.correction_of)
            for row in found.oss
        ],
        threshold=_threshold(found),
        tied=[
            (
                {"net": "revenue", "vat": "VAT"}[each.figure],
                f"{each.case} {each.rate} %",
                each.accounts,
                each.currency,
                *map(_amount, (each.journal_cents, -each.elsewhere_cents, each.from_elsewhere_cents)),
                _amount(each.return_cents),
                _amount(each.exchanged_cents),
            )
            for each in found.tied
        ],
        differences=[
            (
                each.number,
                CASE_WORDS[each.case],
                str(each.booked),
                str(each.declared),
                each.currency,
                _amount(each.net_cents),
                _amount(each.vat_cents),
            )
            for each in found.differences
        ],
        shares=[
            (
                share.number,
                share.issue_date.isoformat(),
                share.client_id,
                share.country,
                CASE_WORDS[share.case],
                f"{rate_text(share.rate)} %",
                str(share.supplied),
                boxes,
                _amount(share.net_cents),
                _amount(share.vat_cents),
            )
            for share, boxes in zip(found.shares, found.boxes_of_share, strict=True)
        ],
    )


def _threshold(found: VatReturn) -> Sequence[tuple[str, str]]:
    if found.threshold is None:
        return ()
    return (
        (str(found.threshold.year), _amount(found.threshold.net_cents)),
        (str(found.threshold.year - 1), _amount(found.threshold.previous_net_cents)),
        ("limit", "EUR 10,000.00" if found.threshold.limit_cents is None else _amount(found.threshold.limit_cents)),
    )


def _box(box: Box) -> tuple[str, ...]:
    amounts = (box.net_cents, box.vat_cents, box.form_net_cents, box.form_vat_cents)
    return (box.box or "none", box.description, *("" if cents is None else _amount(cents) for cents in amounts))


def _known(cents: int | None) -> str:
    return "rate unknown" if cents is None else _amount(cents)


def _amount(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{grouped_text(cents)}"
