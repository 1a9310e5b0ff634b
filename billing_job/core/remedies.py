"""What helps against each reason to wait: one table, for the queue on the terminal, the month's page and the docs.

What many transactions lack is one thing to do: a row of a file, a setting, a decision.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do: `title` names it in a few words, `how` says where and with which command."""

    title: str
    how: str


NUMBERS = Remedy(
    "Numbers and orders without a row",
    "say on which trunk each one is in numbers.csv: `billing-job init --from-ledger` proposes the rows",
)
TRUNKS = Remedy("Trunks without a client", "say whose each one is in trunks.csv: `billing-job init` proposes the rows")
DATES = Remedy("Numbers on no trunk at that moment", "extend valid_from or valid_to of the row in numbers.csv")
TRUNK_DATES = Remedy(
    "Trunks that are nobody's at that moment", "extend valid_from or valid_to of the row in trunks.csv, or add a row"
)
DECIDE = Remedy(
    "References to nothing that a file could name",
    "decide: `billing-job exceptions resolve ID… --client ID --reason TEXT`, or --house",
)
OTHERS = Remedy("What waits for another reason", DECIDE.how)
CHECK = Remedy(
    "Rows that no client can be charged for",
    "ask DIDfarm what they are; `billing-job exceptions resolve ID… --house --reason TEXT` settles them",
)
BY_REASON = {
    "unassigned_number": DATES,
    "unassigned_trunk": TRUNK_DATES,
    "ambiguous_order": Remedy(
        "Orders of several clients", "write what each number cost into the column price of numbers.csv"
    ),
    "unknown_type": Remedy("Types without a category", "give each type a category in [categories] of billing.toml"),
    "untaxable_client": Remedy(
        "Clients that cannot be taxed", "complete country, vat_id or tax_treatment of the client in clients.csv"
    ),
    "refund_without_original": Remedy(
        "Refunds of nothing that is known",
        "say what the client gets back: `billing-job exceptions resolve ID --client ID --amount NET --reason TEXT`,"
        " or --house",
    ),
    "refund_taken_back": Remedy(
        "Refunds that took money",
        "each undoes another one: `billing-job exceptions resolve ID… --client ID --reason TEXT`, at what the plan"
        " asks, or --house",
    ),
    "original_waits": Remedy(
        "Refunds of what waits itself", "solve what they give back: they go with it; or decide about them on their own"
    ),
    "billed_row_changed": Remedy(
        "Billed rows that DIDfarm changed or withdrew",
        "credit the line (`billing-job credit … --rebill` bills it anew), or leave the documents as they are:"
        " `billing-job exceptions resolve ID… --accept --reason TEXT`",
    ),
    "vanished_row": Remedy(
        "Rows that DIDfarm no longer lists",
        "ask DIDfarm why; `billing-job exceptions resolve ID… --client ID --reason TEXT`, or --house",
    ),
    "not_settled": Remedy(
        "Rows that may not have moved money yet",
        "wait for DIDfarm, or name their status in settled_words or void_words of [api.transactions]",
    ),
    "unreadable_row": Remedy(
        "Rows that cannot be read",
        "`billing-job doctor --propose` finds how they are to be read; `exceptions resolve ID… --house --reason TEXT`"
        " settles single ones",
    ),
    "amount_too_large": CHECK,
    "foreign_currency": CHECK,
}
"""Reason of an exception → what helps; unknown_reference depends on what is referred to."""


def remedy_of(reason: str, reference_type: str = "") -> Remedy:
    """What helps a transaction that waits for this reason; a reason that the table lacks is to be decided about."""
    if reason == "unknown_reference":
        return {"number": NUMBERS, "order": NUMBERS, "trunk": TRUNKS}.get(reference_type, DECIDE)
    return BY_REASON.get(reason, OTHERS)
