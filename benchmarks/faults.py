"""The monthly cycle under faults, hundreds of times: what was lost, repeated, wrong or untrue.

    python -m benchmarks.faults --seeds 200 --to docs/reliability.md

Every case is a copy of a small installation, a fault, and the month run to its end with the same commands
(`tests/slow/faults`). Each result is written to a file at once: started again with the same folder, it
goes on. In the page the table between the two marks is replaced; nothing else is touched.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.slow.faults.cases import CASES, Bench, Impossible, bench, run_case
from tests.slow.faults.world import small_world

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- table of the fault harness -->", "<!-- end of the table -->"
KILLED = "killed"
_MEMORY = Path("/dev/shm")
_MEMORY_NEEDED = 4 << 30

_SHOWN = 4

Result = dict[str, Any]


def cases(seeds: int, others: int) -> list[tuple[str, int]]:
    """Return every fault and seed, mixed, so that a part of them says something of all."""
    numbers = {fault: seeds if fault == KILLED else others for fault in CASES}
    every = [
        ((number + 0.5) / count, fault, number)
        for fault, count in numbers.items()
        for number in range(count)
    ]
    return [(fault, number) for _, fault, number in sorted(every)]


@dataclass
class Work:
    """What is left to do, and what came of the rest; several benches take from it."""

    ledger: Path
    left: list[tuple[str, int]]
    results: list[Result]
    started: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[str, int] | None:
        with self.lock:
            return self.left.pop(0) if self.left else None

    def give(self, result: Result) -> None:
        """Keep a result, so that an interruption costs only the cases under way."""
        with self.lock:
            self.results.append(result)
            with self.ledger.open("a") as file:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")
            tell(result, len(self.results), len(self.left), time.monotonic() - self.started)

    def do_at(self, at: Bench) -> None:
        while case := self.take():
            self.give(one_case(at, *case))


def run(folder: Path, wanted: Sequence[tuple[str, int]], beside: int) -> list[Result]:
    """Run the cases that have no result yet, so many beside each other; return all results."""
    ledger = folder / "results.jsonl"
    results = [one for one in read(ledger) if (one["fault"], one["seed"]) in set(wanted)]
    done = {(one["fault"], one["seed"]) for one in results}
    work = Work(ledger, [case for case in wanted if case not in done], results)
    say(f"{len(wanted)} cases, {len(done)} of them done before; results in {ledger}")
    if not work.left:
        return results
    with small_world(folder / "world") as world, ExitStack() as stack:
        first = stack.enter_context(bench(world))
        others = [bench(world, first.undisturbed) for _ in range(beside - 1)]
        benches = [first, *map(stack.enter_context, others)]
        workers = [threading.Thread(target=work.do_at, args=(at,)) for at in benches]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    return results


def one_case(at: Bench, fault: str, seed: int) -> Result:
    """Run one case; a defect of the harness is a result too, and never a good one."""
    result: Result = {"fault": fault, "seed": seed, "at": datetime.now(UTC).isoformat()}
    start = time.monotonic()
    try:
        result |= asdict(run_case(at, fault, seed))
    except Impossible as why:
        result["skipped"] = str(why)
    except Exception as error:  # noqa: BLE001 - the next case must run
        result["broken"] = f"{type(error).__name__}: {error}"
        result["traceback"] = traceback.format_exc()[-3000:]
    return {**result, "took_seconds": round(time.monotonic() - start, 1)}


def read(ledger: Path) -> Iterator[Result]:
    """Yield the results so far, but for a last line that was cut off."""
    if not ledger.exists():
        return
    for line in ledger.read_text().splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def is_bad(result: Result) -> bool:
    found = (result.get(name) for name in ("broken", "lost", "wrong", "untrue"))
    return any(found)


def tell(result: Result, done: int, left: int, seconds: float) -> None:
    verdict = "BAD " if is_bad(result) else "skip" if "skipped" in result else "ok  "
    note = result.get("note") or result.get("skipped") or result.get("broken", "")
    say(
        f"{done:4d} done, {left} to come, {seconds:6.0f} s  {verdict} {result['fault']} {result['seed']}: {note}"
    )
    for name in ("broken", "lost", "wrong", "untrue"):
        found = result.get(name) or []
        lines = [found] if isinstance(found, str) else found
        for line in lines[:_SHOWN]:
            say(f"       {name}: {line[:600]}")
        if len(lines) > _SHOWN:
            say(f"       {name}: and {len(lines) - _SHOWN} more, see the file of results")


def say(line: str) -> None:
    print(line, flush=True)


def table(results: Sequence[Result]) -> str:
    """Return the results as a table, with when and where they came about."""
    lines = [
        _heading(results),
        "",
        "| fault | runs | hit | lost | repeated | wrong | looks | status untrue | recovery median s | max s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [_row(fault, [one for one in results if one["fault"] == fault]) for fault in CASES]
    return "\n".join(lines)


def _heading(results: Sequence[Result]) -> str:
    days = sorted(str(one["at"])[:10] for one in results)
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    ran = sum("skipped" not in one for one in results)
    return (
        f"{ran} runs on {when}: {platform.system()} {platform.release()}, {os.cpu_count()} processors, "
        f"{memory:.0f} GiB, Python {platform.python_version()}, Postgres of the wheel, "
        f"cacilm-drought {version('cacilm-drought')} ({_commit()})."
    )


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "no commit"


def _row(fault: str, results: Sequence[Result]) -> str:
    ran = [one for one in results if "skipped" not in one]
    if not ran:
        why = results[0]["skipped"] if results else "none was asked for"
        return f"| {fault} | 0 | {why} | | | | | | | |"
    broken = sum("broken" in one for one in ran)
    hit = [one for one in ran if one.get("hits")]
    seconds = [one["seconds"] for one in hit]
    times = (f"{statistics.median(seconds):.1f}", f"{max(seconds):.1f}") if seconds else ("", "")
    cells = (
        fault,
        len(ran),
        len(hit),
        sum(len(one.get("lost", [])) for one in ran),
        sum(one.get("repeated", 0) for one in ran),
        sum(bool(one.get("wrong")) for one in ran) + broken,
        sum(one.get("looks", 0) for one in ran),
        sum(len(one.get("untrue", [])) for one in ran),
        *times,
    )
    return f"| {' | '.join(map(str, cells))} |"


def write(to: Path, said: str) -> None:
    """Put the table between the two marks of a page."""
    page = to.read_text()
    before, found, rest = page.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise SystemExit(f"{to}: expected the lines {BEGIN} and {END}, found not both; add them")
    to.write_text(f"{before}{BEGIN}\n\n{said}\n\n{END}{after}")


def _folder() -> Path:
    """Return a new folder for all of it: in memory where there is enough, for the disks of small machines."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED
    return Path(tempfile.mkdtemp(prefix="faults-", dir=_MEMORY if has_room else None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=200, help="cases in which a process is killed")
    parser.add_argument("--others", type=int, default=20, help="cases of each other fault")
    parser.add_argument("--only", action="append", choices=[*CASES], help="these faults alone")
    parser.add_argument("--seed", type=int, help="this case alone, of --only; shows all it found")
    parser.add_argument("--beside", type=int, default=2, help="cases beside each other")
    parser.add_argument("--folder", type=Path, help="where to work and go on; else a new one")
    parser.add_argument("--to", type=Path, help="page to write the table into")
    given = parser.parse_args()
    folder = given.folder or _folder()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = cases(given.seeds, given.others)
    if given.only:
        wanted = [case for case in wanted if case[0] in given.only]
    if given.seed is not None:
        wanted = [(fault, given.seed) for fault in given.only or CASES]
    results = run(folder, wanted, max(1, min(given.beside, len(wanted))))
    said = table(results)
    say(f"\n{said}\n")
    if given.to:
        write(given.to, said)
    if given.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(any(map(is_bad, results)))


if __name__ == "__main__":
    main()
