"""The service: what it answers is what the functions give, and what it refuses is refused in one way."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.many.questions import Heard
from nianbao.pipeline.serve.access import Access, access_for
from nianbao.pipeline.serve.app import make_app
from nianbao.pipeline.serve.describe import examples
from nianbao.pipeline.serve.limits import Limits
from nianbao.pipeline.serve.places import Place, Places
from nianbao.pipeline.serve.pool import GoneError, Pool
from nianbao.pipeline.serve.problems import PROBLEMS, RequestError
from nianbao.pipeline.serve.reply import Answer, Job, reply
from nianbao.pipeline.serve.spool import Spool
from starlette.requests import Request

from nianbao import check, extract
from tests.tools.standin import MODEL, StandIn, answer_from

from .conftest import CASES, SAMPLES
from .test_kinds import KINDS

LIMITS = Limits(workers=1, body_bytes=100_000, read_s=60)
TEXT = CASES[1].text
DOUBTFUL = re.sub(r"(?m)^(.*重复申请)\t.*$", r"\1", TEXT)
"""A label has lost its numbers."""
JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(make_app(LIMITS), raise_server_exceptions=False) as found:
        yield found


def post(client: TestClient, task: str, **body: Any) -> Any:
    return client.post(f"/v1/{task}", content=json.dumps(body), headers=JSON)


# --- What it answers -------------------------------------------------------------------------------------------------


def test_an_answer_is_what_the_function_gives(client: TestClient) -> None:
    """Over HTTP comes, to the byte, what `extract` and `check` give in Python."""
    for sample in SAMPLES:
        found = post(client, "extract", text=sample.text, name=sample.name)
        assert (found.status_code, found.text) == (200, sample.extraction.model_dump_json())
    record = {"requests": {"received": {"total": 9_999}}}
    for engine in ("auto", "rules", "none"):
        found = post(client, "check", text=TEXT, record=record, engine=engine)
        assert found.text == check(TEXT, record, engine).model_dump_json()


def test_the_model_is_asked_through_one_client() -> None:
    """With a model configured the answer is what the functions give with it, also where it fails and is asked again."""
    faults = ("ok", "wrong_schema", "wrong_schema")
    with StandIn(answer_from(CASES[1:3]), faults) as expected_of, StandIn(answer_from(CASES[1:3]), faults) as asked:
        model = Settings(model=MODEL, base_url=expected_of.url)
        expected = [extract(case.text, "model", model=model) for case in CASES[1:3]]
        with TestClient(make_app(LIMITS, settings=Settings(model=MODEL, base_url=asked.url))) as client:
            found = [post(client, "extract", text=case.text, engine="model") for case in CASES[1:3]]
    assert [f.json() for f in found] == [e.model_dump(mode="json") for e in expected]
    assert [e.model and e.model.calls for e in expected] == [1, 2]
    assert len(asked.requests) == len(expected_of.requests) == 3


def test_a_model_that_cannot_be_used() -> None:
    """Engine model says so; auto gives what the rules read, with a finding; rules do not ask."""
    with StandIn(answer_from([]), faults=["401"] * 9) as standin:
        model = Settings(model=MODEL, base_url=standin.url, max_attempts=1)
        with TestClient(make_app(LIMITS, settings=model)) as client:
            asked = post(client, "extract", text=TEXT, engine="model")
            doubtful = post(client, "extract", text=DOUBTFUL)
            rules = post(client, "extract", text=TEXT, engine="rules")
    assert (asked.status_code, asked.json()["error"]["code"]) == (502, "model_unusable")
    assert "model_failed" in {f["code"] for f in doubtful.json()["findings"]}
    assert (doubtful.status_code, rules.json()["status"], len(standin.requests)) == (200, "verified", 1)


def test_the_schema_is_the_one_of_the_command(client: TestClient) -> None:
    printed = CliRunner().invoke(main, ["schema"], catch_exceptions=False).stdout
    assert client.get("/v1/schema").json() == json.loads(printed)


def test_a_document() -> None:
    """A file is uploaded in base64, for each task, and read as `extract` reads it."""
    for kind in ("docx", "pdf"):
        expected = extract(KINDS[kind][0], name="a")
        asked = {"document": base64.b64encode(KINDS[kind][0]).decode(), "name": "a"}
        with TestClient(make_app(replace(LIMITS, body_bytes=5_000_000))) as client:
            assert post(client, "extract", **asked).json() == expected.model_dump(mode="json")
            found = post(client, "check", **asked, record=expected.model_dump(mode="json")["report"]).json()
        assert (found["status"], found["reader"], found["source"]["kind"]) == ("verified", "supplied", kind)


def test_a_form() -> None:
    """A file is uploaded as a form, to the byte as it is, and under its name; the other keys are text."""
    data = KINDS["docx"][0]
    with TestClient(make_app(replace(LIMITS, body_bytes=5_000_000))) as client:
        found = client.post("/v1/extract", files={"document": ("报告.docx", data)})
        assert found.text == extract(data, name="报告.docx").model_dump_json()
        named = client.post("/v1/extract", files={"document": ("a.docx", data)}, data={"name": "b", "engine": "rules"})
        assert named.text == extract(data, "rules", name="b").model_dump_json()
        record = {"requests": {"received": {"total": 9_999}}}
        asked = {"text": (None, TEXT), "record": (None, json.dumps(record)), "engine": (None, "none")}
        assert client.post("/v1/check", files=asked).text == check(TEXT, record, "none").model_dump_json()


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\na\r\n'
BAD_FORMS = {
    "no boundary": ({"Content-Type": "multipart/form-data"}, b"x", 422, "wrong_request", "the body is no form ("),
    "no form": (FORM, b"x", 422, "wrong_request", "the body is no form ("),
    "a key twice": (FORM, 2 * PART + b"--x--\r\n", 422, "wrong_request", "a key stands twice in the form"),
    "a text in GBK": (FORM, PART.replace(b"\na\r", b"\n\xb9\xab\r") + b"--x--\r\n", 422, "wrong_request", "not UTF-8"),
    "an unknown key": (FORM, PART.replace(b"text", b"path") + b"--x--\r\n", 422, "wrong_request", "path: unknown key"),
    "a broken record": (FORM, PART.replace(b"text", b"record") + b"--x--\r\n", 400, "not_json", "the body is no JSON"),
    "from elsewhere": ({**FORM, "Origin": "http://a.example"}, PART, 415, "wrong_media_type", "a page of another site"),
}


@pytest.mark.parametrize(("head", "body", "status", "code", "told"), BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_bad_form_is_refused(
    client: TestClient, head: dict[str, str], body: bytes, status: int, code: str, told: str
) -> None:
    found = client.post("/v1/extract", content=body, headers=head)
    assert (found.status_code, found.json()["error"]["code"]) == (status, code)
    assert told in found.json()["error"]["message"]
    assert_refusal(found)


def test_the_examples_are_true(client: TestClient) -> None:
    """Each example of the description, sent, is answered with the example of its answer."""
    description = client.get("/openapi.json").json()
    for task in examples():
        operation = description["paths"][f"/v1/{task}"]["post"]
        asked = operation["requestBody"]["content"]["application/json"]["example"]
        given = operation["responses"]["200"]["content"]["application/json"]["example"]
        assert post(client, task, **asked).json() == given
        lines = description["paths"][f"/v1/{task}/batch"]["post"]
        batch = lines["requestBody"]["content"]["application/x-ndjson"]["example"]
        found = client.post(f"/v1/{task}/batch", content=batch, headers=LINES)
        assert found.text.splitlines() == [json.dumps(given, ensure_ascii=False, separators=(",", ":"))]
    assert "cell_differs" in {f["code"] for f in examples()["check"][1]["findings"]}


def test_the_readable_view(client: TestClient) -> None:
    """Where plain text is asked for first, what comes is what the command prints, in the language asked for; an error is JSON all the same."""
    body = json.dumps({"text": TEXT, "name": "-"})
    for language, named in (("zh", "zh-CN,zh;q=0.9,en;q=0.8"), ("en", "en-GB, zh;q=0.5")):
        command = ["extract", "-", "--lang", language]
        shown = CliRunner().invoke(main, command, input=TEXT.encode(), catch_exceptions=False).stdout
        asked = {**JSON, "Accept": "text/plain, */*", "Accept-Language": named}
        found = client.post("/v1/extract", content=body, headers=asked)
        assert (found.headers["content-type"], found.text.rstrip()) == ("text/plain; charset=utf-8", shown.rstrip())
        assert_refusal(client.post("/v1/extract", content=b"{}", headers=asked))


def test_the_language_of_an_error(client: TestClient) -> None:
    """A message is English unless a request names a language; JSON of an extraction is the same in all of them."""
    found = {
        named: client.get("/nowhere", headers={"Accept-Language": named}).json()["error"]["message"]
        for named in ("", "zh-CN", "en", "fr, zh")
    }
    english, chinese = "no such address; see /openapi.json", "没有这个地址；见 /openapi.json"
    assert found == {"": english, "zh-CN": chinese, "en": english, "fr, zh": english}
    one, other = (
        client.post("/v1/extract", content=json.dumps({"text": TEXT}), headers={**JSON, "Accept-Language": named}).text
        for named in ("zh", "en")
    )
    assert one == other


def test_the_page_to_paste_into(client: TestClient) -> None:
    """It is in the language of whoever looks at it, asks nobody for a token, loads nothing, and its policy allows what stands in it and nothing else."""
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert (page.status_code, 'lang="zh"' in page.text) == (200, True)
    english = client.get("/", headers={"Accept-Language": "en"}).text
    assert 'lang="en"' in english
    assert not re.search("[一-鿿]", english)
    assert TestClient(make_app(LIMITS, Access(TOKEN))).get("/").text == page.text
    assert not re.search(
        r"""\b(src|href|action)\s*=(?!["']?/docs)|https?:|url\(|@import|\son\w+\s*=|innerHTML""", page.text
    )
    for kind in ("style", "script"):
        (own,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_page_of_the_api_needs_no_other_server(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text


# --- What it refuses -------------------------------------------------------------------------------------------------

REFUSED: list[tuple[str, bytes, int, str, str]] = [
    ("empty", b"", 400, "not_json", "Expecting value"),
    ("broken", b'{"text": "x', 400, "not_json", "line 1"),
    ("two objects", b"{} {}", 400, "not_json", "Extra data"),
    ("binary", b"\x89PNG\r\n\x1a\n\x00", 400, "not_json", "byte 0"),
    ("UTF-16", '{"text": "x"}'.encode("utf-16"), 400, "not_json", "byte 0"),
    ("nested", b"[" * 50_000, 400, "not_json", "nested too deep"),
    ("nested in a record", b'{"text":"x","record":' + b'{"a":' * 10_000, 400, "not_json", "nested too deep"),
    ("NaN", b'{"text": NaN}', 400, "not_json", "NaN"),
    ("infinite", b'{"text": 1e999}', 400, "not_json", "too large"),
    ("a huge number", b'{"text": ' + b"9" * 5_000 + b"}", 400, "not_json", "digits"),
    ("a key twice", b'{"text": "a", "text": "b"}', 400, "not_json", "twice"),
    ("a list", b"[]", 422, "wrong_request", "the body"),
    ("no text", b"{}", 422, "wrong_request", "text: there is none; give it, or the bytes of the file as document"),
    ("text and document", b'{"text": "", "document": ""}', 422, "wrong_request", "text: there is a document, too"),
    ("no base64", b'{"document": "\xc3\xa4"}', 422, "wrong_request", "document: no base64"),
    ("a broken document", b'{"document": "JVBERi0xLjQK"}', 422, "unusable_input", "text: a broken PDF file"),
    ("a number", b'{"text": 1}', 422, "wrong_request", "text: Input should be a valid string"),
    ("null", b'{"text": null}', 422, "wrong_request", "text"),
    ("a path", b'{"text": "x", "path": "/etc/passwd"}', 422, "wrong_request", "path: unknown key; expected text"),
    ("a URL", b'{"text": "x", "url": "http://127.0.0.1"}', 422, "wrong_request", "url: unknown key"),
    ("no such engine", b'{"text": "x", "engine": "x"}', 422, "wrong_request", "engine"),
    ("no model", b'{"text": "x", "engine": "model"}', 422, "no_model", "no model"),
    ("a long key", b'{"text": "x", "' + b"k" * 201 + b'": 1}', 400, "not_json", "longer than 200 characters"),
    ("a long key within", b'{"text": "x", "record": {"' + b"k" * 201 + b'": 1}}', 400, "not_json", "longer than 200"),
    ("a long name", b'{"text": "x", "name": "' + b"x" * 300 + b'"}', 422, "wrong_request", "name"),
    ("a surrogate", rb'{"text": "\ud800"}', 400, "not_json", "surrogate"),
    ("a surrogate for a name", rb'{"text": "x", "name": "\uDFFF"}', 400, "not_json", "surrogate"),
    ("a surrogate for a key", rb'{"text": "x", "\ud800": 1}', 400, "not_json", "surrogate"),
    ("a pair of surrogates", rb'{"text": "\ud83d\ude00"}', 422, "unusable_input", "no yearly report"),
    ("an empty text", b'{"text": " "}', 422, "unusable_input", "empty"),
    ("no report", '{"text": "今天天气很好。"}'.encode(), 422, "unusable_input", "no yearly report"),
    ("an address for a text", b'{"text": "file:///etc/passwd"}', 422, "unusable_input", "no yearly report"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code", "told"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_a_bad_body_is_refused(client: TestClient, body: bytes, status: int, code: str, told: str) -> None:
    """A body that cannot be answered is answered with what is wrong with it; the record of a check likewise."""
    found = client.post("/v1/extract", content=body, headers=JSON)
    assert (found.status_code, found.json()["error"]["code"]) == (status, code)
    assert told in found.json()["error"]["message"]
    assert_refusal(found)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ([], "record: Input should be a valid dictionary"),
        ({"requests": {"recieved": {"total": 1}}}, "did you mean requests.received"),
        ({"requests": {"received": {"total": "1"}}}, "requests.received.total"),
        ({"requests": 5}, "requests"),
        ({"year": "x" * 3000}, "year"),
    ],
)
def test_a_bad_record_is_refused(client: TestClient, record: Any, told: str) -> None:
    found = post(client, "check", text=TEXT, record=record)
    assert (found.status_code, told in found.json()["error"]["message"]) == (422, True), found.text
    assert_refusal(found)


def test_a_record_of_another_shape_is_read_by_a_map(client: TestClient) -> None:
    """The text of a map goes with the record; an error in either names the key."""
    record = {"新收": {"总计": 9_999}, "id": 1}
    told = '[tables."新收x"]\nsection = "requests"\n'
    by = 'ignore = ["id"]\n[cells]\n"新收.总计" = "requests.received.total"\n'
    found = post(client, "check", text=TEXT, record=record, map=by, engine="none")
    assert found.text == check(TEXT, {"requests": {"received": {"total": 9_999}}}, "none").model_dump_json()
    for body, expected in (
        ({"record": record, "map": by.replace("id", "no")}, "id"),
        ({"record": record, "map": told + "x = 1"}, "x"),
        ({"record": {}, "map": "a = " + "[" * 20_000}, "the map"),
        ({"record": {}, "map": "#" * 50_001}, "map: String should have at most 50000 characters"),
        ({"record": {}, "map": f'[cells]\n"{"k" * 201}" = "year"'}, "at most 200 characters"),
        ({"record": {}, "map": f'[cells]\n"k" = "{"y" * 201}"'}, "at most 200 characters"),
        ({"record": {}, "map": f'[tables.{"k" * 201}]\nsection = "requests"'}, "at most 200 characters"),
        ({"record": {}, "map": "/etc/passwd"}, "no TOML"),
    ):
        refused = post(client, "check", text=TEXT, **body)
        assert (refused.status_code, expected in refused.json()["error"]["message"]) == (422, True), refused.text
        assert_refusal(refused)


def assert_refusal(found: Any) -> None:
    """What every refusal is: a documented code under its status, a short message, and nothing else."""
    assert found.headers["content-type"] == "application/json"
    assert list(found.json()) == ["error"]
    assert list(found.json()["error"]) == ["code", "message"]
    assert PROBLEMS[found.json()["error"]["code"]].status == found.status_code
    assert len(found.json()["error"]["message"]) <= 500


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(["text", "record", "engine", "name", "map", "x"]), json_values, max_size=4)


@settings(max_examples=60)
@given(st.sampled_from(["extract", "check"]), st.binary(max_size=200) | bodies.map(lambda b: json.dumps(b).encode()))
def test_whatever_is_sent_is_refused_in_one_way(client: TestClient, task: str, body: bytes) -> None:
    """Any bytes, and any JSON under the keys that there are, come to a refusal of the sender's, never to a fault of ours."""
    found = client.post(f"/v1/{task}", content=body, headers=JSON)
    assert 400 <= found.status_code < 500
    assert_refusal(found)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("POST", "/v1/extract", {}, 415, "wrong_media_type"),
        ("POST", "/v1/extract", {"Content-Type": "text/plain"}, 415, "wrong_media_type"),
        ("POST", "/v1/extract/batch", JSON, 415, "wrong_media_type"),
        ("POST", "/v1/extract", {**JSON, "Content-Encoding": "gzip"}, 415, "wrong_encoding"),
        ("POST", "/v1/check/batch", {**LINES, "Content-Encoding": "br"}, 415, "wrong_encoding"),
        ("GET", "/v1/extract", {}, 405, "wrong_method"),
        ("POST", "/healthz", {}, 405, "wrong_method"),
        ("GET", "/v1/nothing", {}, 404, "not_found"),
    ],
)
def test_a_bad_head_is_refused(
    client: TestClient, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    found = client.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
    assert (found.status_code, found.json()["error"]["code"]) == (status, code)
    assert_refusal(found)
    assert ("allow" in found.headers) == (status == 405)


def test_a_large_body_is_refused_before_it_is_in(client: TestClient) -> None:
    """A body over the limit is refused by its declared length, or as soon as it has come so far, and no later."""
    declared = client.post("/v1/extract", content=b" " * (LIMITS.body_bytes + 1), headers=JSON)
    taken: list[int] = []
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        taken.append(10_000)
        return {"type": "http.request", "body": b" " * 10_000, "more_body": True}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/extract",
        "headers": [(b"content-type", b"application/json")],
    }
    anyio.run(make_app(LIMITS), {**scope, "query_string": b"", "root_path": ""}, receive, send)
    assert (declared.status_code, said[0]["status"]) == (413, 413)
    assert sum(taken) == LIMITS.body_bytes + 10_000


