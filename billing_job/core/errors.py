"""The errors a run can end with, and the exit code each one means.

BillingJobError
├── ConfigError          2  a setting, file, row or argument is wrong; lists every problem with its place
├── SupplierError        4  the supplier could not be read whole; what was read is kept
│   ├── Unauthorized        401 or 403: the key is missing, wrong or not allowed
│   ├── RequestRefused      another 4xx or a redirect: the request itself is wrong
│   │   ├── NotFound            404: there is no such number, trunk or path
│   │   └── Invalid             422: a value is not accepted; the message says which
│   │       └── InsufficientBalance  422 insufficient_balance: the wallet holds too little for it
│   ├── Incomplete          answers kept failing, or contradict each other
│   └── MayHaveHappened     a request that changes something got no answer: look before it is made again
├── LockHeld             5  another run works on the same ledger
└── RunFailed            1  anything else that stops a run before it is done
    ├── InvariantBroken     a check between two stages did not hold
    ├── LedgerError         the ledger cannot be opened, read or written
    ├── OutputError         a file cannot be written
    └── DocumentError       a document cannot be rendered

Every message is one paragraph that names the place and the remedy. `cli.py` alone turns these into exit codes.
"""

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with (DESIGN: exit codes)."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    EXCEPTIONS_WAIT = 3
    INCOMPLETE = 4
    LOCK_HELD = 5


class BillingJobError(Exception):
    """A run cannot go on; `exit_code` is what the process ends with (DESIGN: exit codes)."""

    exit_code = ExitCode.FAILED


class ConfigError(BillingJobError):
    """Settings or input files are wrong; `problems` names each with file, place and remedy."""

    exit_code = ExitCode.WRONG_USAGE

    def __init__(self, problems: Sequence[str] | str):
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class SupplierError(BillingJobError):
    """The supplier's answers could not be read whole; nothing is issued, what was read is kept."""

    exit_code = ExitCode.INCOMPLETE

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None):
        self.status = status
        self.code = code
        super().__init__(message)


class Unauthorized(SupplierError):
    """The supplier answered 401 or 403 (guide: Error Responses); never retried."""


class RequestRefused(SupplierError):
    """The supplier answered 404, 422, another 4xx or a redirect (guide: Error Responses); never retried."""


class NotFound(RequestRefused):
    """The supplier answered 404: it knows no such number, trunk or path."""


class Invalid(RequestRefused):
    """The supplier answered 422: it does not accept a value; its message says which."""


class InsufficientBalance(Invalid):
    """The supplier answered 422 with insufficient_balance: nothing was bought, the wallet must be topped up first."""


class Incomplete(SupplierError):
    """The list of transactions could not be proven whole within the retry budget."""


class MayHaveHappened(SupplierError):
    """A request that spends money or changes something got no usable answer: it may have been carried out.

    It is never repeated by itself; whoever asked looks first (in the wallet's transactions, in the list of trunks).
    """


class LockHeld(BillingJobError):
    """Another run holds the lock of this ledger."""

    exit_code = ExitCode.LOCK_HELD


class RunFailed(BillingJobError):
    """Something outside the input stopped the run; nothing half-written is left behind."""


class InvariantBroken(RunFailed):
    """A check between two stages did not hold; nothing is issued."""


class LedgerError(RunFailed):
    """The ledger cannot be opened, read or written."""


class OutputError(RunFailed):
    """A file or folder of the output cannot be written."""


class DocumentError(RunFailed):
    """A document cannot be turned into HTML, PDF, CSV or XML; the message names the document."""
