-- The service: `serve`, and every command but `migrate` and `grant`. It owns nothing, makes nothing, and can only add to what is
-- history. It takes nothing of a case away for good but through the two functions at the end, which leave a line in `erasures`.
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT ON _sqlx_migrations TO :"role";

-- Facts. `UPDATE (id)` is for locks: the column itself can only be given the value that it has by default.
GRANT SELECT, INSERT, UPDATE (family_reference, team, restricted, recorded_on, started_on, lbp_sent_on, fgdm_offered, fgdm_facilitated, fgdm_exempt, step_decision_on, outcome, court_application_on, letter_of_issue_on, closed_on) ON cases TO :"role";
GRANT SELECT, INSERT, UPDATE (date_of_birth, expected_delivery_on, pregnancy_ended_on), DELETE ON children TO :"role";
GRANT SELECT, INSERT, UPDATE (kind, planned_on, held_on, cancelled_on), DELETE ON meetings TO :"role";
GRANT SELECT, INSERT, UPDATE (kind, commissioned_on, due_on, received_on), DELETE ON assessments TO :"role";
GRANT SELECT, INSERT, UPDATE (requested_on, decision, decided_on, new_end_on, approved_by_grade, rationale_recorded), DELETE ON extensions TO :"role";
GRANT SELECT, INSERT, UPDATE (id), DELETE ON engagement TO :"role";
GRANT SELECT, INSERT, UPDATE (id), DELETE ON oversight TO :"role";
GRANT SELECT, INSERT, UPDATE (id), DELETE ON allocations TO :"role";
GRANT SELECT, INSERT, UPDATE (said, derived, said_at, vanished_at) ON source_cases TO :"role";

-- What it keeps beside the facts. The history of facts is written by a trigger, with the rights of the owner.
GRANT SELECT ON case_history TO :"role";
GRANT SELECT, INSERT, DELETE ON case_marks TO :"role";
GRANT SELECT, UPDATE (next_look_on, postponed_until, failures, looked_at, looked_on, status, rag, reds, ambers, since_on, end_on, end_set_by, base_end_on, rules, drifts, next_deadline, next_deadline_on) ON case_watch TO :"role";

-- Alerts, and what becomes of them.
GRANT SELECT, INSERT, UPDATE (severity, state, message, since_on, severity_since_on, turned_at, resolved_at, turn, turned_by, turned_on, next_rung_on, next_rung_role, next_rung_deliver, gives_a_birth_away, unreachable_since) ON alerts TO :"role";
GRANT SELECT, INSERT, UPDATE (climbed_at, outcome), DELETE ON alert_rungs TO :"role";
GRANT SELECT, INSERT, UPDATE (ended_at, ended_by) ON alert_pauses TO :"role";

-- What is only ever added to.
GRANT SELECT, INSERT ON journal TO :"role";
GRANT SELECT, INSERT ON api_audit TO :"role";
GRANT SELECT, INSERT ON policies TO :"role";
GRANT SELECT, INSERT ON policies_taken_up TO :"role";

-- Mail. What was sealed and what an attempt came to is held by triggers, too.
GRANT SELECT, INSERT, UPDATE (state, created_at, sealed_at, from_address, to_address, subject, body, attempts, next_attempt_at, leased_until, give_up_at, settled_at, reason) ON messages TO :"role";
GRANT SELECT, INSERT, UPDATE (severity, turn, role, stands_in, escalated, also_as), DELETE ON message_alerts TO :"role";
GRANT SELECT, INSERT, UPDATE (settled_at, outcome, reply) ON message_attempts TO :"role";

-- Who is told, who calls, and what was answered.
GRANT SELECT, INSERT, UPDATE (active, deputy_id, away_until) ON recipients TO :"role";
GRANT SELECT, INSERT, UPDATE (expires_at, revoked_at, last_used_at) ON tokens TO :"role";
GRANT SELECT, INSERT, DELETE ON link_keys TO :"role";
GRANT SELECT, INSERT, UPDATE (last_seen_at) ON api_people TO :"role";
GRANT SELECT, INSERT, UPDATE (last_used_at, stays), DELETE ON page_sessions TO :"role";
GRANT SELECT, INSERT, UPDATE (fingerprint, body, etag, kept_until, case_reference), DELETE ON kept_answers TO :"role";
GRANT SELECT, INSERT, UPDATE (started_at, finished_at, failures, passed_over), DELETE ON job_runs TO :"role";

-- nothing: erasures, erasing
GRANT EXECUTE ON FUNCTION erase_case(text, text, bigint, text, timestamptz) TO :"role";
GRANT EXECUTE ON FUNCTION erase_old(text, timestamptz, integer, bigint, timestamptz) TO :"role";
