"""What `doctor` says of the user's files: the settings, and who is who, held against trunks and wallet."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from billing_job.billing.attribution.event_facts import disagreements
from billing_job.billing.invoicing.tax import has_valid_vat_id
from billing_job.config.fingerprint import CONFIGURATION_FILES
from billing_job.config.vat_forms import BOXES, DUE, EURO_RATES, UNITS
from billing_job.core.countries import EU
from billing_job.core.files.csv_reader import SUFFIX
from billing_job.core.parties import Client
from billing_job.core.sentences import counted, listed
from billing_job.core.wallet import Trunk
from billing_job.documents.accent import READABLE, accent_of, contrast_on_white
from billing_job.documents.postal_address import with_its_nought
from billing_job.documents.translations import LOCALES
from billing_job.ledger.last_look import supplier_trunks
from billing_job.month.job import Job
from billing_job.month.units_set_by_hand import units_set_by_hand
from billing_job.operations.doctor import Finding, Verdict
from billing_job.operations.reconcile import unknown_references
from billing_job.reporting.attribution_csv import short_source


def settings(job: Job) -> Iterator[Finding]:
    """The configuration, as far as reading it did not refuse it already."""
    yield _setting("ok", f"{counted(len(job.settings.plans), 'plan')}, prices in {job.settings.billing.currency}")
    if first := job.settings.billing.first_month:
        yield _setting("ok", f"months before {first} were billed elsewhere (billing.first_month)")
    if doubt := units_set_by_hand(job):
        yield _setting("warning", doubt)
    seller = job.settings.seller
    for key in ("street", "city", "vat_id", "registration_id", "iban", "email"):
        if not getattr(seller, key) and not (key == "vat_id" and seller.tax_number):
            yield _setting(
                "warning", f"seller.{key} is empty; most countries want it on an invoice, or e-invoicing does"
            )
    yield from _rules_for_nothing(job)
    yield from _looks(job)
    if seller.vat_id and seller.country in EU:
        vat_id = "".join(character for character in seller.vat_id if character.isalnum()).upper()
        if not has_valid_vat_id(Client("seller", seller.name, seller.country, vat_id=vat_id)):
            yield _setting(
                "wrong", f"seller.vat_id {seller.vat_id} has wrong check digits; it is printed on every invoice"
            )


def unread_tables(folder: Path) -> Iterator[Finding]:
    """Tables beside billing.toml whose name means nothing here: whoever keeps one believes that it holds."""
    known = {*CONFIGURATION_FILES, BOXES, DUE, UNITS, EURO_RATES}
    tables = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in (".csv", SUFFIX))
    for name in tables:
        if name not in known:
            yield _setting("warning", f"{name} is read by nothing; tables are {', '.join(sorted(known))}")


def _rules_for_nothing(job: Job) -> Iterator[Finding]:
    """Rules for a type that no number has, or for no known trunk: what they were meant for has another rule's price."""
    facts = job.assignments()
    types = {fact.number_type.casefold() for fact in facts.number_facts}
    rules = [
        (plan.name, rule.number_type, rule.trunk)
        for plan in job.settings.plans
        for rules in (plan.rules, *(version.rules or () for version in plan.versions))
        for rule in rules
    ]
    for name, number_type, trunk in dict.fromkeys(rules):
        if number_type and number_type.casefold() not in types:
            yield _setting(
                "warning",
                f"plan {name}: no number is of type {number_type!r}, so a rule holds for none; write it as number_type"
                " of numbers.csv has it",
            )
        if trunk and facts.trunk_names.get(trunk, trunk) not in facts.known_trunks:
            yield _setting(
                "warning",
                f"plan {name}: trunk {trunk!r} of a rule is neither in trunks.csv nor among DIDfarm's; letters are"
                " compared as they are",
            )


def _looks(job: Job) -> Iterator[Finding]:
    """What would not be seen on white paper."""
    from billing_job.documents.logo import is_lost_on_white  # pictures are slow to load

    accent = accent_of(job.seller)
    contrast = contrast_on_white(accent)
    if contrast < READABLE:
        yield _setting(
            "warning",
            f"design.accent_colour {accent} has a contrast of {contrast:.1f} on white, letters need {READABLE}:"
            " headings are printed in the text's colour, lines and bars in yours; choose a darker one",
        )
    if is_lost_on_white(job.seller.logo):
        logo = job.settings.seller.logo
        yield _setting("warning", f"seller.logo {logo} cannot be seen on white paper: use a dark one")


def _setting(verdict: Verdict, text: str) -> Finding:
    return Finding(verdict, text, "settings")


def who_is_who(job: Job, live: Sequence[Trunk]) -> Iterator[Finding]:
    """Clients, trunks and numbers, against the live trunks, or those that the ledger knows, and against the wallet."""
    mapping = job.mapping
    yield _row(
        "ok",
        f"{len(mapping.clients)} clients, {len(mapping.trunks)} trunk and {len(mapping.numbers)} number assignments",
    )
    yield from _clients(job)
    yield from _trunks(job, live or supplier_trunks(job.engine))
    yield from _numbers(job)