@pytest.mark.parametrize(
    ("path", "headers", "limits"),
    [
        ("/v1/extract", JSON, Limits(workers=1, room_bytes=10)),
        ("/v1/extract/batch", LINES, Limits(workers=1, batches=0)),
    ],
)
def test_no_room(path: str, headers: dict[str, str], limits: Limits) -> None:
    """Where the bodies held are too many, or the batches, the answer is 429 with the time to come again."""
    found = TestClient(make_app(limits)).post(path, content=json.dumps({"text": TEXT}), headers=headers)
    assert (found.status_code, found.json()["error"]["code"], found.headers["retry-after"]) == (429, "busy", "1")
    assert_refusal(found)


@pytest.mark.parametrize(
    ("clients", "waiting", "patience_s", "dropped"),
    [
        ("abc", "abc", 0, 0),
        ("abc", "bc", 0, 1),
        ("abbc", "abbc", 0, 1),
        ("abbc", "ac", 0, 0),
        ("abc", "", 0, None),
        ("abc", "abc", 60, None),
        ("abbc", "abbc", 60, 1),
        ("abbc", "ac", 60, None),
        ("ddd", "ddd", 60, None),
    ],
)
def test_who_makes_room(clients: str, waiting: str, patience_s: float, dropped: int | None) -> None:
    """Of those that are slow to send, the one that has been so longest of the client that holds most; nobody else.

    Of a client that holds more than the one who asks, any that is still sent.
    """

    async def work() -> None:
        places = Places(len(clients), patience_s)
        taken = [place for client in clients if (place := places.take(client))]
        async with asyncio.TaskGroup() as group:
            done = asyncio.Event()
            for place in taken:
                if place.client in waiting:
                    group.create_task(wait(place, done))
            await asyncio.sleep(0)
            found = places.take("d")
            assert [i for i, p in enumerate(taken) if p.is_dropped] == ([] if dropped is None else [dropped])
            assert (found is None, len(places)) == (dropped is None, len(clients))
            done.set()

    async def wait(place: Place, done: asyncio.Event) -> None:
        try:
            with place.waiting(60):
                await done.wait()
        except TimeoutError:
            assert place.is_dropped

    asyncio.run(work())


