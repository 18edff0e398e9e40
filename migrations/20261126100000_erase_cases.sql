-- Erasure: what is kept of a case goes for good, after the policy's time or on request. There is one door for it, and a line stays.

-- What was erased: when, by which policy or for which reason, and how many rows of each table. The case is known by the SHA-256 of its
-- reference (sha256(convert_to(reference, 'UTF8'))), so that whoever knows a reference can prove that it was erased; it is no secret
-- from somebody who tries every reference. None where old records went that are about no case in particular.
CREATE TABLE erasures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erased_at timestamptz NOT NULL,
    cause text NOT NULL,
    case_hash bytea,
    -- The version in force.
    policy_version bigint REFERENCES policies,
    reason text,
    erased_rows jsonb NOT NULL,
    CONSTRAINT erasures_cause_is_known CHECK (cause IN ('policy', 'request')),
    CONSTRAINT erasures_hash_is_sha_256 CHECK (octet_length(case_hash) = 32),
    CONSTRAINT erasures_on_request_have_a_case_and_a_reason CHECK (
        (cause = 'request') = (reason IS NOT NULL) AND (cause = 'policy' OR case_hash IS NOT NULL)
    ),
    CONSTRAINT erasures_by_policy_name_it CHECK (cause = 'request' OR policy_version IS NOT NULL),
    CONSTRAINT erasures_reason_is_plain CHECK (is_plain_text(reason))
);
CREATE INDEX erasures_by_case ON erasures (case_hash) WHERE case_hash IS NOT NULL;

-- The transaction that is erasing, while it is inside one of the functions below: nobody else ever sees a row here. What is only ever
-- added to may be deleted while there is one. It is a row, and no setting of the session: anybody can set a setting, while only the
-- owner of the tables, who could drop the triggers as well, can write here.
CREATE TABLE erasing (
    transaction xid8 PRIMARY KEY
);

CREATE FUNCTION is_erasing() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    RETURN EXISTS (SELECT FROM erasing WHERE transaction = pg_current_xact_id());

-- As before, and: of what is erased nothing is noted.
CREATE OR REPLACE FUNCTION note_fact_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    old_value jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_value jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    key_column text := CASE TG_TABLE_NAME WHEN 'cases' THEN 'reference' ELSE 'case_reference' END;
    old_case text := old_value ->> key_column;
    new_case text := new_value ->> key_column;
    change_source text := nullif(current_setting('plo_drift.source', true), '');
    said_time text := nullif(current_setting('plo_drift.now', true), '');
    said_actor text := nullif(current_setting('plo_drift.actor', true), '');
    change_actor text;
    change_at timestamptz := now();
BEGIN
    IF old_value IS NOT DISTINCT FROM new_value OR (TG_OP = 'DELETE' AND is_erasing()) THEN
        RETURN NULL;
    END IF;
    IF coalesce(said_time, said_actor) IS NOT NULL AND pg_has_role(session_user, current_user, 'MEMBER') THEN
        change_at := coalesce(said_time::timestamptz, change_at);
        change_actor := said_actor;
    END IF;
    IF old_case <> new_case THEN
        INSERT INTO case_history (case_reference, fact_table, changed_at, source, actor, old_value, new_value)
        VALUES
            (old_case, TG_TABLE_NAME, change_at, change_source, change_actor, old_value, NULL),
            (new_case, TG_TABLE_NAME, change_at, change_source, change_actor, NULL, new_value);
    ELSE
        INSERT INTO case_history (case_reference, fact_table, changed_at, source, actor, old_value, new_value)
        VALUES (coalesce(new_case, old_case), TG_TABLE_NAME, change_at, change_source, change_actor, old_value, new_value);
    END IF;
    IF TG_TABLE_NAME = 'cases' AND TG_OP = 'INSERT' THEN
        INSERT INTO case_watch (case_reference) VALUES (new_case);
    END IF;
    INSERT INTO case_marks (case_reference) SELECT DISTINCT r FROM unnest(ARRAY[old_case, new_case]) AS r WHERE r IS NOT NULL;
    IF TG_TABLE_NAME = 'cases' THEN
        INSERT INTO case_marks (family_reference)
        SELECT DISTINCT f FROM unnest(ARRAY[old_value ->> 'family_reference', new_value ->> 'family_reference']) AS f
        WHERE f IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

-- Replacing a function forgets its settings: temporary tables of whoever writes facts must not stand in for ours.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION note_fact_change() SET search_path = %I, pg_catalog, pg_temp', current_schema());
END $$;

CREATE OR REPLACE FUNCTION refuse_to_rewrite_the_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND is_erasing() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the journal is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE OR REPLACE FUNCTION refuse_to_rewrite_what_was() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME IN ('case_history', 'alert_pauses', 'api_audit') AND is_erasing() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER erasures_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erasures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_what_was();

