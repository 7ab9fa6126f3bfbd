"""Two sides, measured in turn, and the table's rows."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .penstock import Penstock, Sample
from .processes import progress
from .sizes import Sizes

Setting = TypeVar("Setting")


@dataclass
class Row:
    """One comparison, with every run of both sides."""
    work: str
    setting: str
    ours: list[Sample]
    peer: str
    # Tokens per second.
    theirs: list[float]

    # Of an even number of runs both sides count the slower one in the middle.
    @property
    def median(self) -> Sample:
        return sorted(self.ours, key=lambda sample: sample.rate)[(len(self.ours) - 1) // 2]

    @property
    def peer_median(self) -> float:
        return statistics.median_low(self.theirs)

    @property
    def ratio(self) -> float:
        return self.median.rate / self.peer_median

    def fields(self) -> dict:
        return {
            "work": self.work, "setting": self.setting, "tokensPerSecond": self.median.rate,
            "latencySeconds": self.median.latency, "peer": self.peer,
            "peerTokensPerSecond": self.peer_median, "ratio": self.ratio,
            "samples": [sample.rate for sample in self.ours], "peerSamples": self.theirs,
        }


def table_head() -> str:
    return ("| work | Penstock | TTFT or ITL | tokens/s | compared with | tokens/s | ratio |\n"
            "|---|---|---|---|---|---|---|")


def table_line(row: Row) -> str:
    return (f"| {row.work} | {row.setting} | {duration(row.median.latency)} | {digits(row.median.rate)} "
            f"| {row.peer} | {digits(row.peer_median)} | **{row.ratio:.2f} ×** |")


def digits(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.1f}"


def duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.1f} ms"


@dataclass
class Bench:
    """What every section needs to measure."""
    root: Path
    model: Path
    threads: int
    sizes: Sizes
    repetitions: int
    penstock: Penstock

    def compare(
        self, work: str, setting: str, ours: Callable[[], Sample], peer: str,
        theirs: Callable[[], float],
    ) -> Row:
        """Runs both sides in turn."""
        row = Row(work, setting, [], peer, [])
        for repetition in range(1, self.repetitions + 1):
            turn = f"{work}, {repetition} of {self.repetitions}"
            progress(f"{turn}: Penstock, {setting}")
            row.ours.append(ours())
            progress(f"{turn}: {row.ours[-1].rate:.1f} tokens/s; now {peer}")
            row.theirs.append(theirs())
            progress(f"{turn}: {row.theirs[-1]:.1f} tokens/s")
        return row


def ranked(
    work: str, settings: list[Setting], rate: Callable[[Setting], float], tries: int = 1
) -> list[Setting]:
    """Settings of a peer, the fastest first; the best of each one's tries counts."""
    rates = []
    for index, setting in enumerate(settings, start=1):
        progress(f"{work}: trying {setting}, {index} of {len(settings)}")
        rates.append(max(rate(setting) for _ in range(tries)))
        progress(f"{work}: {rates[-1]:.1f} tokens/s")
    order = sorted(range(len(settings)), key=lambda index: -rates[index])
    return [settings[index] for index in order]
