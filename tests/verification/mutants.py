"""Mutation testing of the safety modules: one small change at a time, and some test has to fail.

    python -m tests.verification.mutants [MODULE…] [--seconds N] [--every N] [--workers N] [--enough N]

A library for this (mutmut, cosmic-ray) does not go with tests that keep servers in threads, nor with a checkout in which others work. So:
the tests are collected once, and run once to learn which of them runs which line and for how long. Then the process is forked for each
mutant before any test ran in it, the child takes the change over in memory, and runs the tests that run the changed line, quickest first,
until one fails. No file is touched. What takes more than `--enough` seconds of tests is not looked for any longer and counts as not found.

Results go to `.verification/mutants-<module>-<digest>.jsonl`, with the test that failed. A mutant that was found stays found as long as the
module's text is the same and that test is there; one that was not found is run again when the tests have changed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.abc
import importlib.util
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest

from tests.verification.mutations import ROOT, Mutant, count_of, file_of, mutant_of, only_in_functions, source_of, take_over

__all__ = ["MODULES", "NOT", "TESTS", "counted", "main"]

FOLDER = ROOT / ".verification"
LIMIT_S = 900
LIMIT_CPU_S = 180
"""A mutant that takes longer, or so much of a processor, never comes back; that is found, too. No more than `ENOUGH_S` is expected of it."""
ENOUGH_S = 60
"""So many seconds of tests, as they took without a change, are run of a mutant."""
MOST_APART = 400
"""So many tests are run of a mutant that needs a process of its own."""
_MEMORY = 4 << 30

MODULES = tuple(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (*sorted((ROOT / "reconciler/apply").glob("*.py")), *sorted((ROOT / "reconciler/journal").glob("*.py")), ROOT / "reconciler/plan/guard.py")
    if path.stem != "__init__"
)  # fmt: skip
"""All of `apply` and `journal`, and the guard of the planner."""
TESTS = (
    "tests/journal", "tests/plan", "tests/scenarios", "tests/faults", "tests/mappings/test_policies.py", "tests/mappings/test_tenant_wide.py",
    "tests/mappings/test_upgrades.py", "tests/mappings/test_broken_upgrades.py", "tests/mappings/test_new_lists.py", "tests/cli/test_recover.py",
    "tests/cli/test_exits.py", "tests/cli/test_endings.py", "tests/cli/test_rollback.py", "tests/verification/test_sample.py",
    "tests/verification/test_kills.py", "tests/verification/test_surroundings.py", "tests/verification/test_layers.py",
)  # fmt: skip
NOT = ("tests/scenarios/test_switches.py", "tests/scenarios/test_switched.py", "tests/faults/test_seeded.py")
"""What only plays other tests again."""
_PYTEST = ("-q", "-s", "-n", "0", "-p", "no:cacheprovider", "--tb=no")


@dataclass(frozen=True)
class Known:
    """What one run of a test without a change showed.

    Attributes:
        seconds: how long it took, with all that it needed to begin.
        lines: by file, the lines that it ran.
        texts: by file, what its text was then, in short.
    """

    test: str
    seconds: float
    lines: dict[str, list[int]]
    texts: dict[str, str]


class _Lines:
    """Which lines of some files are run, in all threads that begin after `start`."""

    def __init__(self, files: Iterable[str]) -> None:
        self._files = frozenset(files)
        self._ran: dict[str, set[int]] = {}
        self._wanted: dict[CodeType, bool] = {}

    def start(self) -> None:
        threading.settrace(self._call)
        sys.settrace(self._call)

    def take(self) -> dict[str, list[int]]:
        """What was run since the last time."""
        ran, self._ran = self._ran, {}
        return {name: sorted(lines) for name, lines in ran.items()}

    def _call(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        wanted = self._wanted.get(frame.f_code)
        if wanted is None:
            wanted = self._wanted[frame.f_code] = frame.f_code.co_filename in self._files
        return self._line if wanted else None

    def _line(self, frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        if event == "line":
            self._ran.setdefault(frame.f_code.co_filename, set()).add(frame.f_lineno)
        return self._line


# --- in the process that collected the tests ----------------------------------------------------------------------------


class _Session:
    """A plugin that collects the tests and, in place of running them, lets `work` do with them what it wants."""

    def __init__(self, work: Callable[[list[pytest.Item]], None]) -> None:
        self._work = work

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._work(session.items)
        return True


def _play(items: Sequence[pytest.Item]) -> Iterator[tuple[str, bool, float]]:
    """Run tests as pytest does; of each its name, whether it passed, and its seconds."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        failed, begun = item.session.testsfailed, time.monotonic()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        yield item.nodeid, item.session.testsfailed == failed, time.monotonic() - begun