def _row(verdict: Verdict, text: str) -> Finding:
    return Finding(verdict, text, "clients, trunks and numbers")


def _clients(job: Job) -> Iterator[Finding]:
    mapping = job.mapping
    nameless = [
        client.client_id
        for client in mapping.clients
        if client.einvoice in ("auto", "peppol") and not (client.buyer_reference or client.purchase_order)
    ]
    if nameless:
        yield _row(
            "ok",
            f"{len(nameless)} clients ({', '.join(nameless[:3])}{', …' if len(nameless) > 3 else ''}) have neither"
            " buyer_reference nor purchase_order: to Peppol the reference (BT-10) is attention, or the client's name",
        )
    with_trunk = {fact.client_id for fact in mapping.trunks}
    for client in mapping.clients:
        if client.client_id not in with_trunk:
            yield _row(
                "warning", f"client {client.client_id} has no trunk in trunks.csv, so nothing can be billed to it"
            )
        if client.vat_id and client.country in EU and not has_valid_vat_id(client):
            yield _row("warning", f"client {client.client_id}: VAT id {client.vat_id} is not valid")
        if whole := with_its_nought(client.country, client.postal_code):
            yield _row(
                "warning",
                f"client {client.client_id}: postal_code {client.postal_code} lacks a figure, perhaps the first of"
                f" {whole}: spreadsheets drop it; format the column as text",
            )
        if client.language not in LOCALES:
            yield _row(
                "warning",
                f"client {client.client_id}: nobody here speaks {client.language!r}, so its documents are in English;"
                f" languages are {', '.join(LOCALES)}",
            )


def _trunks(job: Job, known: Sequence[Trunk]) -> Iterator[Finding]:
    """Rows of trunks.csv against the supplier's trunks, and the other way round."""
    mapping = job.mapping
    if not known and mapping.trunks:
        yield _row("ok", "DIDfarm's trunks are not known yet, so trunks.csv was not compared with them")
    names = {name for trunk in known for name in (trunk.uuid, trunk.trunk_id) if name}
    for fact in mapping.trunks:
        if known and fact.trunk not in names:
            yield _row("warning", f"{short_source(fact.source)}: {_meant(fact.trunk, known)}")
    named = {fact.trunk for fact in mapping.trunks}
    for trunk in known:
        if not {trunk.uuid, trunk.trunk_id} & named and not _is_meant(trunk, named):
            called = f" ({trunk.name})" if trunk.name else ""
            yield _row("warning", f"trunk {trunk.uuid}{called} is live, but no row of trunks.csv says whose it is")
    rows = {fact.trunk for fact in mapping.trunks}
    of_row = {name for trunk in known if {trunk.uuid, trunk.trunk_id} & rows for name in (trunk.uuid, trunk.trunk_id)}
    for number in mapping.numbers:
        if number.trunk not in rows | of_row:
            is_wrong = known and number.trunk not in names
            said = _meant(number.trunk, known) if is_wrong else "no row of trunks.csv says whose it is"
            yield _row("warning", f"{short_source(number.source)}: trunk {number.trunk}: {said}")


def _meant(trunk: str, known: Sequence[Trunk]) -> str:
    """What a name that is no trunk's may stand for."""
    small = trunk.casefold()
    by_case = [each.uuid for each in known if small in (each.uuid.casefold(), each.trunk_id.casefold())]
    by_name = [each.uuid for each in known if each.name and small == " ".join(each.name.split()).casefold()]
    if by_case:
        return f"{trunk!r} is written {by_case[0]}: letters are compared as they are"
    if by_name:
        return f"{trunk!r} is a trunk's name: write its uuid, {' or '.join(by_name)}"
    return f"DIDfarm lists no trunk {trunk!r}; correct it, or end the row with valid_to if the trunk is gone"


def _is_meant(trunk: Trunk, named: set[str]) -> bool:
    """Whether a row names this trunk in a way that is corrected there."""
    small = {name.casefold() for name in named}
    return bool(small & {trunk.uuid.casefold(), " ".join(trunk.name.split()).casefold()})


def _numbers(job: Job) -> Iterator[Finding]:
    mapping = job.mapping
    unknown = unknown_references(job)
    if unknown:
        things = list(dict.fromkeys(f"{kind} {name}" for kind, name, _, _ in unknown))
        lacks = "there is no numbers.csv" if not mapping.numbers else "no row of numbers.csv knows them"
        yield _row(
            "warning",
            f"the wallet refers to {len(things)} numbers and orders, and {lacks} ({listed(things, 3)}):"
            " `billing-job init --from-ledger` proposes the rows",
        )
    names = job.assignments().trunk_names
    for problem in disagreements(mapping.numbers, job.number_events(), names, job.settings.billing.zone):
        yield _row("warning", problem)
