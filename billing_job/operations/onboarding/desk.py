"""What an onboarding is given, whom it talks to, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from billing_job.core.clock import Clock
from billing_job.core.register import Register
from billing_job.didfarm.client import Client
from billing_job.didfarm.models import BoughtNumber, Credentials, Offer


@dataclass(frozen=True, slots=True)
class OnboardingRequest:
    """What is asked for: a client, and numbers of one kind for it."""

    client_id: str
    client_row: Mapping[str, str]
    """The cells of clients.csv for a client that is not there yet."""
    country: str
    number_type: str
    city: str = ""
    count: int = 1


class Prompts(Protocol):
    """What an onboarding says and asks."""

    def confirm(self, wanted: tuple[Offer, ...], cents: int) -> None:
        """Return to buy; raise to leave everything as it is."""
        ...

    def hand_over(self, credentials: Credentials) -> None:
        """The one moment at which a trunk's password can be seen."""
        ...


@dataclass(frozen=True, slots=True)
class OnboardingContext:
    """What an onboarding works with."""

    engine: Engine
    mapping: Register
    config_folder: Path
    zone: ZoneInfo
    clock: Clock
    client: Client
    talk: Prompts


@dataclass(frozen=True, slots=True)
class Onboarded:
    """What an onboarding came to."""

    client_id: str
    order_id: str
    numbers: tuple[BoughtNumber, ...]
    trunk_uuid: str
    trunk_is_new: bool
    cents: int
    requires_regulatory: bool
    valid_from: date
    resumed: bool
