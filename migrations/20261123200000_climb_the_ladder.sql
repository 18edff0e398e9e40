-- What becomes of an alert that nobody acts on: its ladder, its pauses, the digest and the panel pack.

ALTER TABLE recipients
    -- Who stands in while the person is away or has left.
    ADD COLUMN deputy_id bigint REFERENCES recipients,
    -- The last day of an absence.
    ADD COLUMN away_until date,
    ADD CONSTRAINT recipients_are_not_their_own_deputies CHECK (deputy_id <> id);

-- A ladder belongs to one turn of an alert: it opened, turned graver or less grave, or was opened again after a pause.
ALTER TABLE alerts
    ADD COLUMN turn integer NOT NULL DEFAULT 1,
    ADD COLUMN turned_by text NOT NULL DEFAULT 'opened',
    ADD COLUMN turned_on date NOT NULL DEFAULT (now() AT TIME ZONE 'Europe/London')::date,
    -- The next rung, worked out from the policy in force: its day, whom it tells, and how.
    ADD COLUMN next_rung_on date,
    ADD COLUMN next_rung_role text,
    ADD COLUMN next_rung_deliver text,
    -- Whether a birth could be worked out from the days of the alert, now or ever before: they are not told.
    ADD COLUMN gives_a_birth_away boolean NOT NULL DEFAULT false,
    -- Since when nobody on the whole ladder can be told.
    ADD COLUMN unreachable_since timestamptz,
    ADD CONSTRAINT alerts_turns_are_known CHECK (turned_by IN ('opened', 'raised', 'lowered', 'reopened')),
    ADD CONSTRAINT alerts_rungs_are_whole CHECK (
        num_nonnulls(next_rung_on, next_rung_role, next_rung_deliver) IN (0, 3)
        AND next_rung_deliver IN ('immediate', 'digest')
    );
-- A service that ran before goes on from the turn that each alert is in.
UPDATE alerts SET
    turned_on = (turned_at AT TIME ZONE 'Europe/London')::date,
    turned_by = CASE WHEN turned_at > opened_at THEN 'raised' ELSE 'opened' END,
    gives_a_birth_away = rule IN ('time_limit', 'forecast_overrun')
        OR (rule, subject) IN (('milestone_missed', 'final_review'), ('missing_data', 'birth'));
CREATE INDEX alerts_by_next_rung ON alerts (next_rung_on, id) WHERE state <> 'resolved' AND next_rung_on IS NOT NULL;
CREATE INDEX alerts_unresolved ON alerts (id) WHERE state <> 'resolved';

-- The rungs that an alert has climbed in each of its turns.
CREATE TABLE alert_rungs (
    alert_id uuid NOT NULL REFERENCES alerts,
    turn integer NOT NULL,
    role text NOT NULL,
    due_on date NOT NULL,
    climbed_at timestamptz NOT NULL,
    -- told; unreachable: passed on to the next rung; silent: somebody had paused the alert, or the role knows of it as graver.
    outcome text NOT NULL,
    PRIMARY KEY (alert_id, turn, role),
    CONSTRAINT alert_rungs_outcome_is_known CHECK (outcome IN ('told', 'unreachable', 'silent'))
);

-- Until now the only rung was the chair's; who was told then is not told again.
INSERT INTO alert_rungs (alert_id, turn, role, due_on, climbed_at, outcome)
SELECT id, turn, 'legal_gateway_chair', turned_on, turned_at, 'told' FROM alerts WHERE told;
DROP INDEX alerts_untold;
ALTER TABLE alerts DROP COLUMN told;

-- Who put an alert aside, why, and until when. It is never deleted; it ends on its day, or before it where the alert turns graver or
-- is resolved.
CREATE TABLE alert_pauses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES alerts,
    kind text NOT NULL,
    made_at timestamptz NOT NULL,
    made_on date NOT NULL,
    -- By a link in a mail, or over the API.
    recipient_id bigint REFERENCES recipients,
    token_id bigint REFERENCES tokens,
    -- The action to be taken, or the reason to wait.
    reason text NOT NULL,
    owner text,
    until_on date NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT alert_pauses_kind_is_known CHECK (kind IN ('acknowledged', 'snoozed')),
    CONSTRAINT alert_pauses_are_made_by_somebody CHECK (num_nonnulls(recipient_id, token_id) = 1),
    CONSTRAINT alert_pauses_reason_is_plain CHECK (is_plain_text(reason)),
    CONSTRAINT alert_pauses_owner_is_plain CHECK (is_plain_text(owner)),
    CONSTRAINT alert_pauses_actions_have_an_owner CHECK ((kind = 'acknowledged') = (owner IS NOT NULL)),
    CONSTRAINT alert_pauses_end_later CHECK (until_on > made_on),
    CONSTRAINT alert_pauses_end_for_a_reason CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT alert_pauses_end_is_known CHECK (ended_by IN ('day', 'raised', 'resolved'))
);
CREATE UNIQUE INDEX alert_pauses_one_at_a_time ON alert_pauses (alert_id) WHERE ended_at IS NULL;
CREATE INDEX alert_pauses_ending ON alert_pauses (until_on) WHERE ended_at IS NULL;
CREATE INDEX alert_pauses_by_alert ON alert_pauses (alert_id, id);

