-- Alerts in the order in which somebody should look at them: a page of the first of a hundred thousand reads no others.

CREATE FUNCTION alert_urgency(state text, severity text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE state WHEN 'open' THEN 0 WHEN 'resolved' THEN 6 ELSE 3 END
        + CASE severity WHEN 'red' THEN 0 WHEN 'amber' THEN 1 ELSE 2 END;
COMMENT ON FUNCTION alert_urgency IS 'Open before put aside before resolved, and in each red before amber before notice: 0 to 8.';

CREATE INDEX alerts_by_urgency ON alerts (alert_urgency(state, severity), turned_at, id);