@pytest.mark.processes
def test_a_text_that_takes_too_long_ends_and_frees_its_worker() -> None:
    """The one worker is killed with a text that costs too much, and the next request is answered."""
    costly = "一、总体情况\n<html><table>" + "<td>0" * 800_000
    with TestClient(make_app(Limits(workers=1, read_s=0.6))) as client:
        found = post(client, "extract", text=costly)
        assert (found.status_code, found.json()["error"]["code"]) == (422, "too_costly")
        assert_refusal(found)
        assert post(client, "extract", text="x").status_code == 422
        lines = client.post("/v1/extract/batch", content=json.dumps({"text": costly}) + '\n{"text":""}', headers=LINES)
        assert [json.loads(line)["error"]["code"] for line in lines.text.splitlines()] == [
            "too_costly",
            "unusable_input",
        ]


@pytest.mark.processes
def test_who_waits_too_long_or_goes_away_leaves_the_queue() -> None:
    """While the one worker reads, the next in the queue is told to come again; one that has gone is never read."""
    body = json.dumps({"text": TEXT}).encode()
    costly = json.dumps({"text": "一、总体情况\n<html><table>" + "<td>0" * 800_000}).encode()

    async def is_gone() -> bool:
        return True

    async def work() -> None:
        async with Pool(Limits(workers=1, read_s=1.5)) as pool:
            await try_it(pool)

    async def try_it(pool: Pool) -> None:
        first = asyncio.create_task(pool.answer(Job("extract", costly)))
        await asyncio.sleep(0)
        with pytest.raises(RequestError, match="busy"):
            await pool.answer(Job("extract", body), 0.01)
        with pytest.raises(RequestError, match="too_costly"):
            await first
        with pytest.raises(GoneError):
            await pool.answer(Job("extract", body), 1, is_gone)
        assert (await pool.answer(Job("extract", body), 1)).verdict == "verified"

    asyncio.run(work())


