"""The schema of an answer, compiled by xgrammar, llguidance and outlines-core: perfect answers are accepted, malformed ones refused."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from typing import Any

from nianbao.eval.dataset import SAMPLES, load_dataset
from nianbao.pipeline.llm.wire import Pointing

from tests.tools.standin import right_lines

Accepts = Callable[[str], bool]
END = 256
"""The token that ends an answer; the others are bytes."""


def xgrammar(schema: str) -> Accepts:
    import xgrammar as xgr

    bytes_and_end = [bytes([byte]) for byte in range(END)] + [b"</s>"]
    tokens = xgr.TokenizerInfo(bytes_and_end, vocab_type=xgr.VocabType.RAW, stop_token_ids=[END])
    grammar = xgr.GrammarCompiler(tokens).compile_json_schema(schema)

    def accepts(text: str) -> bool:
        matcher = xgr.GrammarMatcher(grammar)
        return all(matcher.accept_token(token) for token in (*text.encode(), END))

    return accepts


def llguidance(schema: str) -> Accepts:
    import llguidance as llg

    tokens = llg.LLTokenizer("byte")
    grammar = llg.grammar_from("json_schema", schema)

    def accepts(text: str) -> bool:
        matcher = llg.LLMatcher(tokens, grammar, log_level=0)
        return bool(matcher.consume_tokens(list(text.encode())) and matcher.is_accepting())

    return accepts


def outlines_core(schema: str) -> Accepts:
    from outlines_core import Guide, Index, Vocabulary
    from outlines_core.json_schema import build_regex_from_schema

    vocabulary = Vocabulary(END, {bytes([byte]): [byte] for byte in range(END)})
    index = Index(build_regex_from_schema(schema), vocabulary)

    def accepts(text: str) -> bool:
        guide = Guide(index)
        for byte in text.encode():
            if byte not in guide.get_tokens():
                return False
            guide.advance(byte, return_tokens=False)
        return END in guide.get_tokens()

    return accepts


ENGINES: dict[str, Callable[[str], Accepts]] = {
    "xgrammar": xgrammar, "llguidance": llguidance, "outlines-core": outlines_core,
}  # fmt: skip


def perfect() -> list[str]:
    """What a perfect reader answers about the samples, with white space and without."""
    cases = load_dataset(SAMPLES).cases
    told = [{"rows": [line for lines in right_lines(case).values() for line in lines]} for case in cases]
    return [json.dumps(one, ensure_ascii=False, separators=between) for one in told for between in ((",", ":"), None)]


def malformed(text: str) -> Iterator[str]:
    """An answer made malformed, in every way that a model may."""
    told: dict[str, Any] = json.loads(text)
    first = next(iter(told))
    yield from (
        "",
        "抱歉，我无法完成。",
        "[]",
        "null",
        text[:-1],
        text[: len(text) // 2],
        text + "}",
        f"```json\n{text}\n```",
    )
    for other in (
        {},
        {"zeilen": told[first]},
        {**told, "note": "x"},
        {**told, first: None},
        {**told, first: 7},
        {**told, first: [[1.5]]},
    ):
        yield json.dumps(other, ensure_ascii=False)


def try_schemas() -> tuple[Sequence[str], bool]:
    """Every engine → what came of it, a line each, and whether all is as it must be."""
    lines: list[str] = []
    is_right = True
    schema = json.dumps(Pointing.model_json_schema(), ensure_ascii=False)
    good = perfect()
    bad = [text for one in good[:2] for text in malformed(one)]
    for name, engine in ENGINES.items():
        start = time.perf_counter()
        try:
            accepts = engine(schema)
        except Exception as error:  # whatever an engine has against the schema
            lines.append(f"{name}: not taken: {type(error).__name__}: {str(error)[:200]}")
            is_right = False
            continue
        took = time.perf_counter() - start
        taken, refused = sum(map(accepts, good)), sum(not accepts(text) for text in bad)
        lines.append(
            f"{name} {version(name)}: compiled in {took:.1f} s; {taken} of {len(good)} perfect answers accepted,"
            f" {refused} of {len(bad)} malformed ones refused"
        )
        is_right = is_right and (taken, refused) == (len(good), len(bad))
    return lines, is_right
