"""The tree of commands. Each group registers its own; what a command needs is loaded when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import newsletter
from newsletter.cli import (
    building,
    copying,
    demo,
    doctor,
    editing,
    form,
    issues,
    posts,
    preview,
    running,
    send_preview,
    sending,
    setup,
    skipping,
    subscribers,
    why,
)
from newsletter.cli.session import Context, Session


class _Command(TyperCommand):
    def get_params(self, context: Any) -> list[Any]:
        return _without_types(super().get_params(context))


class _Group(TyperGroup):
    def get_params(self, context: Any) -> list[Any]:
        return _without_types(super().get_params(context))


def _without_types(parameters: list[Any]) -> list[Any]:
    """Help without the type of flags: `--json <bool>` reads as if it took a value."""
    for each in parameters:
        if getattr(each, "is_flag", False):
            each.metavar = ""
    return parameters


cli = typer.Typer(
    name="newsletter",
    cls=_Group,
    help="Your blog's best stories in your readers' inboxes.\n\n"
    "Start with [bold]newsletter init[/], or see it all at once with [bold]newsletter demo[/].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    setup,
    doctor,
    demo,
    posts,
    why,
    building,
    issues,
    editing,
    preview,
    send_preview,
    sending,
    subscribers,
    form,
    running,
    skipping,
    copying,
):
    group.register(cli)


def _reflowed(text: str) -> str:
    """A docstring's paragraphs, each in one line: the terminal has its own width."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


subscribers.group.info.cls = _Group
for command in (*cli.registered_commands, *subscribers.group.registered_commands):
    command.cls = _Command
    command.help = _reflowed(command.callback.__doc__ or "") if command.callback else None


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsletter {newsletter.__version__}")
        raise typer.Exit


@cli.callback()
def root(
    context: Context,
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", envvar="NEWSLETTER_CONFIG", help="The configuration.")
    ] = Path("config.yaml"),
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    context.obj = Session(config)
    context.call_on_close(context.obj.close)
