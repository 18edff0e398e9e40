-- The facts of each case: a public contract. A council's own programs may write these tables with plain SQL; constraints refuse
-- what cannot be, and what is written is noticed (see the next migration).

CREATE FUNCTION are_fact_days(VARIADIC days date[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN NOT EXISTS (
        SELECT FROM unnest(days) AS day WHERE day NOT BETWEEN DATE '2000-01-01' AND DATE '2100-12-31'
    );

CREATE FUNCTION is_plain_text(content text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN content = btrim(content) AND content <> '' AND length(content) <= 200 AND content !~ '[[:cntrl:]]';

COMMENT ON FUNCTION are_fact_days IS 'Facts are dated within the years 2000 to 2100.';
COMMENT ON FUNCTION is_plain_text IS 'One line of 1 to 200 characters that neither begins nor ends with a space.';

CREATE TABLE cases (
    reference text COLLATE "C" PRIMARY KEY,
    family_reference text COLLATE "C",
    team text,
    restricted boolean NOT NULL DEFAULT false,
    recorded_on date NOT NULL DEFAULT (now() AT TIME ZONE 'Europe/London')::date,
    started_on date,
    lbp_sent_on date,
    fgdm_offered boolean,
    fgdm_facilitated boolean,
    fgdm_exempt boolean,
    step_decision_on date,
    outcome text,
    court_application_on date,
    letter_of_issue_on date,
    closed_on date,
    CONSTRAINT cases_reference_is_plain CHECK (is_plain_text(reference)),
    CONSTRAINT cases_family_reference_is_plain CHECK (is_plain_text(family_reference)),
    CONSTRAINT cases_team_is_plain CHECK (is_plain_text(team)),
    CONSTRAINT cases_outcome_is_known CHECK (outcome IN ('issue', 'step_down', 'other')),
    CONSTRAINT cases_days_are_fact_days CHECK (are_fact_days(
        recorded_on, started_on, lbp_sent_on, step_decision_on, court_application_on, letter_of_issue_on, closed_on
    ))
);
CREATE INDEX cases_by_start ON cases (coalesce(started_on, 'infinity'), reference);
CREATE INDEX cases_by_family ON cases (family_reference) WHERE family_reference IS NOT NULL;

CREATE TABLE children (
    case_reference text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    reference text COLLATE "C" NOT NULL,
    date_of_birth date,
    expected_delivery_on date,
    pregnancy_ended_on date,
    PRIMARY KEY (case_reference, reference),
    CONSTRAINT children_reference_is_plain CHECK (is_plain_text(reference)),
    CONSTRAINT children_days_are_fact_days CHECK (are_fact_days(date_of_birth, expected_delivery_on, pregnancy_ended_on))
);

CREATE TABLE meetings (
    case_reference text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    sequence integer NOT NULL,
    kind text NOT NULL,
    planned_on date,
    held_on date,
    cancelled_on date,
    PRIMARY KEY (case_reference, sequence),
    CONSTRAINT meetings_sequence_is_from_1 CHECK (sequence >= 1),
    CONSTRAINT meetings_kind_is_known CHECK (kind IN ('initial', 'review', 'final_review')),
    CONSTRAINT meetings_are_planned_or_held CHECK (planned_on IS NOT NULL OR held_on IS NOT NULL),
    CONSTRAINT meetings_are_not_held_and_cancelled CHECK (held_on IS NULL OR cancelled_on IS NULL),
    CONSTRAINT meetings_days_are_fact_days CHECK (are_fact_days(planned_on, held_on, cancelled_on))
);

CREATE TABLE assessments (
    case_reference text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    sequence integer NOT NULL,
    kind text NOT NULL,
    commissioned_on date,
    due_on date,
    received_on date,
    PRIMARY KEY (case_reference, sequence),
    CONSTRAINT assessments_sequence_is_from_1 CHECK (sequence >= 1),
    CONSTRAINT assessments_kind_is_known CHECK (kind IN (
        'parenting', 'connected_persons', 'cognitive', 'psychological', 'substance_testing', 'family_group_decision_making', 'other'
    )),
    CONSTRAINT assessments_days_are_fact_days CHECK (are_fact_days(commissioned_on, due_on, received_on))
);

CREATE TABLE extensions (
    case_reference text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    sequence integer NOT NULL,
    requested_on date NOT NULL,
    decision text NOT NULL DEFAULT 'pending',
    decided_on date,
    new_end_on date,
    approved_by_grade text,
    rationale_recorded boolean NOT NULL DEFAULT false,
    PRIMARY KEY (case_reference, sequence),
    CONSTRAINT extensions_sequence_is_from_1 CHECK (sequence >= 1),
    CONSTRAINT extensions_decision_is_known CHECK (decision IN ('pending', 'approved', 'refused')),
    CONSTRAINT extensions_are_decided_unless_pending CHECK ((decision = 'pending') = (decided_on IS NULL)),
    CONSTRAINT extensions_have_a_new_end_where_approved CHECK (decision <> 'approved' OR new_end_on IS NOT NULL),
    CONSTRAINT extensions_grade_is_plain CHECK (is_plain_text(approved_by_grade)),
    CONSTRAINT extensions_days_are_fact_days CHECK (are_fact_days(requested_on, decided_on, new_end_on))
);

-- Of two appointments of one person on a day, the one with the higher id counts as the later.
CREATE TABLE engagement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_reference text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    "on" date NOT NULL,
    attended boolean NOT NULL,
    person text NOT NULL DEFAULT '',
    kind text,
    excused boolean NOT NULL DEFAULT false,
    CONSTRAINT engagement_person_is_plain CHECK (person = '' OR is_plain_text(person)),
    CONSTRAINT engagement_kind_is_plain CHECK (is_plain_text(kind)),
    CONSTRAINT engagement_is_excused_only_where_missed CHECK (NOT (attended AND excused)),
    CONSTRAINT engagement_days_are_fact_days CHECK (are_fact_days("on"))
);
CREATE INDEX engagement_by_case ON engagement (case_reference, id);

CREATE TABLE oversight (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_reference text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    "on" date NOT NULL,
    kind text NOT NULL,
    rationale_recorded boolean NOT NULL DEFAULT false,
    CONSTRAINT oversight_kind_is_known CHECK (kind IN ('panel_review', 'management_oversight', 'legal_planning_meeting')),
    CONSTRAINT oversight_days_are_fact_days CHECK (are_fact_days("on"))
);
CREATE INDEX oversight_by_case ON oversight (case_reference, id);

CREATE TABLE allocations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_reference text COLLATE "C" NOT NULL REFERENCES cases ON DELETE CASCADE,
    from_on date NOT NULL,
    worker text NOT NULL,
    CONSTRAINT allocations_worker_is_plain CHECK (is_plain_text(worker)),
    CONSTRAINT allocations_days_are_fact_days CHECK (are_fact_days(from_on))
);
CREATE INDEX allocations_by_case ON allocations (case_reference, id);
