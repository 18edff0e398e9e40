-- People who look at the pages: who is signed in, for how long, and what they may see meanwhile.

CREATE TABLE page_sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The SHA-256 of what the browser shows; the secret itself is kept nowhere.
    secret_hash bytea NOT NULL,
    person_id bigint NOT NULL REFERENCES api_people,
    -- Under which numbers the person is told by mail, where they are: it finds what they were told of, and gives no access.
    recipients bigint[] NOT NULL,
    -- As the issuer said when they signed in; what it says later counts from the next time.
    roles text[] NOT NULL,
    teams text[] NOT NULL,
    may_see_restricted boolean NOT NULL,
    created_at timestamptz NOT NULL,
    -- To the minute, as for tokens.
    last_used_at timestamptz NOT NULL,
    -- From then on it counts no more, however busy.
    ends_at timestamptz NOT NULL,
    CONSTRAINT page_sessions_are_told_apart UNIQUE (secret_hash),
    CONSTRAINT page_sessions_keep_a_hash CHECK (length(secret_hash) = 32),
    CONSTRAINT page_sessions_have_a_role CHECK (
        cardinality(roles) > 0 AND roles <@ ARRAY['reader', 'recorder', 'chair', 'admin'] AND array_position(roles, NULL) IS NULL
    ),
    CONSTRAINT page_sessions_name_teams CHECK (array_position(teams, NULL) IS NULL),
    CONSTRAINT page_sessions_end CHECK (ends_at > created_at AND last_used_at >= created_at)
);
-- Those that have ended are taken away by their end.
CREATE INDEX page_sessions_by_end ON page_sessions (ends_at);
CREATE INDEX page_sessions_by_use ON page_sessions (last_used_at);

-- The names of the teams, for whoever chooses one.
CREATE INDEX cases_by_team ON cases (team, reference);
