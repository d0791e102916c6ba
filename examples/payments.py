"""Prints six hundred made-up payments of a year, the same each time; docs/replay.md uses them."""

print("id,at,activity,party,asset,amount,counterparty")
for n in range(600):
    amount = 7 + n * n * 7919 % 900_000  # in kopecks: a few large ones among many small ones
    print(
        f"p{n},2026-{1 + n // 50:02}-{1 + n % 28:02}T10:00:00+03:00,fiat_pay,client{n * n % 17},BYN,{amount // 100}.{amount % 100:02},shop{n % 5}"
    )
