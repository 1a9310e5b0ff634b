"""A tax period for files and programs: return.csv, ec_sales_list.csv and oss.csv, and the object of `--json`."""

from collections.abc import Sequence
from typing import Any

from billing_job.billing.returns.boxes import Box
from billing_job.billing.returns.vat_return import VatReturn
from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import decimal_text, rate_text

RETURN_SCHEMA = "billing-job/vat-return@1"
RETURN, EC_SALES, OSS = "return.csv", "ec_sales_list.csv", "oss.csv"
RETURN_COLUMNS = ("box", "description", "vat_case", "rate", "net", "vat", "form_net", "form_vat")
EC_COLUMNS = ("vat_id", "country", "net")
OSS_COLUMNS = ("country", "rate", "net", "vat", "correction_of")


def vat_csv_files(found: VatReturn) -> dict[str, bytes]:
    """The three files by name; one without rows is a nil return."""
    return {
        RETURN: csv_text(RETURN_COLUMNS, [_box(box) for box in found.boxes]),
        EC_SALES: csv_text(
            EC_COLUMNS, [(sale.vat_id, sale.country, decimal_text(sale.net_cents)) for sale in found.ec_sales]
        ),
        OSS: csv_text(
            OSS_COLUMNS,
            [
                (
                    row.country,
                    rate_text(row.rate),
                    _amount(row.net_cents),
                    _amount(row.vat_cents),
                    row.correction_of,
                )
                for row in found.oss
            ],
        ),
    }


def vat_json(found: VatReturn) -> dict[str, Any]:
    """The figures as one object; cents of `currency`, of the One Stop Shop's rows euro cents."""
    watched = found.threshold
    return {
        "schema": RETURN_SCHEMA,
        "period": str(found.period),
        "country": found.country,
        "currency": found.currency,
        "nil": found.is_nil,
        "boxes": [_box_json(box) for box in found.boxes],
        "by_case": [_box_json(box) for box in found.by_case],
        "ec_sales_list": [
            {"vat_id": sale.vat_id, "country": sale.country, "net_cents": sale.net_cents} for sale in found.ec_sales
        ],
        "oss": [
            {
                "country": row.country,
                "rate": rate_text(row.rate),
                "net_cents": row.net_cents,
                "vat_cents": row.vat_cents,
                "correction_of": row.correction_of,
            }
            for row in found.oss
        ],
        "missing_rates": [{"day": str(each.day), "currency": each.currency} for each in found.missing_rates],
        "threshold": None
        if watched is None
        else {
            "year": watched.year,
            "net_cents": watched.net_cents,
            "previous_net_cents": watched.previous_net_cents,
            "limit_cents": watched.limit_cents,
            "exceeded": watched.exceeded,
        },
        "accounts": [
            {
                "figure": each.figure,
                "vat_case": each.case,
                "rate": each.rate,
                "accounts": each.accounts,
                "journal_cents": each.journal_cents,
                "declared_elsewhere_cents": each.elsewhere_cents,
                "booked_elsewhere_cents": each.from_elsewhere_cents,
                "return_cents": each.return_cents,
                "currency": each.currency,
                "exchanged_cents": each.exchanged_cents,
            }
            for each in found.tied
        ],
        "time_differences": [
            {
                "number": each.number,
                "vat_case": each.case,
                "rate": rate_text(each.rate),
                "booked": str(each.booked),
                "declared": str(each.declared),
                "currency": each.currency,
                "net_cents": each.net_cents,
                "vat_cents": each.vat_cents,
            }
            for each in found.differences
        ],
    }


def _box_json(box: Box) -> dict[str, Any]:
    return {
        "box": box.box,
        "description": box.description,
        "vat_case": box.vat_case,
        "rate": box.rate,
        "net_cents": box.net_cents,
        "vat_cents": box.vat_cents,
        "form_net_cents": box.form_net_cents,
        "form_vat_cents": box.form_vat_cents,
    }


def _box(box: Box) -> Sequence[str]:
    amounts = [_amount(cents) for cents in (box.net_cents, box.vat_cents, box.form_net_cents, box.form_vat_cents)]
    return (box.box, box.description, box.vat_case, box.rate, *amounts)


def _amount(cents: int | None) -> str:
    return "" if cents is None else decimal_text(cents)
