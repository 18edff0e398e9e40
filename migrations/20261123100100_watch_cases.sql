-- What the service keeps beside the facts: when to look at each case next, how it stood when it last looked, and every change.

CREATE TABLE case_watch (
    case_reference text COLLATE "C" PRIMARY KEY REFERENCES cases ON DELETE CASCADE,
    -- Nothing about the case changes before this day; none means never, by itself.
    next_look_on date DEFAULT DATE '2000-01-01',
    -- A case that could not be evaluated waits until then, and stops nobody else.
    postponed_until timestamptz,
    failures integer NOT NULL DEFAULT 0,
    looked_at timestamptz,
    looked_on date,
    status text,
    rag text NOT NULL DEFAULT 'green',
    reds smallint NOT NULL DEFAULT 0,
    ambers smallint NOT NULL DEFAULT 0,
    since_on date,
    end_on date,
    end_set_by text,
    base_end_on date,
    rules text[] NOT NULL DEFAULT '{}',
    -- Sorts as text in risk order: most severe, more reds, more ambers, earliest since, reference.
    risk_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
        CASE rag WHEN 'red' THEN '0' WHEN 'amber' THEN '1' ELSE '2' END
        || lpad((9999 - reds)::text, 4, '0')
        || lpad((9999 - ambers)::text, 4, '0')
        || lpad(coalesce(since_on - DATE '2000-01-01', 999999)::text, 6, '0')
        || case_reference
    ) STORED,
    CONSTRAINT case_watch_status_is_known CHECK (
        status IN ('not_started', 'open', 'decided_issue', 'issued', 'stepped_down', 'closed')
    ),
    CONSTRAINT case_watch_rag_is_known CHECK (rag IN ('green', 'amber', 'red'))
);
CREATE INDEX case_watch_by_next_look ON case_watch (next_look_on);
CREATE INDEX case_watch_by_look ON case_watch (looked_on);
CREATE INDEX case_watch_by_risk ON case_watch (risk_key);

-- Cases whose facts changed since they were last looked at, and families whose other cases may have changed with them. Marks are
-- only ever added here, never updated, so that a long transaction of somebody else's holds no sweep up.
CREATE TABLE case_marks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_reference text COLLATE "C",
    family_reference text COLLATE "C"
);

CREATE TABLE case_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_reference text COLLATE "C" NOT NULL,
    fact_table text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL DEFAULT session_user,
    source text,
    old_value jsonb,
    new_value jsonb
);
CREATE INDEX case_history_by_case ON case_history (case_reference, id);

CREATE FUNCTION note_fact_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    old_value jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_value jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    key_column text := CASE TG_TABLE_NAME WHEN 'cases' THEN 'reference' ELSE 'case_reference' END;
    touched text;
BEGIN
    IF old_value IS NOT DISTINCT FROM new_value THEN
        RETURN NULL;
    END IF;
    INSERT INTO case_history (case_reference, fact_table, source, old_value, new_value)
    VALUES (
        coalesce(new_value ->> key_column, old_value ->> key_column), TG_TABLE_NAME,
        nullif(current_setting('plo_drift.source', true), ''), old_value, new_value
    );
    IF TG_TABLE_NAME = 'cases' AND TG_OP = 'INSERT' THEN
        INSERT INTO case_watch (case_reference) VALUES (new_value ->> 'reference');
    END IF;
    FOR touched IN SELECT DISTINCT r FROM unnest(ARRAY[old_value ->> key_column, new_value ->> key_column]) AS r WHERE r IS NOT NULL LOOP
        INSERT INTO case_marks (case_reference) VALUES (touched);
    END LOOP;
    IF TG_TABLE_NAME = 'cases' THEN
        INSERT INTO case_marks (family_reference)
        SELECT DISTINCT f FROM unnest(ARRAY[old_value ->> 'family_reference', new_value ->> 'family_reference']) AS f
        WHERE f IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;

-- Whoever writes facts runs the function above with its owner's rights: temporary tables of theirs must not stand in for ours.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION note_fact_change() SET search_path = %I, pg_catalog, pg_temp', current_schema());
END $$;

CREATE FUNCTION refuse_to_truncate_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'facts are not truncated: use DELETE FROM %, so that their old values are kept', TG_TABLE_NAME
        USING ERRCODE = 'feature_not_supported';
END $$;

DO $$
DECLARE
    fact_table text;
BEGIN
    FOREACH fact_table IN ARRAY ARRAY[
        'cases', 'children', 'meetings', 'assessments', 'extensions', 'engagement', 'oversight', 'allocations'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER note_fact_change AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION note_fact_change()',
            fact_table
        );
        EXECUTE format(
            'CREATE TRIGGER refuse_to_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_truncate_facts()',
            fact_table
        );
    END LOOP;
END $$;
