"""The commands of Airflow live on this machine: `drought airflow`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import notes, screen
from pipeline.core.errors import InputError
from pipeline.local.logins import Job, made_up_password
from pipeline.terminal import folded_table

airflow = typer.Typer(
    help="Airflow live on this machine (make up, make down).", no_args_is_help=True
)
Login = Annotated[str, typer.Argument(help="The name to log in with.", metavar="LOGIN")]

_OTHERS = (
    "`drought airflow up` did not start what runs: {}; systemd shows and stops its own: "
    "`systemctl list-units 'drought*'`, with --user where they are a user's"
)


@airflow.command("up")
def airflow_up(
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Airflow's page. Without: 8080, or a free one if that is taken."
        ),
    ] = None,
) -> None:
    """Start Airflow on this machine, and keep it running. Its schedule stays off until you turn a DAG on.

    What ends is started again; `drought airflow status` shows how often. Where systemd runs Airflow
    for this installation already, it refuses.
    """
    from pipeline import airflow_server

    where, ran = airflow_server.start(port, lambda what: notes.print(f"  {what}"))
    print(f"Airflow    {where}{'  (ran already)' if ran else ''}")
    print(f"passwords  {wiring.airflow_logins().passwords_file}  (users: `drought airflow users`)")
    print(f"site       {where}/drought-site/index.html  (after logging in)")
    print("status     drought airflow status")
    print("stop       make down")


@airflow.command("down")
def airflow_down() -> None:
    """Stop what `drought airflow up` started. What systemd runs is stopped by systemctl."""
    from pipeline import airflow_server

    airflow_server.stop()
    others = airflow_server.others()
    print(f"airflow: {_OTHERS.format(', '.join(others))}" if others else "airflow: stopped")


@airflow.command("status")
def airflow_status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what runs, since when, and how often it was started again."""
    from pipeline import airflow_server

    said = airflow_server.status()
    if as_json:
        print(json.dumps(said, indent=1))
        return
    if said["others"]:
        print(f"airflow: {_OTHERS.format(', '.join(said['others']))}")
    elif said["supervisor"] is None:
        print("airflow: nothing keeps it running here; `drought airflow up` starts it")
    if not said["components"]:
        return
    table = folded_table("component", "state", "since", "restarts", "ended last")
    for one in said["components"]:
        cells = (one["name"], one["state"], one["since"], one["restarts"], one["last_end"])
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    screen.print(table)
    health = ", ".join(f"{name} {state}" for name, state in said["health"].items())
    print(f"Airflow    {said['address']}: {health or 'no answer'}")
    print(f"logs       {said['logs']}")


@airflow.command("setup")
def airflow_setup() -> None:
    """Make Airflow's tables, pools, secrets and passwords, or bring them up to date. Safe to repeat.

    For those who start the components themselves, as systemd does, with `drought airflow run`;
    `drought airflow up` does it too.
    """
    from pipeline import airflow_server

    airflow_server.set_up(lambda what: notes.print(f"  {what}"))
    print("airflow: set up")


@airflow.command("run")
def airflow_run(
    component: Annotated[
        str,
        typer.Argument(help="api-server, scheduler, dag-processor, triggerer or celery-worker."),
    ],
    queues: Annotated[
        str | None,
        typer.Option(help="Of a celery-worker: the queues it takes from, such as default,office."),
    ] = None,
) -> None:
    """Run one component in the foreground, for systemd and containers.

    It takes this installation's settings; Airflow's own settings in the environment win.
    """
    from pipeline import airflow_server

    airflow_server.run_component(component, queues)


@airflow.command("tidy")
def airflow_tidy(
    keep_days: Annotated[int, typer.Option(help="Runs and logs younger than this stay.")] = 180,
) -> None:
    """Forget old runs and logs of Airflow. No decision rests on them: those are in the warehouse."""
    from pipeline import airflow_server

    print(airflow_server.tidy(keep_days))


@airflow.command(
    "exec", context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def airflow_exec(context: typer.Context) -> None:
    """Run a command of Airflow's own with this installation's settings.

    As in: drought airflow exec dags unpause ingest_era5_land
    """
    from pipeline import airflow_server

    airflow_server.run_airflow(context.args)


@airflow.command("users")
def airflow_users() -> None:
    """List who may log in to Airflow's page, and what they do.

    An operator does everything. A forecaster reads, and answers alerts as far as `drought issuers
    list` allows. A viewer reads.
    """
    for login, job in wiring.airflow_logins().users().items():
        print(f"{login}  {job}")


@airflow.command("password")
def airflow_password(
    login: Login,
    role: Annotated[
        Job | None, typer.Option(help="Adds the user, or changes what they may do.")
    ] = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make one up, and print it this once.")
    ] = False,
) -> None:
    """Set the password of a user; with --role, add a user.

    Whoever is logged in with the old password is out at once. Give each forecaster a login of their
    own: the register of issuers (`drought issuers`) goes by it.
    """
    from pipeline import airflow_server

    if role is not None:
        airflow_server.refuse_given_users(login)
    logins = wiring.airflow_logins()
    users = logins.users()
    if role is None and login not in users:
        raise InputError(
            f"{login}: expected one of the users {', '.join(sorted(users))}; say --role forecaster "
            "(or another) to add one"
        )
    password = made_up_password() if generate else _asked()
    if logins.set_password(login, password, role):
        _take_users_over()
    print(f"{login}: {password}" if generate else f"{login}: the password is set")


@airflow.command("remove")
def airflow_remove(login: Login) -> None:
    """Remove a user, as when a person leaves: logged out at once.

    `drought issuers` ends their right to answer by command; do both.
    """
    from pipeline import airflow_server

    airflow_server.refuse_given_users(login)
    wiring.airflow_logins().remove(login)  # without a password nobody is let in
    print(f"{login}: removed")


def _asked() -> str:
    password: str = typer.prompt("new password", hide_input=True, confirmation_prompt=True)
    return password


def _take_users_over() -> None:
    """Let the API server read the list of users anew: it does so when it starts."""
    from pipeline import airflow_server

    if airflow_server.restart("api-server"):
        notes.print("  the API server starts anew, as the list of users changed")
    else:
        notes.print("  an API server that runs elsewhere takes the list when it is started anew")
