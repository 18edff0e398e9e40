-- Who recorded a fact over the API, and what was answered to a request that may come again.

-- The caller in whose name the service wrote, such as `token 3`; none where a program wrote the tables by itself.
ALTER TABLE case_history ADD COLUMN actor text;

-- As before, and: whoever owns the tables may say in whose name it writes (plo_drift.actor); nobody else can write in another's.
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
    IF old_value IS NOT DISTINCT FROM new_value THEN
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

-- What was answered to requests with an Idempotency-Key, for as long as they may come again. The fingerprint tells the request.
CREATE TABLE kept_answers (
    actor text NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    body text NOT NULL,
    etag text NOT NULL,
    kept_until timestamptz NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX kept_answers_by_end ON kept_answers (kept_until);
