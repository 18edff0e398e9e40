-- The service runs as a role that does not own the tables, and still says when and in whose name it records.

-- As before, but for who may say so (plo_drift.now, plo_drift.actor): whoever may read the journal and add to it, as the service and the
-- owner may, and no program that only writes facts.
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
    IF coalesce(said_time, said_actor) IS NOT NULL
        AND has_table_privilege(session_user, 'journal', 'SELECT') AND has_table_privilege(session_user, 'journal', 'INSERT')
    THEN
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
