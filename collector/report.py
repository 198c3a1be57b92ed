"""What a round says of itself: lines for the log and run records, and the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field

from insights.model import Kind, RunStatus

CLASSIFY = "classify"

WHAT_TO_DO = {
    Kind.AUTH: "renew the token, then run `python -m collector check`",
    Kind.PERMISSION: "a permission or the platform's review is missing; see docs/platform-terms.md",
    Kind.BILLING: "look at the account's credits or plan at the platform",
    Kind.RATE_LIMITED: "nothing; the next round tries again",
    Kind.QUOTA: "nothing until the platform's quota starts anew; a paid plan raises it",
    Kind.SERVER_ERROR: "nothing; the fault is the platform's, the next round tries again",
    Kind.TIMEOUT: "nothing; if it stays so, look at this machine's network",
    Kind.NETWORK: "look at this machine's network, name service and firewall",
    Kind.TLS: "look at this machine's clock and certificates",
    Kind.REDIRECT_BLOCKED: "look at the platform's *_API_BASE_URL; redirects are never followed",
    Kind.TOO_LARGE: "raise COLLECTOR_MAX_BODY_MB if the answer is really that large",
    Kind.BAD_PAYLOAD: "nothing; if it stays so, the platform changed its answers: report it",
    Kind.BAD_REQUEST: "the platform did not understand us: report it",
    Kind.BUDGET: "nothing; the next round goes on, or raise the budgets in the settings",
    Kind.DB: "look at the database: space, rights, connection",
    Kind.UNKNOWN: "report it, with the lines above",
}


@dataclass
class Line:
    """What became of one platform (or of the classifier) in a round; also the log line."""

    platform: str
    status: RunStatus = RunStatus.OK
    new: int = 0
    updated: int = 0
    quarantined: int = 0
    fetched: int = 0
    pages: int = 0
    requests: int = 0
    # Stored posts that were asked for again, and those of them that are no longer to be had.
    refreshed: int = 0
    gone: int = 0
    # What the classifier was asked and what everything cost in USD; None is unknown.
    calls: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    seconds: float = 0.0
    kind: Kind | None = None
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fail(self, kind: Kind, message: str) -> None:
        self.kind = self.kind or kind
        _add_once(self.errors, message)

    def pay(self, usd: float | None) -> None:
        """Add to the cost; None for what takes no money."""
        if usd is not None:
            self.cost = (self.cost or 0.0) + usd

    def say(self, note: str) -> None:
        if note:
            _add_once(self.notes, note)

    @property
    def counts(self) -> str:
        if self.platform == CLASSIFY:
            refused = self.fetched - self.updated
            return f"{self.updated} classified" + (f", {refused} refused" if refused else "")
        told = f"{self.new} new, {self.updated} updated, {self.quarantined} quarantined"
        again = f", {self.refreshed} asked for again" if self.refreshed else ""
        return told + again + (f", {self.gone} gone and deleted" if self.gone else "")

    def __str__(self) -> str:
        notes = "".join(f"; {note}" for note in self.notes)
        if self.status == RunStatus.SKIPPED:
            # With a kind it is configured, but rests after failures of that kind.
            return f"{self.platform}: skipped{notes}"
        spent = f"{self.counts} in {self.seconds:.1f} s{notes}"
        if self.status == RunStatus.OK:
            return f"{self.platform}: {spent}"
        if self.status == RunStatus.INTERRUPTED:
            return f"{self.platform}: interrupted; {spent}"
        kind = self.kind or Kind.UNKNOWN
        what = "; ".join(self.errors)
        return (
            f"{self.platform}: {self.status}, {kind}: {what}. "
            f"What to do: {self._what_to_do(kind)}. Stored: {spent}"
        )

    def _what_to_do(self, kind: Kind) -> str:
        if self.platform == CLASSIFY and kind is Kind.BAD_REQUEST:
            return "look at GEMINI_MODEL: the model may be gone; if it is right, report it"
        return WHAT_TO_DO[kind]


@dataclass(frozen=True)
class Report:
    """A round's lines, in the order of the sources, the classifier last."""

    lines: tuple[Line, ...] = ()
    interrupted: bool = False
    # True when a platform did not end within STOP_GRACE: its thread is still waiting for an answer.
    left_behind: bool = False

    @property
    def exit_code(self) -> int:
        """0, 5 when the database let a part of the round down, else 3 when a platform or the
        classifier failed, or rests because it did."""
        if self.interrupted:
            return 0
        if any(line.kind == Kind.DB and line.status != RunStatus.SKIPPED for line in self.lines):
            return 5
        bad = {RunStatus.FAILED, RunStatus.PARTIAL}
        resting = any(line.status == RunStatus.SKIPPED and line.kind for line in self.lines)
        return 3 if resting or any(line.status in bad for line in self.lines) else 0


def _add_once(texts: list[str], text: str) -> None:
    if text not in texts:
        texts.append(text)
