"""What strangers send: an endpoint's answers of any shape, a cache that was tampered with, requests to the service.

    python -m tests.hostile_llm [--answers N] [--entries N] [--requests N]

tries so many of each, prints how many and what came of them, and ends with exit status 1 where one got through.
"""