def test_a_fault_is_told_by_its_place() -> None:
    """Where the code itself fails the answer says no more than that, and the log gets the place, without what was met there."""
    told: Any = ("no reply of a model, but a text",)
    body = json.dumps({"text": TEXT, "engine": "model"}).encode()
    answer = reply((Job("extract", body), Heard(("m",), replies=told)))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.verdict) == (500, "internal")
    assert re.fullmatch(r"AttributeError at \w+\.py:\d+( < \w+\.py:\d+)*", answer.fault)
    assert list(json.loads(answer.body)["error"]) == ["code", "message"]


@pytest.mark.processes
def test_more_memory_than_a_worker_has_is_refused() -> None:
    """A body that grows to more than a worker may hold is refused, and the next request is answered."""
    growing = b'{"text":"x","record":{"a":[' + b"[[[]]]," * 700_000 + b"0]}}"
    with TestClient(make_app(Limits(workers=1, worker_bytes=250_000_000))) as client:
        found = client.post("/v1/check", content=growing, headers=JSON)
        assert (found.status_code, found.json()["error"]["code"]) == (422, "too_costly")
        assert post(client, "extract", text=TEXT).status_code == 200


# --- Who may ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer 0123456789abcdeF", 401),
        ("Basic 0123456789abcdef", 401),
        ("Bearer é", 401),
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
    ],
)
def test_the_token(header: str | None, status: int) -> None:
    """With a token, every address under /v1 asks for it, and none that only tells about the service."""
    headers = {} if header is None else {b"Authorization": header.encode("utf-8")}
    client = TestClient(make_app(LIMITS, Access(TOKEN)))
    assert client.get("/v1/schema", headers=headers).status_code == status
    posted = [client.post(f"/v1/{p}", headers=headers) for p in ("extract", "check", "extract/batch", "check/batch")]
    assert {r.status_code for r in posted} == ({401} if status == 401 else {415})
    assert [client.get(path).status_code for path in ("/healthz", "/openapi.json", "/docs")] == [200] * 3


