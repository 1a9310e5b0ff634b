"""Under which accounts the journal has the revenue and the VAT of documents: what a VAT return is tied to."""

from collections.abc import Iterable, Iterator

from billing_job.accounting.accounts import AccountKind, Accounts
from billing_job.accounting.booking import document_entry
from billing_job.core.document import Document
from billing_job.core.money import rate_text
from billing_job.core.vat_posting import VatPosting


def vat_postings(documents: Iterable[Document], accounts: Accounts) -> Iterator[VatPosting]:
    """Those of each document's entry; ConfigError where accounts.csv has no account for one."""
    for document in documents:
        for posting in document_entry(document, accounts).postings:
            if posting.vat is not None:
                is_vat = posting.key.kind == AccountKind.VAT
                yield VatPosting(
                    number=document.number,
                    issue_date=document.issue_date,
                    figure="vat" if is_vat else "net",
                    case=posting.vat.case,
                    rate=rate_text(posting.vat.rate),
                    currency=document.currency,
                    account=posting.account,
                    account_name=posting.account_name,
                    cents=-posting.cents,
                )
