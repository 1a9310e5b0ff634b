"""A trunk's credentials in a file that its owner alone can read."""

from pathlib import Path

from billing_job.core.errors import ConfigError, OutputError
from billing_job.core.files.local import write_whole
from billing_job.didfarm.models import Credentials


def check_free(path: Path | None) -> None:
    """ConfigError, before anything is asked for, when the file exists already or its folder does not."""
    if path is None:
        return
    if path.exists():
        raise ConfigError(f"{path}: exists already; name another file for the password, or move this one away")
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent}: there is no such folder for the password file")


def write_credentials(path: Path, credentials: Credentials) -> None:
    """Write server, username and password, one a line; mode 0600, whole or not at all; OutputError when it cannot be.

    It takes the place of a file that a stopped onboarding wrote; `check_free` guards everybody else's.
    """
    text = (
        f"trunk = {credentials.uuid}\nsip_server = {credentials.sip_server}\n"
        f"username = {credentials.username}\npassword = {credentials.password}\n"
    )
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise OutputError(
            f"{path}: the password cannot be written ({error.strerror}); make a new one with"
            f" `billing-job api trunks regenerate {credentials.uuid}`"
        ) from None
