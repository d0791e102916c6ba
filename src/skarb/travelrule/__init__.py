"""The travel rule: what must be told about originator and beneficiary of a transfer, and the exchange in which it is told. Pure: no network, no store."""
