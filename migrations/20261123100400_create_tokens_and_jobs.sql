-- Who may call the API, and which runs of the jobs have been taken.

CREATE TABLE tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    -- None means every team.
    teams text[] NOT NULL DEFAULT '{}',
    may_see_restricted boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT tokens_name_is_plain CHECK (is_plain_text(name)),
    CONSTRAINT tokens_role_is_known CHECK (role IN ('reader', 'recorder', 'chair', 'admin')),
    CONSTRAINT tokens_hash_is_sha_256 CHECK (octet_length(token_hash) = 32)
);

-- Of several instances, the one whose row goes in runs the slot; the others find it taken.
CREATE TABLE job_runs (
    job text NOT NULL,
    slot timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    failures integer,
    PRIMARY KEY (job, slot)
);
CREATE INDEX job_runs_finished ON job_runs (job, finished_at) WHERE finished_at IS NOT NULL;
