-- A case is settled once its episode is over and nothing about it changes by itself any more. Every night the reconciliation looks at
-- each case that is not: by what its facts say, or by what is kept of it, or by its alerts, so that no one of them that is wrong
-- hides it. Of the settled ones it looks at a part each night.
CREATE INDEX cases_not_over ON cases (reference)
    WHERE closed_on IS NULL AND court_application_on IS NULL
        AND (step_decision_on IS NULL OR outcome IS NULL OR outcome = 'issue');
CREATE INDEX case_watch_not_settled ON case_watch (case_reference)
    WHERE next_look_on IS NOT NULL OR rag <> 'green' OR status IS NULL OR status IN ('not_started', 'open', 'decided_issue');
CREATE INDEX case_watch_by_part ON case_watch (left(md5(case_reference), 2), case_reference);