def _forked(items: Sequence[pytest.Item], work: Callable[[Callable[[str], None]], None], *, limited: bool = True) -> tuple[int, int]:
    """Do something in a child that may not come back; its process and where to read the lines that it tells."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 3
    with contextlib.suppress(BaseException):
        os.setsid()
        if limited:
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_CPU_S, LIMIT_CPU_S))
        folder = tempfile.mkdtemp(prefix=f"mutant-{os.getpid()}-")
        Path(folder).chmod(0o755)  # as root a database server runs as another user
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        items[0].config.option.basetemp = f"{folder}/pytest"
        vars(items[0].config)["_tmp_path_factory"] = pytest.TempPathFactory.from_config(items[0].config, _ispytest=True)
        work(partial(_write_line, writing))
        code = 0
    os._exit(code)


def _write_line(to: int, text: str) -> None:
    os.write(to, f"{text}\n".encode())


def _ended(pid: int) -> None:
    """A child is over: so is what it started, database servers included, and what it left in the temporary folder."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for folder in Path(tempfile.gettempdir()).glob(f"mutant-{pid}-*"):
        for left in folder.rglob("postmaster.pid"):
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(left.read_text(encoding="utf-8").splitlines()[0]), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _learn(items: Sequence[pytest.Item], say: Callable[[str], None]) -> list[Known]:
    """Run tests once, without a change, in a child."""

    def work(tell: Callable[[str], None]) -> None:
        lines = _Lines(str(file_of(module)) for module in MODULES)
        lines.start()
        for test, passed, seconds in _play(items):
            ran = {Path(file).relative_to(ROOT).as_posix(): found for file, found in lines.take().items()}
            tell(json.dumps({"test": test, "passed": passed, "seconds": round(seconds, 3), "lines": ran}))

    pid, reading = _forked(items, work, limited=False)
    with os.fdopen(reading, encoding="utf-8") as told:
        entries = []
        for line in told:
            entries.append(json.loads(line))
            if len(entries) % 250 == 0:
                say(f"{len(entries)} of {len(items)} tests known")
    os.waitpid(pid, 0)
    _ended(pid)
    failed = [entry["test"] for entry in entries if not entry["passed"]]
    if failed or len(entries) < len(items):
        say(f"{len(items) - len(entries)} tests did not run; these fail without a change and are left out: {', '.join(failed) or 'none'}")
    return [Known(entry["test"], entry["seconds"], entry["lines"], _texts(entry["lines"])) for entry in entries if entry["passed"]]


def _texts(files: Iterable[str]) -> dict[str, str]:
    return {file: hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:8] for file in files}


def _known(items: Sequence[pytest.Item], folder: Path, modules: Iterable[str], say: Callable[[str], None]) -> list[Known]:
    """Which test runs which lines: learned once of each, and anew where one of the modules has changed. It only chooses tests."""
    kept = folder / "mutants-lines.json"
    found = {one["test"]: Known(**one) for one in json.loads(kept.read_text(encoding="utf-8"))} if kept.exists() else {}
    there = [found[item.nodeid] for item in items if item.nodeid in found]
    asked = {file_of(module).relative_to(ROOT).as_posix() for module in modules}
    sound = {one.test: one for one in there if all(one.texts[file] == text for file, text in _texts(asked & one.lines.keys()).items())}
    missing = [item for item in items if item.nodeid not in sound]
    if missing:
        say(f"{len(missing)} tests are run to learn what they run")
        sound |= {one.test: one for one in _learn(missing, say)}
        kept.write_text(json.dumps([vars(one) for one in {**found, **sound}.values()]), encoding="utf-8")
    return list(sound.values())


