"""Runs under the system's python3: GnuCash's own business importers read our files into a fresh book, without a window.

Standard input: {"folder": …, "accounts": {"Assets:Receivable": "receivable"}, "date_format": "iso"}; the folder holds
gnucash_customers.csv and gnucash_invoices.csv. Into said.json go what the importers said, and cents by account.
"""

import ctypes
import json
import sys
import sysconfig
from pathlib import Path
from typing import Any

# The importers' log messages are made by GnuCash's Scheme; it must be awake before the libraries are.
ctypes.CDLL("libguile-3.0.so.1").scm_init_guile()

import gnucash  # noqa: E402
from gnucash import gnucash_core_c  # noqa: E402

CUSTOMER_FIELDS = (
    "id", "company", "name", "addr1", "addr2", "addr3", "addr4", "phone", "fax", "email", "notes", "shipname",
    "shipaddr1", "shipaddr2", "shipaddr3", "shipaddr4", "shipphone", "shipfax", "shipemail",
)  # fmt: skip
INVOICE_FIELDS = (
    "id", "date_opened", "owner_id", "billing_id", "notes", "date", "desc", "action", "account", "quantity", "price",
    "disc_type", "disc_how", "discount", "taxable", "taxincluded", "tax_table", "date_posted", "due_date",
    "account_posted", "memo_posted", "accu_splits",
)  # fmt: skip
TYPES = {
    "receivable": gnucash_core_c.ACCT_TYPE_RECEIVABLE,
    "revenue": gnucash_core_c.ACCT_TYPE_INCOME,
    "vat": gnucash_core_c.ACCT_TYPE_LIABILITY,
    "bank": gnucash_core_c.ACCT_TYPE_BANK,
    "bank_charge": gnucash_core_c.ACCT_TYPE_EXPENSE,
    "late_payment": gnucash_core_c.ACCT_TYPE_INCOME,
}
DATE_FORMATS = {"us": 0, "uk": 1, "ce": 2, "iso": 3}
G_TYPE_STRING = 16 << 2
LIBRARIES = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH"), "gnucash")


class Stats(ctypes.Structure):
    """Rows read, rows that did not fit the pattern, and those rows."""

    _fields_ = (("imported", ctypes.c_int), ("ignored", ctypes.c_int), ("lines", ctypes.c_void_p))


class Text(ctypes.Structure):
    """GLib's growing string."""

    _fields_ = (("text", ctypes.c_char_p), ("length", ctypes.c_size_t), ("room", ctypes.c_size_t))


def pattern(fields: tuple[str, ...]) -> bytes:
    """A line with these fields between semicolons, as the dialogue's first choice reads it."""
    return ("^" + ";".join(f"(?<{field}>[^;]*)" for field in fields) + "$").encode()


def store(gtk: ctypes.CDLL, columns: int) -> ctypes.c_void_p:
    """The table of texts that the dialogue would show."""
    gtk.gtk_list_store_newv.restype = ctypes.c_void_p
    return ctypes.c_void_p(gtk.gtk_list_store_newv(columns, (ctypes.c_size_t * columns)(*[G_TYPE_STRING] * columns)))


