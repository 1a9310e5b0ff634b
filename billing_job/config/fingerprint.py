"""One hash over all that the user says: when it is the same, what followed from it follows still."""

import base64
import hashlib
from pathlib import Path

CONFIGURATION_FILES = (
    "billing.toml",
    "clients.csv",
    "clients.xlsx",
    "trunks.csv",
    "trunks.xlsx",
    "numbers.csv",
    "numbers.xlsx",
    "prices.csv",
    "vat_rates.csv",
    "domestic_reverse_charge.csv",
    "exchange_rates.csv",
    "references.csv",
    "accounts.csv",
    "open_items.csv",
    "mandates.csv",
    "reminder_holds.csv",
    "interest_rates.csv",
    "charges.csv",
    "indices.csv",
)


def configuration_sha256(config_folder: Path) -> str:
    """One hash over all files of the configuration, those that are missing included."""
    digest = hashlib.sha256()
    for name in CONFIGURATION_FILES:
        path = config_folder / name
        content = path.read_bytes() if path.exists() else b""
        digest.update(name.encode() + b"\0" + base64.b16encode(hashlib.sha256(content).digest()) + b"\n")
    return digest.hexdigest()
