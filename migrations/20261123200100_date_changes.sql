-- When a fact was recorded, so that a case can be told as it was recorded on a day.

-- A family's cases are found among the changes, whatever family they are in by now.
CREATE INDEX case_history_by_family ON case_history ((new_value ->> 'family_reference'))
    WHERE fact_table = 'cases' AND new_value ->> 'family_reference' IS NOT NULL;

-- Whoever owns the tables may say what time it is (plo_drift.now), as tests do; nobody else can date a change of theirs back. A fact
-- that moves to another case goes from the one and comes to the other.
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
    change_at timestamptz := now();
BEGIN
    IF old_value IS NOT DISTINCT FROM new_value THEN
        RETURN NULL;
    END IF;
    IF said_time IS NOT NULL AND pg_has_role(session_user, current_user, 'MEMBER') THEN
        change_at := said_time::timestamptz;
    END IF;
    IF old_case <> new_case THEN
        INSERT INTO case_history (case_reference, fact_table, changed_at, source, old_value, new_value)
        VALUES
            (old_case, TG_TABLE_NAME, change_at, change_source, old_value, NULL),
            (new_case, TG_TABLE_NAME, change_at, change_source, NULL, new_value);
    ELSE
        INSERT INTO case_history (case_reference, fact_table, changed_at, source, old_value, new_value)
        VALUES (coalesce(new_case, old_case), TG_TABLE_NAME, change_at, change_source, old_value, new_value);
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