-- A message that told of an erased case keeps its row: to whom, when, and what the mail server said. Its bytes go, once it is settled.
-- It takes no part in "one a day for each person" any more: a case that went singly is not told from others by it.
DROP INDEX messages_one_a_day_for_each_person;
ALTER TABLE messages
    ADD COLUMN erased_at timestamptz,
    DROP CONSTRAINT messages_are_whole_once_queued,
    ADD CONSTRAINT messages_are_whole_once_queued CHECK (
        state IN ('gathering', 'cancelled')
        OR (
            (sealed_at, from_address, to_address, subject, next_attempt_at, give_up_at) IS NOT NULL
            AND (body IS NOT NULL OR erased_at IS NOT NULL)
        )
    ),
    ADD CONSTRAINT messages_are_erased_once_settled CHECK (
        erased_at IS NULL OR (body IS NULL AND state IN ('sent', 'dead', 'cancelled'))
    );
CREATE UNIQUE INDEX messages_one_a_day_for_each_person ON messages (recipient_id, kind, for_day, coalesce(only_case, ''))
    WHERE for_day IS NOT NULL AND state <> 'cancelled' AND erased_at IS NULL;
CREATE INDEX messages_by_only_case ON messages (only_case) WHERE only_case IS NOT NULL;

CREATE OR REPLACE FUNCTION refuse_to_change_a_sealed_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'a message is never deleted, only cancelled with a reason' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (OLD.erased_at IS DISTINCT FROM NEW.erased_at OR (OLD.sealed_at IS NOT NULL AND OLD.body IS DISTINCT FROM NEW.body))
        AND NOT (NEW.body IS NULL AND NEW.erased_at IS NOT NULL AND is_erasing())
    THEN
        RAISE EXCEPTION 'the bytes of a sealed message do not change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.sealed_at IS NOT NULL AND (OLD.subject, OLD.to_address, OLD.from_address, OLD.sealed_at)
        IS DISTINCT FROM (NEW.subject, NEW.to_address, NEW.from_address, NEW.sealed_at)
    THEN
        RAISE EXCEPTION 'the bytes of a sealed message do not change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- What was answered to a request is about a case. What an earlier version of the program kept without it is gone in three days.
ALTER TABLE kept_answers ADD COLUMN case_reference text COLLATE "C";

-- Every message that tells of a case, or was to.
CREATE FUNCTION messages_about(about_case text) RETURNS SETOF uuid
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT message_id FROM journal WHERE case_reference = about_case AND what = 'told' AND message_id IS NOT NULL
    UNION
    SELECT message_id FROM alerts JOIN message_alerts ON alert_id = alerts.id WHERE case_reference = about_case
    UNION
    SELECT id FROM messages WHERE only_case = about_case;
END;

-- The last day on which anything about a case was concluded, if it is closed, stepped down or issued on a day.
CREATE FUNCTION concluded_on(of_case cases, today date) RETURNS date
    LANGUAGE sql IMMUTABLE
    RETURN CASE
        WHEN of_case.closed_on <= today OR (of_case.started_on <= today AND (
            of_case.court_application_on <= today OR (of_case.step_decision_on <= today AND of_case.outcome IN ('step_down', 'other'))
        ))
        THEN greatest(of_case.closed_on, of_case.step_decision_on, of_case.court_application_on, of_case.letter_of_issue_on)
    END;

-- The door. Takes away everything that is kept of a case, and says how many rows of each table that were.
CREATE FUNCTION erase_case(erased_case text, erased_for text, by_policy bigint, for_reason text, at_moment timestamptz) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    its_alerts uuid[] := ARRAY(SELECT id FROM alerts WHERE case_reference = erased_case);
    its_messages uuid[] := ARRAY(SELECT messages_about(erased_case));
    its_family text := (SELECT family_reference FROM cases WHERE reference = erased_case);
    counts jsonb := '{}';
    rows_gone bigint;
    step text[];
