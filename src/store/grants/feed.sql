-- A program of the council's that writes the facts with plain SQL. It sees nothing else; each change of its is kept under its name.
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON cases TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON children TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON meetings TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON assessments TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON extensions TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON engagement TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON oversight TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON allocations TO :"role";

-- nothing: _sqlx_migrations, source_cases, case_history, case_marks, case_watch, alerts, alert_rungs, alert_pauses, journal, api_audit
-- nothing: policies, policies_taken_up, link_keys, messages, message_alerts, message_attempts, recipients, tokens, api_people
-- nothing: page_sessions, kept_answers, job_runs, erasures, erasing
