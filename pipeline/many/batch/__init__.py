"""Questions asked through a provider's Batch API, which takes its time and half the price.

    reports ──deferred──▶ questions ──parts──▶ input files ──endpoint──▶ batches ──take──▶ cache
    as in any run,        those whose answers  of a size     sent, and    answers, judged as any
    nothing is sent       are not kept         they take     fetched      in the next reading

`submit.py` and `collect.py` hold that flow; `state.py` is what is written down of it.
"""
