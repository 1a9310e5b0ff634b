"""Faults in one page of the list: rows that are missing or doubled, and a meta that does not fit them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from billing_job.didfarm.sandbox.faults import Fault
from billing_job.didfarm.sandbox.holdings import WireRow
from billing_job.didfarm.sandbox.wallet import Wallet


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list before it becomes JSON: {"data": data, "meta": meta}."""

    number: int
    """As it was asked for, from 1."""
    size: int
    data: list[WireRow] | None
    meta: dict[str, object]


def page_of(wallet: Wallet, number: int, size: int) -> Page:
    """The page as it should be."""
    rows, total = wallet.page(number, size)
    return Page(number, size, rows, {"total": total, "page": number})


def _duplicate_id(page: Page, fault: Fault, wallet: Wallet) -> Page:
    rows = page.data or []
    return replace(page, data=[*rows[:1], *rows[:1], *rows[2:]])


def _short_page(page: Page, fault: Fault, wallet: Wallet) -> Page:
    rows = page.data or []
    return replace(page, data=rows[: len(rows) // 2])


def _empty_page(page: Page, fault: Fault, wallet: Wallet) -> Page:
    return replace(page, data=[])


def _null_data(page: Page, fault: Fault, wallet: Wallet) -> Page:
    return replace(page, data=None)


def _stale_total(page: Page, fault: Fault, wallet: Wallet) -> Page:
    return replace(page, meta=page.meta | {"total": wallet.total - fault.number()})


def _bad_total(page: Page, fault: Fault, wallet: Wallet) -> Page:
    wrong: dict[str, dict[str, object]] = {
        "missing": {},
        "null": {"total": None},
        "string": {"total": str(wallet.total)},
        "negative": {"total": -wallet.total},
    }
    rest = {name: value for name, value in page.meta.items() if name != "total"}
    return replace(page, meta=wrong[str(fault.values[0])] | rest)


def _wrong_page(page: Page, fault: Fault, wallet: Wallet) -> Page:
    return replace(page, meta=page.meta | {"page": page.number + 1})


def _clamp_page(page: Page, fault: Fault, wallet: Wallet) -> Page:
    last = max(1, -(-wallet.total // page.size))
    return page if page.number <= last else page_of(wallet, last, page.size)


def _page_size(page: Page, fault: Fault, wallet: Wallet) -> Page:
    return page_of(wallet, page.number, fault.number())


PAGE_FAULTS: dict[str, Callable[[Page, Fault, Wallet], Page]] = {
    "duplicate_id": _duplicate_id,
    "short_page": _short_page,
    "empty_page": _empty_page,
    "stale_total": _stale_total,
    "bad_total": _bad_total,
    "wrong_page": _wrong_page,
    "clamp_page": _clamp_page,
    "page_size": _page_size,
    "null_data": _null_data,
}
"""What each fault makes of a page."""
