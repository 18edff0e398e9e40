-- Who is told, and the messages that leave. A message is never deleted.

CREATE TABLE recipients (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    -- None means every team.
    teams text[] NOT NULL DEFAULT '{}',
    may_see_restricted boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    CONSTRAINT recipients_name_is_plain CHECK (is_plain_text(name)),
    CONSTRAINT recipients_email_is_an_address CHECK (email ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$'),
    CONSTRAINT recipients_role_is_known CHECK (role IN (
        'team_manager', 'service_manager', 'case_progression_manager', 'legal_gateway_chair', 'head_of_service',
        'assistant_director', 'director'
    ))
);
CREATE UNIQUE INDEX recipients_one_active_for_each_address_and_role ON recipients (lower(email), role) WHERE active;

-- A message gathers the alerts of one sweep for one person; then its bytes are fixed, once, and it is queued.
CREATE TABLE messages (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    recipient_id bigint NOT NULL REFERENCES recipients,
    -- A restricted case goes singly.
    only_case text COLLATE "C",
    state text NOT NULL DEFAULT 'gathering',
    created_at timestamptz NOT NULL,
    sealed_at timestamptz,
    from_address text,
    to_address text,
    subject text,
    body bytea,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    leased_until timestamptz,
    give_up_at timestamptz,
    settled_at timestamptz,
    reason text,
    CONSTRAINT messages_kind_is_known CHECK (kind IN ('alert')),
    CONSTRAINT messages_state_is_known CHECK (state IN ('gathering', 'queued', 'sending', 'sent', 'dead', 'cancelled')),
    CONSTRAINT messages_are_whole_once_queued CHECK (
        state IN ('gathering', 'cancelled')
        OR (sealed_at, from_address, to_address, subject, body, next_attempt_at, give_up_at) IS NOT NULL
    ),
    CONSTRAINT messages_are_leased_while_sending CHECK ((state = 'sending') = (leased_until IS NOT NULL)),
    CONSTRAINT messages_end_for_a_reason CHECK (state NOT IN ('dead', 'cancelled') OR reason IS NOT NULL)
);
CREATE UNIQUE INDEX messages_one_gathering_for_each_person
    ON messages (recipient_id, coalesce(only_case, '')) WHERE state = 'gathering';
CREATE INDEX messages_due ON messages (next_attempt_at) WHERE state = 'queued';
CREATE INDEX messages_leased ON messages (leased_until) WHERE state = 'sending';
CREATE INDEX messages_by_creation ON messages (created_at, id);

CREATE TABLE message_alerts (
    message_id uuid NOT NULL REFERENCES messages,
    alert_id uuid NOT NULL REFERENCES alerts,
    severity text NOT NULL,
    -- Whether the alert was told of as amber before and has turned red.
    turned boolean NOT NULL,
    PRIMARY KEY (message_id, alert_id)
);
CREATE INDEX message_alerts_by_alert ON message_alerts (alert_id);

CREATE TABLE message_attempts (
    message_id uuid NOT NULL REFERENCES messages,
    attempt integer NOT NULL,
    claimed_at timestamptz NOT NULL,
    settled_at timestamptz,
    -- accepted, temporary, refused, misconfigured; unknown where the server's answer was lost.
    outcome text,
    reply text,
    PRIMARY KEY (message_id, attempt),
    CONSTRAINT message_attempts_outcome_is_known CHECK (
        outcome IN ('accepted', 'temporary', 'refused', 'misconfigured', 'unknown')
    )
);

-- The bytes of a message, once fixed, stay as they are: a repeat is byte for byte the same.
CREATE FUNCTION refuse_to_change_a_sealed_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'a message is never deleted, only cancelled with a reason' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.sealed_at IS NOT NULL AND (OLD.body, OLD.subject, OLD.to_address, OLD.from_address, OLD.sealed_at)
        IS DISTINCT FROM (NEW.body, NEW.subject, NEW.to_address, NEW.from_address, NEW.sealed_at)
    THEN
        RAISE EXCEPTION 'the bytes of a sealed message do not change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER messages_keep_their_bytes BEFORE UPDATE OR DELETE ON messages
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_sealed_message();