def _chosen(
    known: Sequence[Known], module: str, mutant: Mutant, found_by: Mapping[str, int], *, anywhere: bool, enough_s: float
) -> list[str]:
    """The tests that run the changed lines, for so many seconds.

    First those that found others, then those named after the module, then those that run most of it in the least time.

    Args:
        found_by: how many mutants of the module each test found.
        anywhere: those that run any line of the module.
    """
    file, span = file_of(module).relative_to(ROOT).as_posix(), range(mutant.line, mutant.last + 1)
    running = [one for one in known if file in one.lines and (anywhere or not set(span).isdisjoint(one.lines[file]))]
    found: list[str] = []
    spent = 0.0
    named = f"test_{module.rpartition('.')[2]}.py"
    for one in sorted(running, key=lambda one: (-found_by.get(one.test, 0), named not in one.test, one.seconds / len(one.lines[file]))):
        if not found or (spent + one.seconds <= enough_s and not (anywhere and len(found) == MOST_APART)):
            spent += one.seconds
            found.append(one.test)
    return found


class _Trials:
    """The mutants of some modules, several at a time, in forks of the process that collected the tests."""

    def __init__(self, items: Sequence[pytest.Item], options: argparse.Namespace, say: Callable[[str], None]) -> None:
        self._items = {item.nodeid: item for item in items}
        self._folder, self._enough_s = options.folder, options.enough
        self._known = _known(items, self._folder, options.modules or MODULES, say)
        self._say = say
        self._running: dict[int, tuple[str, Mutant, int, float]] = {}
        self._found_by: dict[str, Counter[str]] = {
            module: Counter(entry["by"] for entry in _entries(module, self._folder).values() if _stands(entry)) for module in MODULES
        }

    def begin(self, module: str, mutant: Mutant) -> None:
        inside = only_in_functions(module, mutant)
        tests = _chosen(self._known, module, mutant, self._found_by[module], anywhere=not inside, enough_s=self._enough_s)
        if not tests:
            self._write(module, mutant, "survived", "no test runs this line", 0)
            return

        def work(tell: Callable[[str], None]) -> None:
            if not inside:
                _play_apart(module, mutant.number, tests, tell)
                return
            take_over(module, mutant)
            for test, passed, _seconds in _play([self._items[one] for one in tests]):
                if not passed:
                    tell(test)
                    return

        pid, reading = _forked([self._items[one] for one in tests], work)
        self._running[pid] = module, mutant, reading, time.monotonic()

    def finish(self, most: int) -> None:
        """Wait until at most so many are running."""
        while len(self._running) > most:
            for pid, (module, mutant, reading, begun) in list(self._running.items()):
                done, status = os.waitpid(pid, os.WNOHANG)
                late = time.monotonic() - begun > LIMIT_S
                if not done and not late:
                    continue
                _ended(pid)
                if not done:
                    os.waitpid(pid, 0)
                with os.fdopen(reading, encoding="utf-8") as told:
                    by = told.read().strip()
                self._found_by[module][by] += 1
                how = by or ("it never came back" if not done else "the process ended" if status else "")
                self._write(module, mutant, "found" if how else "survived", how, time.monotonic() - begun)
                del self._running[pid]
            time.sleep(0.01)

    def _write(self, module: str, mutant: Mutant, end: str, by: str, seconds: float) -> None:
        entry = {"number": mutant.number, "line": mutant.line, "text": mutant.text, "end": end, "by": by, "seconds": round(seconds, 1), "tests": _tests_digest()}  # fmt: skip
        with _log(module, self._folder).open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")
        if end == "survived":
            self._say(f"{module}:{mutant.line}: {mutant.text}" + (f" ({by})" if by else ""))


