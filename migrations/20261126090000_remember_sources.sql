-- What each source of an import last said of each case. The next import is held against it, so that what somebody has recorded since
-- is not overwritten, and a case that is not in the source any more is asked about.
CREATE TABLE source_cases (
    source text COLLATE "C" NOT NULL,
    case_reference text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    -- Parts of a case document: only what the source has a word on.
    said jsonb NOT NULL,
    -- Fields of it that the source does not give and that were worked out, each with how.
    derived jsonb NOT NULL DEFAULT '{}',
    -- When it last said something else than before.
    said_at timestamptz NOT NULL,
    -- Since when it has had no word on the case.
    vanished_at timestamptz,
    PRIMARY KEY (source, case_reference),
    CONSTRAINT source_cases_source_is_plain CHECK (is_plain_text(source))
);
CREATE INDEX source_cases_by_case ON source_cases (case_reference);

COMMENT ON TABLE source_cases IS 'What each source of an import last said of each case.';
