"""A PostgreSQL server for the tests: on loopback, in a temporary folder, gone afterwards.

``python -m tests.postgres`` starts one, says where it is, and stops it on Ctrl+C.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD, DATABASE = "ann", "s3cret/word", "postgres"
# Nothing of a test has to survive a power cut.
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=20")


@dataclass(frozen=True)
class Server:
    """Where it listens."""

    port: int

    def url(self, password: str = PASSWORD, port: int | None = None) -> str:
        """As SQLAlchemy writes it."""
        from sqlalchemy import URL

        url = URL.create(
            "postgresql+psycopg", USER, password, "127.0.0.1", port or self.port, DATABASE
        )
        return url.render_as_string(hide_password=False)


def programs() -> Path | None:
    """The folder of initdb and postgres; Debian keeps them off the path. None: not installed."""
    found = shutil.which("initdb")
    if found is not None and shutil.which("postgres") is not None:
        return Path(found).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = sorted(versions, key=lambda path: int(path.parent.parent.name))
    return newest[-1].parent if newest else None


@contextmanager
def running(folder_of_programs: Path) -> Iterator[Server]:
    """A server that is up; its data is gone when it is stopped."""
    as_user = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="newretail-postgres-") as name:
        folder = Path(name)
        word = folder / "password"
        word.write_text(PASSWORD)
        for path in (folder, word):
            if as_user:
                os.chown(path, as_user["user"], as_user["group"])
        data = folder / "data"
        made = [folder_of_programs / "initdb", "-D", data, "-U", USER, f"--pwfile={word}"]
        made += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made += ["--no-instructions"]
        _run(made, folder, as_user)
        port = _free_port()
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        options = [word for setting in (*settings, *_FAST) for word in ("-c", setting)]
        log = folder / "log"
        with log.open("w") as file:
            server = subprocess.Popen(
                [folder_of_programs / "postgres", "-D", data, *options],
                stdout=file, stderr=file, cwd=folder, **as_user,
            )  # fmt: skip
        try:
            _wait_until_up(server, port, log)
            yield Server(port)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


def _unprivileged() -> dict[str, object]:
    """PostgreSQL refuses to run as root: its own user, or else nobody."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("there is no user postgres or nobody to run PostgreSQL as")


def _run(command: list[object], folder: Path, as_user: dict[str, object]) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **as_user)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-500:]}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_until_up(server: subprocess.Popen, port: int, log: Path) -> None:
    import psycopg

    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user=USER, password=PASSWORD, dbname=DATABASE
            ).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not come up: {log.read_text()[-500:]}")


if __name__ == "__main__":
    found = programs()
    if found is None:
        raise SystemExit("PostgreSQL is not installed; Debian's package is called postgresql")
    with running(found) as server:
        sys.stdout.write(f"{server.url()}\n")
        sys.stdout.flush()
        signal.pause()