# --- a process of its own, for what an import uses up -------------------------------------------------------------------


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Hands the changed module to whoever imports it."""

    def __init__(self, module: str, mutant: Mutant) -> None:
        self._module, self._mutant = module, mutant

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._module else None

    def get_source(self, fullname: str) -> str:
        return source_of(fullname)

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(self._mutant.tree, str(file_of(fullname)), "exec")
        return code


def _play_apart(module: str, number: int, tests: Sequence[str], tell: Callable[[str], None]) -> None:
    command = [sys.executable, "-m", "tests.verification.mutants", module, "--apart", str(number)]
    ran = subprocess.run(command, cwd=ROOT, input="\n".join(tests), capture_output=True, text=True, check=False)
    if ran.returncode:
        tell(ran.stdout.strip().splitlines()[-1] if ran.stdout.strip() else "the process ended")


def _apart(module: str, number: int) -> int:
    """Run the tests named on standard input with the module changed before it is imported; tells the one that failed."""
    tests = sys.stdin.read().splitlines()
    sys.meta_path.insert(0, _Changed(module, mutant_of(source_of(module), number)))
    failed: list[str] = []

    def work(items: list[pytest.Item]) -> None:
        failed.extend(test for test, passed, _ in _play(items) if not passed)

    class Failing(_Session):
        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                failed.append(f"{report.nodeid} (it cannot be imported)")

    with _silent() as say:
        code = pytest.main(["-x", *_PYTEST, *tests], plugins=[Failing(work)])
        if failed or code:
            say(failed[0] if failed else "the tests could not be collected")
    return int(bool(failed or code))


# --- the account --------------------------------------------------------------------------------------------------------


@cache
def _tests_digest() -> str:
    texts = (path.read_bytes() for path in sorted((ROOT / "tests").rglob("*.py")) if not path.name.startswith("mut"))
    return hashlib.sha256(b"".join(texts)).hexdigest()[:8]


def _log(module: str, folder: Path) -> Path:
    return folder / f"mutants-{module.removeprefix('reconciler.')}-{hashlib.sha256(source_of(module).encode()).hexdigest()[:8]}.jsonl"


def _stands(entry: dict[str, Any]) -> bool:
    """Whether the test that found it is there still."""
    path, _, name = entry["by"].partition("::")
    if not name:
        return entry["end"] == "found"
    file = ROOT / path
    return (
        entry["end"] == "found"
        and file.is_file()
        and f"def {name.rpartition('::')[2].partition('[')[0]}(" in file.read_text(encoding="utf-8")
    )


def _entries(module: str, folder: Path) -> dict[int, dict[str, Any]]:
    log = _log(module, folder)
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return {entry["number"]: entry for entry in map(json.loads, lines)}


def counted(folder: Path = FOLDER) -> dict[str, tuple[int, int, int]]:
    """Of each module, as it is now: how many mutants were found, were run, and there are."""
    found = {}
    for module in MODULES:
        entries = _entries(module, folder).values()
        found[module] = sum(_stands(entry) for entry in entries), len(entries), count_of(source_of(module))
    return {module: numbers for module, numbers in found.items() if numbers[2]}


@contextlib.contextmanager
def _silent() -> Iterator[Callable[[str], None]]:
    """Nothing that pytest or a test prints is seen; what is said with the given function is."""
    out, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    err = os.dup(2)
    sys.stdout.flush()
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        yield partial(_write_line, out)
    finally:
        sys.stdout.flush()
        os.dup2(out, 1)
        os.dup2(err, 2)


def _run(trials: _Trials, chosen: argparse.Namespace) -> None:
    until = time.monotonic() + chosen.seconds if chosen.seconds else float("inf")
    for module in chosen.modules or MODULES:
        source, done = source_of(module), _entries(module, chosen.folder)
        for number in range(0, count_of(source), chosen.every):
            if time.monotonic() < until and not _is_done(done.get(number)):
                trials.begin(module, mutant_of(source, number))
                trials.finish(chosen.workers - 1)
    trials.finish(0)


def _is_done(entry: dict[str, Any] | None) -> bool:
    return entry is not None and (_stands(entry) or (entry["end"] == "survived" and entry["tests"] == _tests_digest()))


def main() -> int:
    """The command line; 0 unless nothing could be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.verification.mutants", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("modules", nargs="*", metavar="MODULE", default=[], help="all of apply and journal, and plan.guard, without any")
    parser.add_argument("--seconds", type=float, default=0, help="begin no more mutants after so long")
    parser.add_argument("--every", type=int, default=1, help="only every n-th of a module")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="so many at a time")
    parser.add_argument("--enough", type=float, default=ENOUGH_S, metavar="SECONDS", help="of tests that are run of a mutant at most")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the results lie")
    parser.add_argument("--tests", nargs="+", metavar="TEST", default=TESTS, help="files, folders or names, in place of the fixed ones")
    parser.add_argument("--apart", type=int, metavar="NUMBER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.chdir(ROOT)
    os.environ["CI"] = "true"  # so that what is drawn at random is the same each time
    if options.apart is not None:
        return _apart(options.modules[0], options.apart)
    options.folder.mkdir(exist_ok=True)
    with _silent() as say:
        session = _Session(lambda items: _run(_Trials(items, options, say), options))
        pytest.main([*_PYTEST, *options.tests, *(f"--ignore={path}" for path in NOT)], plugins=[session])
    for module, (found, ran, of) in counted(options.folder).items():
        if module in (options.modules or MODULES):
            share = f" ({100 * found / ran:.0f} % found)" if ran else ""
            sys.stdout.write(f"{module}: {ran} of {of} mutants run, {ran - found} survived{share}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
