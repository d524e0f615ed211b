"""Real engines: the schema that goes with a question, compiled by those that servers use, and a server's protocol without a model's sense.

    python -m tests.engines [schemas] [server]

needs an environment of its own, which `make engines` makes: vLLM, SGLang and TGI use xgrammar, llguidance or outlines-core;
llama-cpp-python has a server with llama.cpp's grammars, here with a tiny model of random numbers.
"""
