-- Alerts, the journal of every decision, and the policy by which they were made.

CREATE TABLE policies (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    in_force_from timestamptz NOT NULL,
    digest text NOT NULL
);

-- A fact is (case, rule, subject): at most one alert that is not resolved for each. A case that had alerts may be deleted only in a
-- transaction that brings it back.
CREATE TABLE alerts (
    id uuid PRIMARY KEY,
    case_reference text COLLATE "C" NOT NULL REFERENCES case_watch DEFERRABLE INITIALLY DEFERRED,
    rule text NOT NULL,
    subject text NOT NULL,
    severity text NOT NULL,
    state text NOT NULL DEFAULT 'open',
    message text NOT NULL,
    since_on date NOT NULL,
    severity_since_on date NOT NULL,
    opened_at timestamptz NOT NULL,
    turned_at timestamptz NOT NULL,
    resolved_at timestamptz,
    -- Whether somebody was told of it at this severity, at once; an alert that nobody could be told of waits for somebody.
    told boolean NOT NULL DEFAULT false,
    CONSTRAINT alerts_severity_is_known CHECK (severity IN ('notice', 'amber', 'red')),
    CONSTRAINT alerts_state_is_known CHECK (state IN ('open', 'acknowledged', 'snoozed', 'resolved')),
    CONSTRAINT alerts_resolved_have_their_moment CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE UNIQUE INDEX alerts_one_unresolved_for_each_fact ON alerts (case_reference, rule, subject) WHERE state <> 'resolved';
CREATE INDEX alerts_untold ON alerts (severity) WHERE state = 'open' AND NOT told;
CREATE INDEX alerts_by_case ON alerts (case_reference);
CREATE INDEX alerts_by_opening ON alerts (opened_at, id);

CREATE TABLE journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    what text NOT NULL,
    case_reference text COLLATE "C",
    alert_id uuid,
    message_id uuid,
    recipient_id bigint,
    reason text
);
CREATE INDEX journal_by_case ON journal (case_reference, id) WHERE case_reference IS NOT NULL;
CREATE INDEX journal_by_alert ON journal (alert_id, id) WHERE alert_id IS NOT NULL;

CREATE FUNCTION refuse_to_rewrite_the_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_the_journal();
