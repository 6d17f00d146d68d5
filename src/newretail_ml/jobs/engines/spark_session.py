"""Opens a Spark session, and says early what keeps it from opening."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from newretail_ml.errors import NewRetailError
from newretail_ml.quiet import ignore_pandas_on_spark

_CONNECT = "sc://"
_CONNECT_PORT = 15002
_SECONDS_TO_ANSWER = 10
_OLDEST_JAVA = 17
_CALLING = "An error occurred while calling"
# Jobs tell their progress and their failures themselves.
_QUIET = {"spark.log.level": "FATAL", "spark.ui.showConsoleProgress": "false"}


class SparkError(NewRetailError):
    """Spark cannot be used."""

    def __init__(self, problem: str, *, next_step: str) -> None:
        super().__init__(f"{problem}. {next_step}")


def open_session(where: Any = None) -> Any:
    """The Spark session of a master, a Spark Connect server, or of Spark's own configuration.

    Args:
        where: as `newretail_ml.jobs.spark` takes it.

    Raises:
        SparkError: there is no Java 17, nobody answers, or a session of another master is open.
    """
    if where is not None and not isinstance(where, str):
        return where
    ignore_pandas_on_spark()
    asked = where or os.environ.get("SPARK_REMOTE")
    if _is_address_of_connect(asked):
        _check_server(str(asked))
    try:
        session = _opened(where)
        _check_master(session, where)
    except NewRetailError:
        raise
    except Exception as error:  # of Java, of Spark, or of the way to them
        raise SparkError(
            f"Spark could not be started{_at(where)}: {shown_address(first_line(error))}",
            next_step="Check the address (local[2,4], spark://host:7077, sc://host:15002), stop a "
            "session that has died, or work with --engine pool.",
        ) from error
    return session


def shown_address(address: str) -> str:
    """An address without its parameters, of which one may be a token.

    >>> shown_address("sc://host:15002/;token=secret;use_ssl=true")
    'sc://host:15002'
    """
    return address.partition(";")[0].rstrip("/")


def _opened(where: str | None) -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    if where is not None and _is_address_of_connect(where):
        return builder.remote(where).getOrCreate()
    if SparkSession.getActiveSession() is None:
        if not _is_address_of_connect(os.environ.get("SPARK_REMOTE")):
            _check_java()
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        if "SPARK_REMOTE" not in os.environ:
            for name, value in _QUIET.items():
                builder = builder.config(name, value)
    return (builder if where is None else builder.master(where)).getOrCreate()


def is_connect(session: Any) -> bool:
    """Whether a session is one of Spark Connect; they differ in how jobs are tagged."""
    return type(session).__module__.startswith("pyspark.sql.connect")


def first_line(error: Exception) -> str:
    """What an error says first, without a full stop; of Java's, what Java says."""
    lines = [line.strip(" :") for line in str(error).splitlines() if line.strip(" :")]
    said = [line for line in lines if not line.startswith(_CALLING)]
    return (said[0] if said else type(error).__name__).rstrip(".")


def _is_address_of_connect(where: str | None) -> bool:
    return where is not None and where.startswith(_CONNECT)


def _at(where: str | None) -> str:
    return f" at {shown_address(where)}" if where else ""


def _check_master(session: Any, where: str | None) -> None:
    """Spark gives the session that is open, whichever master was asked for."""
    if where is None or _is_address_of_connect(where):
        return
    master = session.sparkContext.master
    if master != where:
        raise SparkError(
            f"a session on {master} is open, and {where} was asked for",
            next_step="Stop it with session.stop(), or hand it over: spark(session).",
        )


def _check_server(address: str) -> None:
    """Spark itself would try for many minutes."""
    try:
        place = urlsplit(address)
        host, port = place.hostname or "", place.port or _CONNECT_PORT
        socket.create_connection((host, port), timeout=_SECONDS_TO_ANSWER).close()
    except (OSError, ValueError) as error:
        raise SparkError(
            f"no Spark Connect server answers at {shown_address(address)} ({error})",
            next_step="Check the address, sc://host:15002, and that the server is up.",
        ) from error


def _check_java() -> None:
    advice = (
        f"Install Java {_OLDEST_JAVA} or newer (on Debian: apt install openjdk-17-jre-headless) "
        "and set JAVA_HOME if it is not on the path, or give the address of a Spark Connect "
        "server, which needs no Java here."
    )
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None or not Path(java).is_file():
        place = f"JAVA_HOME is {home}, and holds no bin/java" if home else "there is none here"
        raise SparkError(f"Spark needs Java, and {place}", next_step=advice)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    if found is None or int(found[1]) < _OLDEST_JAVA:
        version = f"is Java {found[1]}" if found else "does not tell its version"
        raise SparkError(f"Spark needs Java {_OLDEST_JAVA}, and {java} {version}", next_step=advice)
