-- Who read and changed what over the API. What a request changed is kept with the change itself; here stands that it was asked for.

CREATE TABLE api_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    -- `token 3`; `recipient 5`, who came by the link of a mail.
    actor text NOT NULL,
    method text NOT NULL,
    -- The pattern of the path.
    route text NOT NULL,
    case_reference text COLLATE "C",
    alert_id uuid,
    status smallint NOT NULL
);
CREATE INDEX api_audit_by_case ON api_audit (case_reference, id) WHERE case_reference IS NOT NULL;
CREATE INDEX api_audit_by_actor ON api_audit (actor, id);

CREATE TRIGGER api_audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON api_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_what_was();
