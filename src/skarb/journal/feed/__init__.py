"""The feed: a journal as columns for whoever supervises the institution.

```
DIR/book=<name>/
  manifest-<from>-<to>.json         what one export holds, signed; batches are named by ten digits
  editions/<hash>.json              the law that decided: its normal form, whose SHA-256 is the name
  recorded=<YYYY-MM-DD>/
    rows-<from>-<to>.parquet        one row per instruction, in the order of the journal
    cases-<from>-<to>.parquet       the distinct facts of these rows
    transfers-<from>-<to>.parquet   what the ledger did for them
    accounts-<from>-<to>.parquet    the accounts that were opened
    batches-<from>-<to>.parquet     the journal itself: heads and bodies, from which all of the above can be made again
```

A partition is the day on which batches were recorded (UTC). A batch has one such day and days only go up, so no batch is torn and a later
export never touches the files of an earlier one. The legal day of each instruction is a column: files from the past, handed in late, have
many of them in one batch. Types are plain, so DuckDB, Spark and pandas read the folders as they are.
"""