BEGIN
    IF EXISTS (SELECT FROM messages WHERE id = ANY (its_messages) AND state NOT IN ('sent', 'dead', 'cancelled')) THEN
        RAISE EXCEPTION 'a message about the case has not left yet: cancel it, or wait';
    END IF;
    INSERT INTO erasing (transaction) VALUES (pg_current_xact_id());

    UPDATE messages SET body = NULL, only_case = nullif(only_case, erased_case), erased_at = coalesce(erased_at, at_moment)
    WHERE id = ANY (its_messages);
    GET DIAGNOSTICS rows_gone = ROW_COUNT;
    counts := counts || jsonb_build_object('messages', rows_gone);

    FOREACH step SLICE 1 IN ARRAY ARRAY[
        ['message_alerts', 'alert_id = ANY ($2)'],
        ['alert_rungs', 'alert_id = ANY ($2)'],
        ['alert_pauses', 'alert_id = ANY ($2)'],
        ['journal', 'case_reference = $1 OR alert_id = ANY ($2)'],
        ['api_audit', 'case_reference = $1'],
        ['kept_answers', 'case_reference = $1 OR strpos(key, $1) > 0'],
        ['alerts', 'case_reference = $1'],
        ['case_history', 'case_reference = $1'],
        ['case_marks', 'case_reference = $1'],
        ['children', 'case_reference = $1'],
        ['meetings', 'case_reference = $1'],
        ['assessments', 'case_reference = $1'],
        ['extensions', 'case_reference = $1'],
        ['engagement', 'case_reference = $1'],
        ['oversight', 'case_reference = $1'],
        ['allocations', 'case_reference = $1'],
        ['source_cases', 'case_reference = $1'],
        ['case_watch', 'case_reference = $1'],
        ['cases', 'reference = $1']
    ] LOOP
        EXECUTE format('DELETE FROM %I WHERE %s', step[1], step[2]) USING erased_case, its_alerts;
        GET DIAGNOSTICS rows_gone = ROW_COUNT;
        counts := counts || jsonb_build_object(step[1], rows_gone);
    END LOOP;
    -- What the family's other cases are judged by has changed; where there are none, no mark may name the family.
    IF EXISTS (SELECT FROM cases WHERE family_reference = its_family) THEN
        INSERT INTO case_marks (family_reference) VALUES (its_family);
    ELSE
        DELETE FROM case_marks WHERE family_reference = its_family;
    END IF;

    INSERT INTO erasures (erased_at, cause, case_hash, policy_version, reason, erased_rows)
    VALUES (at_moment, erased_for, sha256(convert_to(erased_case, 'UTF8')), by_policy, for_reason, counts);
    DELETE FROM erasing;
    RETURN counts;
END $$;

-- The door for what goes by its age: at most so many rows of the audit of the API, of the journal (entries that are about no case that
-- is kept) or of messages (their bytes, once every alert in them is resolved), from before a moment; how many that were.
CREATE FUNCTION erase_old(from_table text, older_than timestamptz, at_most integer, by_policy bigint, at_moment timestamptz) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    rows_gone bigint;
BEGIN
    INSERT INTO erasing (transaction) VALUES (pg_current_xact_id());
    CASE from_table
        WHEN 'api_audit' THEN
            DELETE FROM api_audit WHERE id IN (SELECT id FROM api_audit WHERE at < older_than ORDER BY at LIMIT at_most);
        WHEN 'journal' THEN
            DELETE FROM journal WHERE id IN (
                SELECT id FROM journal AS entry
                WHERE at < older_than AND case_reference IS NULL AND alert_id IS NULL
                    AND NOT EXISTS (SELECT FROM message_alerts AS told WHERE told.message_id = entry.message_id)
                    AND NOT EXISTS (
                        SELECT FROM journal AS told WHERE told.message_id = entry.message_id AND told.case_reference IS NOT NULL
                    )
                ORDER BY at LIMIT at_most
            );
        WHEN 'messages' THEN
            UPDATE messages SET body = NULL, erased_at = at_moment WHERE id IN (
                SELECT id FROM messages AS old
                WHERE created_at < older_than AND body IS NOT NULL AND state IN ('sent', 'dead', 'cancelled')
                    AND NOT EXISTS (
                        SELECT FROM message_alerts AS told JOIN alerts ON alerts.id = told.alert_id
                        WHERE told.message_id = old.id AND (resolved_at IS NULL OR resolved_at >= older_than)
                    )
                ORDER BY created_at LIMIT at_most
            );
    END CASE;
    GET DIAGNOSTICS rows_gone = ROW_COUNT;
    IF rows_gone > 0 THEN
        INSERT INTO erasures (erased_at, cause, policy_version, erased_rows)
        VALUES (at_moment, 'policy', by_policy, jsonb_build_object(from_table, rows_gone));
    END IF;
    DELETE FROM erasing;
    RETURN rows_gone;
END $$;

-- Both run with their owner's rights: temporary tables of whoever calls them must not stand in for ours, and whoever writes facts has
-- no business with them.
DO $$
DECLARE
    door regprocedure;
BEGIN
    FOREACH door IN ARRAY ARRAY[
        'erase_case(text, text, bigint, text, timestamptz)'::regprocedure,
        'erase_old(text, timestamptz, integer, bigint, timestamptz)'::regprocedure
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', door, current_schema());
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', door);
    END LOOP;
END $$;

CREATE INDEX api_audit_by_time ON api_audit (at);
CREATE INDEX journal_about_no_case ON journal (at) WHERE case_reference IS NULL AND alert_id IS NULL;
CREATE INDEX messages_with_bytes ON messages (created_at) WHERE body IS NOT NULL AND state IN ('sent', 'dead', 'cancelled');
-- Cases that were deleted by somebody: their history is kept.
CREATE INDEX case_history_of_deletions ON case_history (case_reference) WHERE fact_table = 'cases' AND new_value IS NULL;