def main() -> None:
    order = json.load(sys.stdin)
    folder = Path(order["folder"])
    engine = ctypes.CDLL(str(LIBRARIES / "libgnc-engine.so"))
    customers = ctypes.CDLL(str(LIBRARIES / "gnucash" / "libgnc-customer-import.so"))
    invoices = ctypes.CDLL(str(LIBRARIES / "gnucash" / "libgnc-bi-import.so"))
    gtk = ctypes.CDLL("libgtk-3.so.0")
    glib = ctypes.CDLL("libglib-2.0.so.0")

    session = gnucash.Session(f"xml://{folder / 'book.gnucash'}", gnucash.SessionOpenMode.SESSION_NEW_STORE)
    engine.gnc_set_current_session(ctypes.c_void_p(int(session.instance)))
    engine.gnc_set_account_separator(b":")
    engine.qof_date_format_set(DATE_FORMATS[order["date_format"]])
    book = session.book
    euro = book.get_table().lookup("CURRENCY", "EUR")
    accounts = {}
    for name, kind in sorted(order["accounts"].items()):
        parent = book.get_root_account()
        for depth, part in enumerate(parts := name.split(":"), 1):
            path = ":".join(parts[:depth])
            if path not in accounts:
                account = gnucash.Account(book)
                account.SetName(part)
                account.SetType(TYPES[kind])
                account.SetCommodity(euro)
                parent.append_child(account)
                accounts[path] = account
            parent = accounts[path]

    handle = ctypes.c_void_p(int(book.instance))
    numbers = [ctypes.c_uint(0) for _ in range(4)]
    fixed, deleted, created, updated = (ctypes.byref(number) for number in numbers)
    said = {}
    stats = Stats()
    table = store(gtk, len(CUSTOMER_FIELDS))
    file = str(folder / "gnucash_customers.csv").encode()
    customers.gnc_customer_import_read_file(file, pattern(CUSTOMER_FIELDS), table, 0, ctypes.byref(stats))
    customers.gnc_customer_import_fix_customers(table, fixed, deleted, b"CUSTOMER")
    customers.gnc_customer_import_create_customers(table, handle, created, updated, b"CUSTOMER")
    said["customers"] = {"created": numbers[2].value, "ignored": stats.ignored + numbers[1].value}
    # The importer gives new customers the desktop's currency; here there is no desktop.
    for customer in ids(folder / "gnucash_customers.csv"):
        found = book.CustomerLookupByID(customer)
        if found is not None:
            found.BeginEdit()
            found.SetCurrency(euro)
            found.CommitEdit()

    glib.g_string_new.restype = ctypes.POINTER(Text)
    info = glib.g_string_new(b"")
    table = store(gtk, len(INVOICE_FIELDS))
    file = str(folder / "gnucash_invoices.csv").encode()
    invoices.gnc_bi_import_read_file(file, pattern(INVOICE_FIELDS), table, 0, ctypes.byref(stats))
    invoices.gnc_bi_import_fix_bis(table, fixed, deleted, info, b"INVOICE")
    rows_deleted = numbers[1].value
    invoices.gnc_bi_import_create_bis(table, handle, created, updated, deleted, b"INVOICE", b"NONE", info, None)
    said["invoices"] = {
        "created": numbers[2].value,
        "ignored": stats.ignored + rows_deleted,
        "fixed": numbers[0].value,
        "posted": sum(
            found is not None and found.IsPosted()
            for found in (book.InvoiceLookupByID(number) for number in ids(folder / "gnucash_invoices.csv"))
        ),
    }
    said["info"] = info.contents.text.decode()
    said["customer_names"] = {
        key: found.GetName()
        for key in ids(folder / "gnucash_customers.csv")
        if (found := book.CustomerLookupByID(key)) is not None
    }
    enter_payments(folder / "gnucash_payments.csv", book, euro, accounts)
    session.save()
    session.end()
    # A date that was misread makes a book that no longer opens: the balances are those of the book read again.
    session = gnucash.Session(f"xml://{folder / 'book.gnucash'}", gnucash.SessionOpenMode.SESSION_READ_ONLY)
    root = session.book.get_root_account()
    said["balances"] = {
        account.get_full_name(): cents(account.GetBalance())
        for account in root.get_descendants()
        if cents(account.GetBalance())
    }
    session.end()
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


def enter_payments(file: Path, book: gnucash.Book, euro: Any, accounts: dict[str, Any]) -> None:
    """Enter the payments as the dialogue for transactions does, which has no way in without a window.

    The book refuses a transaction that does not balance when it is saved, and an account that it has not.
    """
    if not file.exists():
        return
    rows = [line.split(";") for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    for id_ in dict.fromkeys(row[1] for row in rows):
        transaction = gnucash.Transaction(book)
        transaction.BeginEdit()
        transaction.SetCurrency(euro)
        for day, own, number, description, account, amount in rows:
            if own == id_:
                year, month, of_month = map(int, day.split("-"))
                transaction.SetDate(of_month, month, year)
                transaction.SetDescription(description)
                transaction.SetNum(number)
                split = gnucash.Split(book)
                split.SetParent(transaction)
                split.SetAccount(accounts[account])
                value = gnucash.GncNumeric(int(amount.replace(".", "")), 100)
                split.SetValue(value)
                split.SetAmount(value)
        if transaction.GetImbalanceValue().num():
            raise ValueError(f"{id_} does not balance")
        transaction.CommitEdit()


def ids(file: Path) -> list[str]:
    """The first cell of every line, once."""
    return list(dict.fromkeys(line.split(";")[0] for line in file.read_text(encoding="utf-8").splitlines()))


def cents(amount: gnucash.GncNumeric) -> int:
    """An exact fraction as whole cents."""
    whole, rest = divmod(amount.num() * 100, amount.denom())
    if rest:
        raise ValueError(f"{amount} is not a whole number of cents")
    return int(whole)


main()
