"""`[accounting.<format>]`: what a program wants to know beside the accounts; the defaults give files that import."""

from pydantic import BaseModel, ConfigDict


class _Options(BaseModel):
    """A TOML table: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountingOptions(_Options):
    """All sub-tables of `[accounting]`."""
