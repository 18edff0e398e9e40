-- A dozen rules of about the shape of the service's own (no calendar of working days, no history of each day), computed for every open
-- case and held against the alerts that stand, in one statement.
WITH held AS (
    SELECT case_reference, max(held_on) AS last_on, min(held_on) FILTER (WHERE kind = 'initial') AS initial_on,
        max(held_on) FILTER (WHERE kind = 'final_review') AS final_on,
        min(planned_on) FILTER (WHERE held_on IS NULL AND cancelled_on IS NULL AND planned_on < $1) AS not_held_on,
        min(planned_on) FILTER (WHERE held_on IS NULL AND cancelled_on IS NULL AND planned_on >= $1) AS next_on
    FROM meetings GROUP BY case_reference
), more_time AS (
    SELECT case_reference, max(new_end_on) FILTER (WHERE decision = 'approved') AS end_on,
        count(*) FILTER (WHERE decision = 'approved') AS approved,
        bool_or(decision = 'approved' AND NOT rationale_recorded) AS without_rationale,
        min(requested_on) FILTER (WHERE decision = 'pending') AS pending_since
    FROM extensions GROUP BY case_reference
), came AS (
    SELECT case_reference, max("on") AS last_on, count(*) FILTER (WHERE NOT attended AND NOT excused AND "on" > $1 - 42) AS missed
    FROM engagement GROUP BY case_reference
), looked_at AS (
    SELECT case_reference, max("on") FILTER (WHERE rationale_recorded) AS last_on FROM oversight GROUP BY case_reference
), assessed AS (
    SELECT case_reference, min(due_on) FILTER (WHERE received_on IS NULL AND due_on < $1) AS late_since,
        bool_or(kind = 'parenting') AS has_parenting
    FROM assessments GROUP BY case_reference
), worked AS (
    SELECT case_reference, count(*) AS workers FROM allocations GROUP BY case_reference
), born AS (
    SELECT case_reference, min(expected_delivery_on) AS expected_on FROM children GROUP BY case_reference
), found AS (
    SELECT reference, finding.rule, finding.since_on
    FROM cases
    LEFT JOIN held ON held.case_reference = reference
    LEFT JOIN more_time ON more_time.case_reference = reference
    LEFT JOIN came ON came.case_reference = reference
    LEFT JOIN looked_at ON looked_at.case_reference = reference
    LEFT JOIN assessed ON assessed.case_reference = reference
    LEFT JOIN worked ON worked.case_reference = reference
    LEFT JOIN born ON born.case_reference = reference
    CROSS JOIN LATERAL (
        SELECT least(greatest(started_on + 112, more_time.end_on), born.expected_on - 28) AS on
    ) AS period
    CROSS JOIN LATERAL (VALUES
        ('time_limit', CASE WHEN $1 > period.on THEN period.on + 1 END),
        ('review_gap', CASE WHEN $1 > coalesce(held.last_on, started_on) + 42 THEN coalesce(held.last_on, started_on) + 43 END),
        ('no_next_review', CASE WHEN held.next_on IS NULL AND held.final_on IS NULL THEN held.last_on + 7 END),
        ('review_not_held', held.not_held_on + 1),
        ('milestone_missed', CASE WHEN lbp_sent_on IS NULL AND $1 > started_on + 7 THEN started_on + 8
            WHEN held.initial_on IS NULL AND $1 > lbp_sent_on + 14 THEN lbp_sent_on + 15
            WHEN held.final_on IS NULL AND $1 > period.on - 7 THEN period.on - 6 END),
        ('decision_overdue', CASE WHEN step_decision_on IS NULL AND $1 > held.final_on + 7 THEN held.final_on + 8 END),
        ('repeated_extensions', CASE WHEN more_time.approved >= 2 THEN started_on END),
        ('extension_total', CASE WHEN more_time.end_on > started_on + 112 + 56 THEN more_time.end_on END),
        ('extension_without_rationale', CASE WHEN more_time.without_rationale THEN started_on END),
        ('extension_pending', CASE WHEN $1 > more_time.pending_since + 7 THEN more_time.pending_since + 8 END),
        ('oversight_gap', CASE WHEN $1 > coalesce(looked_at.last_on, started_on) + 28 THEN coalesce(looked_at.last_on, started_on) + 29 END),
        ('no_recorded_work', CASE WHEN $1 > greatest(came.last_on, held.last_on, looked_at.last_on) + 28 THEN came.last_on + 29 END),
        ('missed_engagement', CASE WHEN came.missed >= 2 THEN came.last_on END),
        ('assessment_late', assessed.late_since + 1),
        ('assessment_not_commissioned', CASE WHEN NOT assessed.has_parenting AND $1 > started_on + 28 THEN started_on + 29 END),
        ('worker_change', CASE WHEN worked.workers >= 3 THEN started_on END)
    ) AS finding (rule, since_on)
    WHERE closed_on IS NULL AND court_application_on IS NULL AND step_decision_on IS NULL AND started_on <= $1
        AND finding.since_on IS NOT NULL
)
SELECT count(*) FILTER (WHERE alerts.id IS NULL), count(*) FILTER (WHERE found.rule IS NULL), count(*)
FROM found FULL JOIN (SELECT * FROM alerts WHERE state <> 'resolved') AS alerts
    ON alerts.case_reference = found.reference AND alerts.rule = found.rule
