-- Where each policy in force came from and who put it there, and which of them a sweep has begun to judge by.

ALTER TABLE policies
    ADD COLUMN origin text NOT NULL DEFAULT 'file',
    ADD COLUMN actor text,
    ADD CONSTRAINT policies_origin_is_known CHECK (origin IN ('built_in', 'file', 'api')),
    ADD CONSTRAINT policies_of_the_api_have_an_actor CHECK ((origin = 'api') = (actor IS NOT NULL));

CREATE TABLE policies_taken_up (
    version bigint PRIMARY KEY REFERENCES policies,
    taken_up_at timestamptz NOT NULL
);
INSERT INTO policies_taken_up (version, taken_up_at) SELECT id, in_force_from FROM policies;
