"""The story on a terminal: progress while a step plays, then its facts and every phone."""

import json

import click
from rich.columns import Columns
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from service.cli.demo_client import Facts
from service.cli.story import Step, Story

WIDTH = 96
PHONE_WIDTH = 24
LABEL_WIDTH = 22


def tell(story: Story) -> None:
    """Play the story and show it as it happens."""
    console = Console(width=min(WIDTH, Console().width), highlight=False)
    steps = list(story.steps())
    with _progress(console) as progress:
        bar = progress.add_task("", total=len(steps))
        for number, (_, title, play) in enumerate(steps, 1):
            progress.update(bar, description=title)
            console.print(f"\n[bold cyan]{number}.[/] [bold]{title}[/]")
            _show(console, play())
            progress.advance(bar)
    console.print("\n[green]Told to the end.[/] Every value above is what really happened.")


def tell_as_json(story: Story) -> None:
    """Play the story and print it as one JSON document."""
    told = []
    for name, title, play in story.steps():
        step = play()
        told.append({"step": name, "title": title, **vars(step)})
    click.echo(json.dumps({"steps": told}, indent=2))


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    )


def _show(console: Console, step: Step) -> None:
    for name, value in step.facts.items():
        console.print(_fact(name, value), soft_wrap=True)
    if step.phones:
        console.print(Padding(Columns([_phone(each) for each in step.phones]), (0, 0, 0, 2)))


def _fact(name: str, value: object) -> Text:
    words = name.removesuffix("_ms").replace("_", " ")
    unit = " ms" if name.endswith("_ms") else ""
    return Text.assemble((f"   {words:<{LABEL_WIDTH}}", "dim"), f"{value}{unit}")


def _phone(shown: Facts) -> Panel:
    """Draw a phone: balance, barcode, and whether the card may be used."""
    is_usable = shown["state"] == "usable"
    color = "green" if is_usable else "red"
    lines = Text()
    lines.append(f"{shown['program']}\n", style="bold")
    lines.append(f"POINTS {shown['points']:>13}\n")
    lines.append(f"{shown['barcode'] or 'no barcode'}\n", style="" if is_usable else "dim")
    lines.append(shown["state"], style=color)
    return Panel(lines, title=shown["phone"], border_style=color, width=PHONE_WIDTH)
