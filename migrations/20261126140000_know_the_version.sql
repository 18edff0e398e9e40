-- Names the state of the database that a statement sees: two statements that name the same one see the same rows of every table.
--
-- A snapshot says which transactions were under way and which were still to come, so those of two that are equal had ended the same,
-- with all their savepoints. A server that follows another in recovery keeps no full account of what is under way: it names none.
-- Numbers of transactions can come again after a crash: a name holds only for a session that was there when it was first heard.
CREATE FUNCTION database_version() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE current_setting('in_hot_standby')
        WHEN 'off' THEN pg_postmaster_start_time()::text || ' ' || pg_current_snapshot()::text
    END
$$;