-- What keys the acknowledge links of mails are signed with: the newest signs, all of them count.
CREATE TABLE link_keys (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT link_keys_are_256_bits CHECK (octet_length(key) = 32)
);

-- The whole text of each policy that was in force.
ALTER TABLE policies ADD COLUMN document text;

-- A digest and a panel pack are for a day, and each person gets one of each a day.
DROP INDEX messages_one_gathering_for_each_person;
ALTER TABLE messages
    ADD COLUMN for_day date,
    DROP CONSTRAINT messages_kind_is_known,
    ADD CONSTRAINT messages_kind_is_known CHECK (kind IN ('alert', 'digest', 'panel')),
    ADD CONSTRAINT messages_are_for_a_day CHECK ((kind = 'alert') = (for_day IS NULL));
CREATE UNIQUE INDEX messages_one_gathering_for_each_person
    ON messages (recipient_id, kind, coalesce(only_case, '')) WHERE state = 'gathering';
CREATE UNIQUE INDEX messages_one_a_day_for_each_person
    ON messages (recipient_id, kind, for_day, coalesce(only_case, '')) WHERE for_day IS NOT NULL AND state <> 'cancelled';

ALTER TABLE message_alerts
    DROP COLUMN turned,
    -- The turn of the alert, the role as which the person is told, and whether they stand in for somebody in it.
    ADD COLUMN turn integer NOT NULL DEFAULT 1,
    ADD COLUMN role text,
    ADD COLUMN stands_in boolean NOT NULL DEFAULT false,
    -- Told because nobody before on the ladder has acted.
    ADD COLUMN escalated boolean NOT NULL DEFAULT false;

-- What a mail says of the next deadline.
ALTER TABLE case_watch
    ADD COLUMN next_deadline text,
    ADD COLUMN next_deadline_on date;

CREATE INDEX journal_by_message ON journal (message_id, id) WHERE message_id IS NOT NULL;

-- Whether somebody else is, or is to be, told of an alert on the same rung.
CREATE FUNCTION is_told_by_another(told_alert uuid, told_turn integer, told_role text, not_by uuid) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN EXISTS (
        SELECT FROM message_alerts AS others JOIN messages ON messages.id = others.message_id
        WHERE others.alert_id = told_alert AND others.turn = told_turn AND others.role = told_role AND others.message_id <> not_by
            AND messages.state NOT IN ('cancelled', 'dead')
    );

-- Takes a rung back that told nobody after all: it is due again at once.
CREATE FUNCTION untell(told_alert uuid, told_turn integer, told_role text, not_by uuid, today date) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF is_told_by_another(told_alert, told_turn, told_role, not_by) THEN
        RETURN;
    END IF;
    DELETE FROM alert_rungs WHERE alert_id = told_alert AND turn = told_turn AND role = told_role AND outcome = 'told';
    IF FOUND THEN
        UPDATE alerts SET next_rung_on = today, next_rung_role = told_role, next_rung_deliver = 'immediate'
        WHERE id = told_alert AND turn = told_turn AND state <> 'resolved';
    END IF;
END $$;

-- What proves something stays as it was written. A pause may still end, and an attempt be settled (or its lost answer come in).
CREATE FUNCTION refuse_to_rewrite_what_was() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER case_history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_what_was();
CREATE TRIGGER policies_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_what_was();

CREATE TRIGGER alert_pauses_are_kept BEFORE DELETE OR TRUNCATE ON alert_pauses
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_what_was();
CREATE TRIGGER alert_pauses_only_end BEFORE UPDATE ON alert_pauses FOR EACH ROW WHEN (
    OLD.ended_at IS NOT NULL
    OR (OLD.id, OLD.alert_id, OLD.kind, OLD.made_at, OLD.made_on, OLD.recipient_id, OLD.token_id, OLD.reason, OLD.owner, OLD.until_on)
        IS DISTINCT FROM
        (NEW.id, NEW.alert_id, NEW.kind, NEW.made_at, NEW.made_on, NEW.recipient_id, NEW.token_id, NEW.reason, NEW.owner, NEW.until_on)
) EXECUTE FUNCTION refuse_to_rewrite_what_was();

CREATE TRIGGER message_attempts_are_kept BEFORE DELETE OR TRUNCATE ON message_attempts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_what_was();
CREATE TRIGGER message_attempts_are_only_settled BEFORE UPDATE ON message_attempts FOR EACH ROW WHEN (
    (OLD.outcome IS NOT NULL AND OLD.outcome <> 'unknown')
    OR (OLD.message_id, OLD.attempt, OLD.claimed_at) IS DISTINCT FROM (NEW.message_id, NEW.attempt, NEW.claimed_at)
) EXECUTE FUNCTION refuse_to_rewrite_what_was();

CREATE TRIGGER messages_are_not_truncated BEFORE TRUNCATE ON messages
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_what_was();
