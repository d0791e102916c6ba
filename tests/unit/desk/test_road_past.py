"""What the road has posted can be asked about at any moment, by both its dates, while the desk works on."""

from datetime import timedelta

import pytest

from skarb.core.columns import Sheet
from skarb.journal.chart import account_id
from skarb.ledger.past import Behind, page_by_effect


@pytest.mark.parametrize("as_columns", [False, True])
def test_a_late_instruction_counts_from_its_own_instant(as_columns: bool, town, zedland) -> None:
    day = timedelta(days=1)
    with town.open_funded() as desk, Behind(desk.book.ledger) as behind:
        anna = behind.row(account_id("client/anna", "ZZD"))

        def has(**moments: int) -> int:
            return behind.wait().totals(anna, **moments).posted

        assert has() == 100_000_00
        on_time = town.instruction("on-time", amount="5.00", at=zedland.DAY)
        desk.submit(Sheet.of([on_time], "python") if as_columns else [on_time])
        between = desk.book.ledger.moment
        town.clock.move(hours=1)
        late = town.instruction("late", amount="7.00", at=zedland.DAY - 3 * day)
        desk.submit(Sheet.of([late], "python") if as_columns else [late])
        assert has() == zedland.balances(desk)["client/anna", "ZZD"] == 100_000_00 - 12_00
        assert has(recorded=between) == 100_000_00 - 5_00

        three_days_ago = int((zedland.DAY - 3 * day).timestamp()) * 10**9
        assert has(effective=three_days_ago - 1) == 0
        assert has(effective=three_days_ago) == -7_00, "the money came later than what was paid from it"
        assert has(effective=three_days_ago, recorded=between) == 0
        known = behind.wait()
        page = page_by_effect(known, anna, known.length, 0, 1 << 63, 0, 10)
        assert [(line.amount, line.incoming) for line in page.lines] == [(7_00, False), (100_000_00, True), (5_00, False)]
        assert page.lines[0].moment > page.lines[2].moment
