-- Who calls the API: when a token was last used, and people who signed in with OpenID Connect.

ALTER TABLE tokens
    -- To the minute: not every request writes.
    ADD COLUMN last_used_at timestamptz;

-- A person is known by the issuer of their tokens and by what it calls them; no name, no address.
CREATE TABLE api_people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issuer text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    first_seen_at timestamptz NOT NULL,
    -- To the minute, as for tokens.
    last_seen_at timestamptz NOT NULL,
    CONSTRAINT api_people_are_known_once UNIQUE (issuer, subject),
    CONSTRAINT api_people_issuer_is_plain CHECK (is_plain_text(issuer)),
    CONSTRAINT api_people_subject_is_short CHECK (length(subject) BETWEEN 1 AND 255 AND subject !~ '[[:cntrl:]]'),
    CONSTRAINT api_people_are_seen_later CHECK (last_seen_at >= first_seen_at)
);

ALTER TABLE alert_pauses
    -- By a link in a mail, by a token of the service's own, or by a person who signed in.
    ADD COLUMN person_id bigint REFERENCES api_people,
    DROP CONSTRAINT alert_pauses_are_made_by_somebody,
    ADD CONSTRAINT alert_pauses_are_made_by_somebody CHECK (num_nonnulls(recipient_id, token_id, person_id) = 1);

-- Who made a pause stays as it was written, here too.
DROP TRIGGER alert_pauses_only_end ON alert_pauses;
CREATE TRIGGER alert_pauses_only_end BEFORE UPDATE ON alert_pauses FOR EACH ROW WHEN (
    OLD.ended_at IS NOT NULL
    OR (OLD.id, OLD.alert_id, OLD.kind, OLD.made_at, OLD.made_on, OLD.recipient_id, OLD.token_id, OLD.person_id, OLD.reason, OLD.owner,
            OLD.until_on)
        IS DISTINCT FROM
        (NEW.id, NEW.alert_id, NEW.kind, NEW.made_at, NEW.made_on, NEW.recipient_id, NEW.token_id, NEW.person_id, NEW.reason, NEW.owner,
            NEW.until_on)
) EXECUTE FUNCTION refuse_to_rewrite_what_was();
