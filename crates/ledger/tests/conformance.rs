//! One suite of promises, and every backend keeps all of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

#[path = "conformance/cases.rs"]
mod cases;
mod world;

macro_rules! conformance {
    ($($case:ident)*) => {
        mod memory {
            $(#[test] fn $case() { super::cases::$case(super::world::Place::memory()); })*
        }
        mod sqlite {
            $(#[test] fn $case() {
                let directory = tempfile::tempdir().unwrap();
                super::cases::$case(super::world::Place::sqlite(directory.path()));
            })*
        }
        mod sealed {
            $(#[test] fn $case() {
                let directory = tempfile::tempdir().unwrap();
                super::cases::$case(super::world::Place::sealed(directory.path()));
            })*
        }
        mod faulty {
            $(#[test] fn $case() { super::cases::$case(super::world::Place::faulty()); })*
        }
    };
}

conformance! {
    a_new_store_opens_both_logs_and_adopts_the_platform
    a_platform_change_is_adopted_right_after_it
    later_commands_of_a_batch_see_the_change
    a_document_that_is_not_what_its_name_says_is_refused
    a_stream_is_a_chain_and_an_app_counts_its_releases
    times_never_decrease
    a_clock_that_jumped_stops_releases_and_nothing_else_until_an_operator_accepts_it
    a_restart_behind_the_last_fact_stops_releases_until_it_is_accepted
    repeated_refusals_are_counted_and_told_before_the_next_fact
    what_was_counted_is_told_when_its_hour_is_over
    a_restart_loses_no_counted_refusal
    a_deletion_tells_what_was_counted_and_leaves_no_row
    what_was_counted_is_never_told_as_older_than_it_is
    receipts_verify_under_the_logs_keys
    every_entry_can_be_proven_at_the_current_head
    every_tree_is_shown_to_be_the_beginning_of_a_later_one
    tiles_are_served_full_and_partial
    the_published_head_moves_at_most_so_often
    writes_are_done_only_with_the_answer_they_belong_to
    a_conflict_among_writes_records_nothing
    a_ticket_is_taken_once_by_eight_threads
    an_id_is_consumed_once
    reuse_is_noticed_until_the_ticket_expires
    a_revoked_family_is_worth_nothing_and_stays_so
    a_persons_tickets_are_revoked_together
    a_sweep_deletes_only_what_is_worth_nothing
    staff_are_found_by_id_and_by_identity_and_replaced_whole
    a_second_factor_is_set_up_once_and_in_time
    a_time_step_is_used_once_by_eight_threads
    attempts_are_counted_before_they_are_looked_at
    a_passkey_is_of_one_appointment_and_used_in_order
    a_person_is_added_once_and_within_one_shard
    wrapped_keys_are_put_in_place_of_exactly_those_that_were_read
    values_are_the_current_ones_in_the_order_of_their_codes
    a_person_is_found_by_the_current_value_of_that_item_and_no_other
    a_look_is_recorded_before_it_is_permitted
    a_repeated_request_gets_the_first_disclosure_again
    another_request_under_the_same_key_is_refused
    history_is_newest_first_in_pages
    the_evidence_of_a_consent_is_kept_once_and_for_that_consent
    sessions_end_together_and_nothing_else_of_the_person_does
    consents_to_an_app_are_counted_while_they_count
    a_deletion_removes_every_row_and_no_entry
    what_was_appended_in_the_batch_of_a_deletion_leaves_no_trace
    another_tag_of_the_same_person_is_refused
    a_full_queue_says_busy_and_withdrawals_still_get_in
    a_withdrawal_waits_for_an_open_permit_and_no_longer_than_it_lasts
    a_withdrawal_does_not_wait_for_other_streams
    a_flood_of_one_partner_delays_no_other
    room_on_the_disk_is_kept_for_what_must_always_be_possible
    a_sanction_waits_for_the_permits_of_its_apps
    a_restart_gives_the_same_state_and_goes_on
    other_settings_are_refused
    other_signers_are_refused
    a_closed_ledger_says_so
    an_untouched_store_verifies
}
