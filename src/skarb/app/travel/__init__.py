"""The travel rule at work: an institution's office that keeps payloads sealed, exchanges them with other providers, and says
what a transfer lacks.

```
office/
  office.yaml     who we are, where we listen, whose certificates we trust; see `setting`
  sealing.keys    keys that seal payloads, the last one seals; see `keys`
  payloads.db     sealed payloads and messages, the exchanges, what must still be sent; see `skarb.store.sealed`
  looks.jsonl     who opened a payload, and why
```
"""
