"""Many reports into one folder, which can be stopped at any moment and taken up again.

    sources ──cut──▶ shards ──runner──▶ outcomes ──commit──▶ ledger ──export──▶ tables
    files, lines     reports, those     one a report:        a file and a       Parquet, CSV,
                     read already       its line of JSON     marker a shard     a workbook

`run.py` holds that flow. A runner is all that knows where the reports are read.
"""
