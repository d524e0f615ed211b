"""A tiny model of random numbers in GGUF: it knows bytes and nothing else, and likes to come to an end."""

from pathlib import Path

import numpy as np

WIDTH, HEADS, INNER, LAYERS = 64, 2, 128, 1
CONTEXT = 65_536
LIKES = {'"': 4.0, ",": 4.5, "}": 3.0, "]": 2.0, **dict.fromkeys("0123456789", 4.0), **dict.fromkeys(" :-", 3.5)}
"""What it says more often, so that an answer within a grammar looks like one, and comes to its end."""
DISLIKES = -8.0
"""What it says hardly ever: bytes that are no printable ASCII."""
TEMPLATE = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"


def make_model(path: Path, seed: int = 1) -> None:
    """Write the model; the same seed gives the same bytes."""
    import gguf

    rng = np.random.default_rng(seed)
    tokens = [b"<unk>", b"<s>", b"</s>", *(f"<0x{byte:02X}>".encode() for byte in range(256))]
    kinds = [gguf.TokenType.UNKNOWN, *[gguf.TokenType.CONTROL] * 2, *[gguf.TokenType.BYTE] * 256]

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)

    def random(*shape: int, scale: float = 0.1) -> np.ndarray:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    # What every token has in common is what the last layer sees, whatever came before.
    embedded = random(len(tokens), WIDTH)
    embedded[:, 0] = 1.0
    said = random(len(tokens), WIDTH)
    said[:, 0] = 0.0
    for byte in range(256):
        liking = LIKES.get(chr(byte), 0.0) if 32 <= byte < 127 else DISLIKES
        said[3 + byte, 0] = liking / WIDTH**0.5  # of what is normed, the first is its square root
    ones = np.ones(WIDTH, dtype=np.float32)
    writer.add_tensor("token_embd.weight", embedded)
    writer.add_tensor("output_norm.weight", ones)
    writer.add_tensor("output.weight", said)
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", ones)
        for name in ("attn_q", "attn_k", "attn_v"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", random(WIDTH, WIDTH))
        for name in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", random(INNER, WIDTH))
        writer.add_tensor(f"blk.{layer}.attn_output.weight", random(WIDTH, WIDTH, scale=0.01))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", random(WIDTH, INNER, scale=0.01))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