@pytest.mark.parametrize(
    ("options", "environ", "told"),
    [
        (["--host", "0.0.0.0"], {}, "--host 0.0.0.0: others than this machine could ask; set NIANBAO_SERVE_TOKEN"),
        (["--host", "::"], {}, "say --no-token"),
        (["--host", "example.org"], {"NIANBAO_SERVE_TOKEN": ""}, "others than this machine"),
        ([], {"NIANBAO_SERVE_TOKEN": "short"}, "NIANBAO_SERVE_TOKEN: a token of at least 16"),
        (["--token-file", "empty"], {}, "--token-file empty: a token of at least 16"),
        (["--token-file", "none"], {}, "--token-file none: cannot be read"),
    ],
)
def test_the_server_does_not_start(options: list[str], environ: dict[str, str], told: str, tmp_path: Path) -> None:
    """An address that others reach needs a token, or a word that it needs none; a token that is none is refused."""
    (tmp_path / "empty").write_text("\n")
    found = CliRunner().invoke(main, ["serve", *options], env=environ, catch_exceptions=False)
    assert (found.exit_code, told in found.stderr) == (2, True), found.stderr


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, one line says how to install it."""
    monkeypatch.delitem(__import__("sys").modules, "nianbao.pipeline.serve.run", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    found = CliRunner().invoke(main, ["serve"], catch_exceptions=False)
    assert (found.exit_code, "pip install '.[serve]'" in found.stderr) == (2, True)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("example.org", 421),
        ("127.0.0.1.example.org", 421),
        ("LOCALHOST:1", 200),
        ("", 421),
        ("a b", 421),
        ("evil.org, localhost", 421),
        ("user@localhost", 421),
        ("localhost:x", 421),
        ("localhost:123456", 421),
        ("[::1", 421),
        ("::1", 421),
        ("[localhost]", 421),
        ("localhost/", 421),
        ("localhost\\", 421),
        ("127.1", 421),
    ],
)
def test_a_name_that_is_not_this_machine_s(host: str, status: int) -> None:
    """A server for this machine alone does not answer under a name that somebody else made lead to it."""
    client = TestClient(make_app(LIMITS, Access(is_local=True)))
    assert client.get("/v1/schema", headers={"Host": host}).status_code == status


def test_no_host_is_not_this_machine_s() -> None:
    """A request that names no host, or two of them, is not taken for one to this machine."""
    for named in ((), ("localhost", "localhost"), ("localhost", "example.org")):
        scope = {"type": "http", "headers": [(b"host", name.encode()) for name in named], "server": ("127.0.0.1", 80)}
        with pytest.raises(RequestError, match="wrong_host"):
            Access(is_local=True).admit(Request(scope))


@pytest.mark.parametrize(
    ("host", "token", "is_open", "expected"),
    [
        ("127.0.0.1", None, False, Access(is_local=True)),
        ("::1", TOKEN, False, Access(TOKEN)),
        ("0.0.0.0", TOKEN, False, Access(TOKEN)),
        ("0.0.0.0", None, True, Access()),
        ("localhost", TOKEN, True, Access()),
    ],
)
def test_who_is_answered(host: str, token: str | None, is_open: bool, expected: Access) -> None:
    assert access_for(host, token, is_open) == expected


# --- Batches ---------------------------------------------------------------------------------------------------------


def test_a_batch_is_one_line_out_for_each_in(client: TestClient) -> None:
    """In their order, each what it would have been alone; an error says which line it is for; blank lines are passed over."""
    long = json.dumps({"text": "x" * LIMITS.body_bytes})
    lines = [json.dumps({"text": TEXT}), "{", "", long, json.dumps({"text": SAMPLES[1].text, "name": "b"}), "[]"]
    found = client.post("/v1/extract/batch", content="\n".join(lines), headers=LINES)
    given = [json.loads(line) for line in found.text.splitlines()]
    assert (found.status_code, found.headers["content-type"]) == (200, "application/x-ndjson")
    assert given[0] == post(client, "extract", text=TEXT).json()
    assert given[3] == post(client, "extract", text=SAMPLES[1].text, name="b").json()
    assert [(g["error"]["code"], g["line"]) for g in given if "error" in g] == [
        ("not_json", 2), ("too_large", 4), ("wrong_request", 6),
    ]  # fmt: skip


def test_an_empty_batch_gives_nothing(client: TestClient) -> None:
    found = client.post("/v1/check/batch", content=b"", headers=LINES)
    assert (found.status_code, found.content) == (200, b"")


@given(
    st.lists(st.binary(max_size=12) | st.sampled_from([b"\n", b"a\n", b"long line\n"]), max_size=12),
    st.integers(1, 12),
    st.booleans(),
)
def test_lines_do_not_depend_on_how_the_bytes_came(pieces: list[bytes], longest: int, is_whole: bool) -> None:
    """A spool gives the lines of the whole, None for each that is too long, in whatever pieces it was written.

    What broke off within a line does not give that line.
    """

    async def lines() -> list[bytes | None]:
        spool = Spool()
        for piece in pieces:
            await spool.write(piece)
        await spool.end(is_whole=is_whole)
        found = [line async for line in spool.lines(longest)]
        spool.close()
        return found

    whole = b"".join(pieces).split(b"\n")
    expected = [line if len(line) <= longest else None for line in (whole if whole[-1] and is_whole else whole[:-1])]
    assert anyio.run(lines) == expected
