"""The pretended ERP systems: a folder with files, their passwords, and an SQLite database that holds logins.

Effects: reads and writes files below the ERP folder.
Neighbours: `probes` asks it whether a test passes; `edits` changes it behind everybody's back.
"""

from __future__ import annotations

import functools
import hashlib
import json
import secrets
import sqlite3
import tempfile
from pathlib import Path

COMPANION = ".login.json"
"""`F0001.xlsm.login.json` beside a file says which password opens it; without one, any password does."""

DATABASE = "erp.db"
SEED_FILES = ("F0001.xlsm", "F0002.xlsm", "F0003.xlsm", "ErpClient.xlsm")
SEED_FILE_PASSWORDS = {"F0003.xlsm": "winter-2026"}
SEED_LOGINS = {"erp": "erp-password"}


def _digest(salt: str, password: str) -> str:
    return hashlib.sha256(f"{salt}:{password}".encode()).hexdigest()


class ErpFolder:
    """One folder that stands for everything behind the connectors."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def seed(self) -> None:
        """Put the files, the password companion and the database of a fresh emulator in place; other files stay."""
        self.path.mkdir(parents=True, exist_ok=True)
        for found in self.path.iterdir():
            if found.name.endswith(COMPANION):
                found.unlink()
        for name, content in _seed_contents().items():
            (self.path / name).write_bytes(content)

    @property
    def database_url(self) -> str:
        """The URL of the seeded SQLite ERP."""
        return f"sqlite:///{(self.path / DATABASE).as_posix()}"

    def file(self, name: str) -> Path | None:
        """The file of that name, or None where there is none or the name leads out of the folder."""
        try:
            path = (self.path / name).resolve()
            inside = path.is_relative_to(self.path.resolve()) and path.is_file()
        except (OSError, ValueError):
            return None
        return path if inside else None

    def set_file_password(self, name: str, password: str | None) -> None:
        """From now on only this password opens the file; None lets any password in."""
        companion = self.path / f"{name}{COMPANION}"
        if password is None:
            companion.unlink(missing_ok=True)
            return
        salt = secrets.token_hex(8)
        companion.write_text(json.dumps({"salt": salt, "sha256": _digest(salt, password)}), encoding="utf-8")

    def opens(self, name: str, password: str) -> bool:
        """Whether the file exists and the password opens it."""
        path = self.file(name)
        if path is None:
            return False
        companion = path.with_name(path.name + COMPANION)
        if not companion.is_file():
            return True
        content = json.loads(companion.read_text(encoding="utf-8"))
        return secrets.compare_digest(_digest(content["salt"], password), content["sha256"])

    def set_login(self, login: str, password: str, database: str = DATABASE) -> None:
        """The SQLite ERP takes this login from now on, with this password only."""
        salt = secrets.token_hex(8)
        connection = sqlite3.connect(self.path / database)
        try:
            # No waiting for the disk: losing this file in a power cut costs nothing.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA journal_mode=MEMORY")
            connection.execute("CREATE TABLE IF NOT EXISTS users (login TEXT PRIMARY KEY, salt TEXT, password_hash TEXT)")
            row = (login, salt, _digest(salt, password))
            connection.execute("INSERT INTO users VALUES (?, ?, ?) ON CONFLICT (login) DO UPDATE SET salt = ?2, password_hash = ?3", row)
            connection.commit()
        finally:
            connection.close()

    def accepts(self, database: Path, login: str, password: str) -> bool:
        """Whether an SQLite database has a users table that holds this login and password."""
        connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
        try:
            row = connection.execute("SELECT salt, password_hash FROM users WHERE login = ?", (login,)).fetchone()
        finally:
            connection.close()
        return row is not None and secrets.compare_digest(_digest(row[0], password), row[1])

    def contents(self) -> dict[str, bytes]:
        """Every file below the folder, for a snapshot."""
        if not self.path.is_dir():
            return {}
        return {path.relative_to(self.path).as_posix(): path.read_bytes() for path in self.path.rglob("*") if path.is_file()}

    def put_back(self, contents: dict[str, bytes]) -> None:
        """Make the folder hold exactly these files."""
        now = self.contents()
        for name in now.keys() - contents.keys():
            (self.path / name).unlink()
        for name, content in contents.items():
            if now.get(name) != content:
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                (self.path / name).write_bytes(content)


@functools.cache
def _seed_contents() -> dict[str, bytes]:
    """Made once in a process: making a database takes longer than copying one."""
    with tempfile.TemporaryDirectory(prefix="reconciler-erp-") as folder:
        fresh = ErpFolder(Path(folder))
        for name in SEED_FILES:
            (fresh.path / name).write_bytes(f"pretended workbook {name}\n".encode())
        for name, password in SEED_FILE_PASSWORDS.items():
            fresh.set_file_password(name, password)
        for login, password in SEED_LOGINS.items():
            fresh.set_login(login, password)
        return fresh.contents()
