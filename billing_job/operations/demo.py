"""`demo`: the whole job on the example configuration and an embedded sandbox, from any folder."""

import secrets
from pathlib import Path

from billing_job.config.settings_file import load_settings
from billing_job.core.clock import Clock
from billing_job.core.console import Console
from billing_job.core.files.local import make_folder
from billing_job.core.resources import shipped_config
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.world import demo_world
from billing_job.month.run import RunOptions, run
from billing_job.month.session import CommandResult, Session


def demo(output: Path, clock: Clock, console: Console, *, workers: int) -> CommandResult:
    """Serve the demo's world, bill its month, write into `output`; and the ledger too: a second run adds nothing."""
    config_folder = shipped_config()
    world = demo_world()
    key = f"df_demo_{secrets.token_hex(16)}"
    make_folder(output)
    settings = load_settings(config_folder / "billing.toml")
    with RunningSandbox(world, key, clock) as sandbox:
        settings = settings.model_copy(
            update={
                "api": settings.api.model_copy(update={"base_url": sandbox.base_url}),
                "storage": settings.storage.model_copy(update={"database_url": f"sqlite:///{output / 'demo.db'}"}),
                "output": settings.output.model_copy(update={"directory": output}),
            }
        )
        session = Session(settings, config_folder, lambda: key, clock, console)
        return run(session, RunOptions(month=str(world.month), workers=workers))
