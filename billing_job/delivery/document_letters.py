"""A month's documents as letters: texts in the client's language, and the files as they were written."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from billing_job.config.mail import Mail
from billing_job.core.document import Document
from billing_job.core.errors import DocumentError
from billing_job.core.files.manifest import sha256
from billing_job.core.period import Period
from billing_job.delivery.message import Attachment, Letter, ascii_address
from billing_job.documents.document_files import document_file, kinds_of
from billing_job.documents.email_text import mail_texts
from billing_job.documents.safe_text import plain_text
from billing_job.ledger.document_files import StoredFile, stored_files
from billing_job.month.job import Job


@dataclass(frozen=True)
class LetterWriter:
    """Writes the letters of one month's documents; `numbers` are those that may be asked for."""

    job: Job
    mail: Mail
    month: Period
    numbers: tuple[str, ...]

    @cached_property
    def _known(self) -> Mapping[tuple[str, str], StoredFile]:
        return stored_files(self.job.engine, self.numbers)

    def letter(self, document: Document, recipient: str, others: tuple[str, ...] = ()) -> Letter:
        """The letter that brings a document, still without a Message-ID; `others` are its further recipients.

        DocumentError for a template that fails, and for a file that is missing or was changed after it was written.
        """
        client = self.job.clients.get(document.client.client_id, document.client)
        named = {address.strip().casefold() for address in client.email.split(";")}
        texts = mail_texts(document, self.job.templates, subject=self.mail.subject, attached=self.mail.attach)
        return Letter(
            message_id="",
            date=self.job.clock.now(),
            sender=self.mail.sender,
            sender_name=plain_text(self.job.seller.name),
            recipient=ascii_address(recipient) or recipient,
            recipient_name=plain_text(document.client.name),
            reply_to=self.mail.reply_to,
            language=texts.language,
            subject=texts.subject,
            text=texts.text,
            html=texts.html,
            attachments=tuple(
                self._attachment(document, kind) for kind in self.mail.attach if kind in kinds_of(document)
            ),
            also_to=tuple(ascii_address(address) or address for address in others if address.casefold() in named),
            copy_to=tuple(ascii_address(address) or address for address in others if address.casefold() not in named),
        )

    def _attachment(self, document: Document, kind: str) -> Attachment:
        folder = self.job.folder(self.month)
        name = document_file(document, kind)
        content, stored = folder.read(name), self._known.get((document.number, kind))
        if content is None or stored is None or sha256(content) != stored.sha256:
            what = "is missing" if content is None else "was changed after it was written"
            raise DocumentError(f"{folder.where(name)}: {what}; `billing-job render` writes it again")
        return Attachment(name.rpartition("/")[2], content)
