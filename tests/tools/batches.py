"""The Batch API of the stand-in: files, and batches that are answered when they are looked at. It is scripted, and no model."""

import email.policy
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any

BATCH_FAULTS = (
    "shuffled", "missing", "duplicate", "unknown", "broken", "expired", "cancelled", "failed", "refused", "unsupported",
    "strict",
)  # fmt: skip
"""What can go wrong with a batch on demand; "ok" in a plan is a batch without a fault.

shuffled: the output in another order. missing: without its first line. duplicate: its first line twice. unknown: a line more,
about nothing that was asked. broken: lines more that are no JSON. expired, cancelled: only the first question was asked.
failed: nothing was. refused: every question, with status 400. unsupported, strict: likewise, for their option
max_tokens, or strict.
"""

Complete = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]
"""The body of a request → status and body of the response."""


@dataclass
class Batches:
    """Files and batches, in memory. faults: taken one a batch, in order, then none. polls: looks at a batch till it ends."""

    complete: Complete
    faults: Iterable[str] = ()
    polls: int = 0
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Id → name and content."""
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    _left: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._plan = deque(self.faults)

    def upload(self, content_type: str, data: bytes) -> dict[str, Any]:
        """A form with a file → what is told of the file."""
        form = BytesParser(policy=email.policy.HTTP).parsebytes(f"content-type: {content_type}\r\n\r\n".encode() + data)
        part = next(p for p in form.iter_parts() if p.get_param("name", header="content-disposition") == "file")
        return self._keep(part.get_filename() or "", part.get_payload(decode=True))

    def _keep(self, name: str, content: Any) -> dict[str, Any]:
        with self._lock:
            number = f"file-{len(self.files) + 1}"
            self.files[number] = (name, bytes(content))
        told = {"id": number, "object": "file", "bytes": len(content), "filename": name, "purpose": "batch"}
        return {**told, "created_at": int(time.time()), "status": "processed"}

    def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        _, content = self.files[body["input_file_id"]]
        with self._lock:
            number, now = f"batch_{len(self.made) + 1}", int(time.time())
            counts = {"total": content.count(b"\n"), "completed": 0, "failed": 0}
            told = {
                "id": number,
                "object": "batch",
                "status": "validating",
                "created_at": now,
                "expires_at": now + 86_400,
            }
            self.made[number] = {
                **body,
                **told,
                "request_counts": counts,
                "output_file_id": None,
                "error_file_id": None,
            }
            self._left[number] = self.polls
            return self.made[number]

    def list(self) -> dict[str, Any]:
        """All batches, the newest first, on one page."""
        return {"object": "list", "data": list(self.made.values())[::-1], "has_more": False}

    def look(self, number: str) -> dict[str, Any]:
        """A batch as it is now; looked at often enough, it is run."""
        batch = self.made[number]
        if batch["status"] in ("validating", "in_progress"):
            if self._left[number] > 0:
                self._left[number] -= 1
                batch["status"] = "in_progress"
            else:
                batch.update(self._run(batch, self._plan.popleft() if self._plan else "ok"))
        return batch

    def _run(self, batch: Mapping[str, Any], fault: str) -> dict[str, Any]:
        if fault == "failed":
            errors = [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]
            return {"status": "failed", "errors": {"object": "list", "data": errors}}
        asked = [json.loads(line) for line in self.files[batch["input_file_id"]][1].splitlines()]
        ended = fault if fault in ("expired", "cancelled") else "completed"
        ran = asked if ended == "completed" else asked[:1]
        answers = [self._answer(line, fault) for line in ran]
        rest = [_line(line, None, {"code": f"batch_{ended}", "message": "not run"}) for line in asked[len(ran) :]]
        good = [a for a in answers if a["response"]["status_code"] == 200]
        bad = [a for a in answers if a["response"]["status_code"] != 200] + rest
        counts = {"total": len(asked), "completed": len(good), "failed": len(bad)}
        output = self._keep("output.jsonl", _spoiled(fault, good))["id"] if good else None
        errors_id = self._keep("errors.jsonl", _written(bad))["id"] if bad else None
        return {"status": ended, "request_counts": counts, "output_file_id": output, "error_file_id": errors_id}

    def _answer(self, line: dict[str, Any], fault: str) -> dict[str, Any]:
        param = "max_tokens" if fault == "unsupported" and "max_tokens" in line["body"] else None
        if fault == "strict" and "strict" in line["body"]["response_format"]["json_schema"]:
            param = "response_format.json_schema.strict"
        if fault == "refused" or param:
            error = {"message": "refused on demand", "type": "stand_in", "param": param}
            return _line(line, {"status_code": 400, "request_id": "r", "body": {"error": error}}, None)
        status, body = self.complete(line["body"])
        return _line(line, {"status_code": status, "request_id": "r", "body": body}, None)


def _line(asked: Mapping[str, Any], response: Any, error: Any) -> dict[str, Any]:
    return {"id": "batch_req", "custom_id": asked["custom_id"], "response": response, "error": error}


def _spoiled(fault: str, answers: list[dict[str, Any]]) -> bytes:
    """Output lines with a fault done to them."""
    if fault == "shuffled":
        random.Random(1).shuffle(answers)
    elif fault == "missing":
        answers = answers[1:]
    elif fault == "duplicate":
        answers = [*answers, answers[0]]
    elif fault == "unknown":
        answers = [*answers, {**answers[0], "custom_id": "0" * 64}]
    return _written(answers) + (b'{"custom_id": "\n[1]\n\n\xff\n' if fault == "broken" else b"")


def _written(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
