"""The classifier that asks Gemini: batches, second tries, and when to stop asking."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from collector.classify import ClassificationError, Outcome, Stop
from collector.classify.answers import Reading, read_answer
from collector.classify.asker import gemini_asker
from collector.classify.calls import Answer, Ask, Stopped, call
from collector.classify.prompt import PROMPT_VERSION, question, sheet, suspicious
from insights.model import Kind, Unclassified

__all__ = ["GeminiClassifier", "Pace", "gemini_asker"]

# Reasons that lie in the text and will be the same tomorrow; every other reason may pass.
FOR_GOOD = {
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "MODEL_ARMOR",
    "JAILBREAK",
}
# How often a question is put again after each kind of failure; every other kind ends the round.
TRIES = {
    Kind.RATE_LIMITED: 2,
    Kind.SERVER_ERROR: 3,
    Kind.NETWORK: 3,
    Kind.BAD_PAYLOAD: 3,
    Kind.TIMEOUT: 3,
}
# So many requests that failed, in one round: the model counts as down, however often it is tried.
FAILED_REQUESTS = 6
# So many posts asked alone in vain, and none with success: the fault is not the posts'.
IN_VAIN = 3


@dataclass(frozen=True)
class Pace:
    """How much may be asked in one round, and how patiently. Seconds throughout."""

    batch: int = 25
    max_attempts: int = 4
    max_calls: int = 60
    budget: float = 600.0
    call_seconds: float = 60.0
    retry_base: float = 1.0
    retry_max_wait: float = 60.0


class GeminiClassifier:
    """Labels posts with a Gemini model. `ask` puts one question (see `gemini_asker`)."""

    def __init__(
        self,
        ask: Ask,
        model: str,
        pace: Pace = Pace(),
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ):
        self.name = f"gemini:{model}"
        self._ask = ask
        self._pace = pace
        self._clock = clock
        self._draw = draw

    def classify(self, posts: Sequence[Unclassified], stop: Stop) -> Iterator[Outcome]:
        """One outcome a batch. Texts that give orders are asked alone, empty ones not at all."""
        empty, plain, alone = _sorted_out(posts)
        if empty:
            yield Outcome(refused=[(_key(post), "empty: no text to read", True) for post in empty])
        work = _Round(self, stop)
        while (plain or alone) and not stop.is_set():
            size = min(work.size, len(plain))
            batch = [plain.popleft() for _ in range(size)] or [alone.popleft()]
            outcome = work.settle_batch(batch)
            yield outcome
            if work.over:
                return


def _sorted_out(posts: Sequence[Unclassified]):
    """The posts without a text, those to ask in batches, and those to ask alone."""
    empty = [post for post in posts if not post.content.strip()]
    told = [post for post in posts if post.content.strip()]
    plain = deque(post for post in told if not suspicious(post.content))
    return empty, plain, deque(post for post in told if suspicious(post.content))


class _OutOfBudget(Exception):
    """The round has used its calls or its time; nothing failed."""


class _Round:
    """One round's asking: what was spent, how large a batch may be, whether to go on."""

    def __init__(self, classifier: GeminiClassifier, stop: Stop):
        self._ask = classifier._ask
        self._name = classifier.name
        self._pace = classifier._pace
        self._clock = classifier._clock
        self._draw = classifier._draw
        self._stop = stop
        self._ends_at = self._clock() + self._pace.budget
        self._calls = 0
        self._failed = 0
        self._answered = 0
        self._in_vain = 0
        self.size = max(1, self._pace.batch)
        self.over = False

    def settle_batch(self, posts: Sequence[Unclassified]) -> Outcome:
        """Ask for these posts until each is answered or refused, or the round has to end.

        What was settled before the end stays in the outcome.
        """
        outcome = Outcome()
        self.over = True
        try:
            self._settle(posts, outcome)
            self.over = False
        except ClassificationError as error:
            outcome.error = error
        except _OutOfBudget as error:
            outcome.note = str(error)
        except Stopped:
            outcome.note = "stopped while asking"
        return outcome

    def _settle(self, posts: Sequence[Unclassified], outcome: Outcome) -> None:
        """Ask for the posts together; the ones still open again in halves, down to one alone."""
        sent = sheet(posts)
        try:
            answer = self._put(question(sent), outcome)
        except ClassificationError as error:
            self._after_failure(error, posts, outcome)
            return
        reading = read_answer(answer.text, sent, self._name, PROMPT_VERSION)
        outcome.answers += reading.labels.values()
        self._answered += len(reading.labels)
        still_open = [key for key in sent if key not in reading.labels]
        if len(posts) > 1:
            self._settle_halves([sent[key] for key in still_open], outcome)
        elif still_open:
            self._refuse(posts[0], *_why(answer, reading), outcome)

    def _settle_halves(self, posts: Sequence[Unclassified], outcome: Outcome) -> None:
        middle = (len(posts) + 1) // 2
        for half in (posts[:middle], posts[middle:]):
            if half:
                self._settle(half, outcome)

    def _after_failure(
        self, error: ClassificationError, posts: Sequence[Unclassified], outcome: Outcome
    ) -> None:
        """Fewer posts may pass where the request was at fault or took too long."""
        if self._failed >= FAILED_REQUESTS:
            raise error
        if error.kind == Kind.TIMEOUT and len(posts) > 1:
            self.size = max(1, len(posts) // 2)
        elif not error.posts_at_fault:
            raise error
        if len(posts) > 1:
            self._settle_halves(posts, outcome)
        else:
            self._refuse(posts[0], error.message, False, outcome, error)

    def _refuse(
        self,
        post: Unclassified,
        why: str,
        blocked: bool,
        outcome: Outcome,
        error: ClassificationError | None = None,
    ) -> None:
        last = post.attempts + 1 >= self._pace.max_attempts
        given_up = f"left after {post.attempts + 1} tries: {why}"
        outcome.refused.append((_key(post), given_up if last and not blocked else why, blocked))
        self._in_vain += not blocked
        if not self._answered and self._in_vain >= IN_VAIN:
            raise error or ClassificationError(
                Kind.BAD_PAYLOAD, f"no answer of the model could be used ({why})"
            )

    def _put(self, asked: str, outcome: Outcome) -> Answer:
        """The answer to one question, asked again where its failure may pass."""
        tries = 0
        while True:
            self._check_budget()
            outcome.calls += 1
            self._calls += 1
            tries += 1
            try:
                answer = call(self._ask, asked, self._stop, self._pace.call_seconds)
            except ClassificationError as error:
                self._failed += error.kind in TRIES
                if tries >= TRIES.get(error.kind, 1) or self._failed >= FAILED_REQUESTS:
                    raise
                self._wait(error, tries)
                continue
            outcome.prompt_tokens = _plus(outcome.prompt_tokens, answer.prompt_tokens)
            outcome.output_tokens = _plus(outcome.output_tokens, answer.output_tokens)
            return answer

    def _check_budget(self) -> None:
        if self._stop.is_set():
            raise Stopped
        if self._calls >= self._pace.max_calls:
            raise _OutOfBudget(f"{self._calls} requests were sent, the limit of a round")
        if self._clock() >= self._ends_at:
            raise _OutOfBudget("the classifier's time in this round is over")

    def _wait(self, error: ClassificationError, tries: int) -> None:
        """Sleep before the next try; raises `error` when it asks for more than a round can give."""
        seconds = error.retry_after
        if seconds is None:
            longest = min(self._pace.retry_max_wait, self._pace.retry_base * 2**tries)
            seconds = longest * (0.5 + self._draw() / 2)
        if seconds > min(self._pace.retry_max_wait, self._ends_at - self._clock()):
            raise error
        if self._stop.wait(seconds):
            raise Stopped


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _key(post: Unclassified):
    return post.platform, post.post_id


def _why(answer: Answer, reading: Reading) -> tuple[str, bool]:
    """Why a post asked alone has no label, and whether it will never get one."""
    if answer.blocked:
        return f"blocked: {answer.blocked}", True
    if answer.finish in FOR_GOOD:
        return f"blocked: {answer.finish}", True
    if reading.problems:
        return f"unusable: {next(iter(reading.problems.values()))}", False
    if answer.finish not in ("STOP", ""):
        return f"unfinished: {answer.finish}", False
    return "unusable: no answer for this post", False
