"""The files of a tax period: return.csv, ec_sales_list.csv, oss.csv, to be typed in or handed over."""

from collections.abc import Sequence

from billing_job.billing.returns.boxes import Box
from billing_job.billing.returns.vat_return import VatReturn
from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import decimal_text, rate_text

RETURN, EC_SALES, OSS = "return.csv", "ec_sales_list.csv", "oss.csv"
RETURN_COLUMNS = ("box", "description", "vat_case", "rate", "net", "vat")
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
                    decimal_text(row.net_cents),
                    decimal_text(row.vat_cents),
                    row.correction_of,
                )
                for row in found.oss
            ],
        ),
    }


def _box(box: Box) -> Sequence[str]:
    amounts = ["" if cents is None else decimal_text(cents) for cents in (box.net_cents, box.vat_cents)]
    return (box.box, box.description, box.vat_case, box.rate, *amounts)
