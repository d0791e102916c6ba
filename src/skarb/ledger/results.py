"""Result codes: what the ledger machine answers to one account or transfer, one byte each.

The names, and the order in which they are listed here, are TigerBeetle's: when several apply, the one listed first is
given. Numbers are those of its `create_transfers`; codes that only accounts can get continue at 80, and codes for floors
and ceilings, which TigerBeetle does not have, at 100. Numbers are kept in journals: they are never given again.

A transient code depends on the state of the books at that moment. The id that got one is spent for ever (`id_already_failed`), so
that repeating an instruction can never give another answer than the first time.

Source: TigerBeetle reference, requests `create_accounts` and `create_transfers`, release 0.16.
"""

from __future__ import annotations

from enum import IntEnum


class Result(IntEnum):
    """The answer to one event, in falling precedence."""

    created = 0
    ok = 0  # another name for created
    linked_event_failed = 1
    linked_event_chain_open = 2
    imported_event_expected = 56
    imported_event_not_expected = 57
    timestamp_must_be_zero = 3
    imported_event_timestamp_out_of_range = 58
    imported_event_timestamp_must_not_advance = 59
    reserved_field = 80  # accounts: bits of `limits` without a meaning, or a limit without its bit
    reserved_flag = 4
    id_must_not_be_zero = 5
    id_must_not_be_int_max = 6
    exists_with_different_flags = 36
    exists_with_different_pending_id = 40
    exists_with_different_timeout = 44
    exists_with_different_debit_account_id = 37
    exists_with_different_credit_account_id = 38
    exists_with_different_amount = 39
    exists_with_different_user_data_128 = 41
    exists_with_different_user_data_64 = 42
    exists_with_different_user_data_32 = 43
    exists_with_different_ledger = 67
    exists_with_different_code = 45
    exists_with_different_limits = 100  # accounts: another floor or ceiling
    exists = 46
    id_already_failed = 68
    flags_are_mutually_exclusive = 7
    debit_account_id_must_not_be_zero = 8
    debit_account_id_must_not_be_int_max = 9
    credit_account_id_must_not_be_zero = 10
    credit_account_id_must_not_be_int_max = 11
    accounts_must_be_different = 12
    pending_id_must_be_zero = 13
    pending_id_must_not_be_zero = 14
    pending_id_must_not_be_int_max = 15
    pending_id_must_be_different = 16
    timeout_reserved_for_pending_transfer = 17
    closing_transfer_must_be_pending = 64
    ledger_must_not_be_zero = 19
    code_must_not_be_zero = 20
    floor_above_ceiling = 101  # accounts: no balance could satisfy both
    debit_account_not_found = 21
    credit_account_not_found = 22
    accounts_must_have_the_same_ledger = 23
    transfer_must_have_the_same_ledger_as_accounts = 24
    pending_transfer_not_found = 25
    pending_transfer_not_pending = 26
    pending_transfer_has_different_debit_account_id = 27
    pending_transfer_has_different_credit_account_id = 28
    pending_transfer_has_different_ledger = 29
    pending_transfer_has_different_code = 30
    exceeds_pending_transfer_amount = 31
    pending_transfer_has_different_amount = 32
    pending_transfer_already_posted = 33
    pending_transfer_already_voided = 34
    pending_transfer_expired = 35
    imported_event_timestamp_must_not_regress = 60
    imported_event_timestamp_must_postdate_debit_account = 61
    imported_event_timestamp_must_postdate_credit_account = 62
    imported_event_timeout_must_be_zero = 63
    debit_account_already_closed = 65
    credit_account_already_closed = 66
    overflows_debits_pending = 47
    overflows_credits_pending = 48
    overflows_debits_posted = 49
    overflows_credits_posted = 50
    overflows_debits = 51
    overflows_credits = 52
    overflows_timeout = 53
    exceeds_credits = 54
    exceeds_debits = 55
    exceeds_floor = 102  # the debit account would fall below its floor, holds counted
    exceeds_ceiling = 103  # the credit account would rise above its ceiling, incoming holds counted


TRANSIENT = frozenset(
    {
        Result.debit_account_not_found,
        Result.credit_account_not_found,
        Result.pending_transfer_not_found,
        Result.debit_account_already_closed,
        Result.credit_account_already_closed,
        Result.exceeds_credits,
        Result.exceeds_debits,
        Result.exceeds_floor,
        Result.exceeds_ceiling,
    }
)  # answers that spend the id
