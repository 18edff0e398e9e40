-- What drifts in each case, for the list: severity, rule and how often, such as `red milestone_missed 2, amber review_gap 1`; the red
-- first, then what has lasted longest. Where it does not agree with `reds` and `ambers`, as where a program that does not know it has
-- looked at the case, it is not shown.
ALTER TABLE case_watch ADD COLUMN drifts text NOT NULL DEFAULT '';
-- The next sweep fills it in.
UPDATE case_watch SET next_look_on = DATE '2000-01-01', postponed_until = NULL WHERE rag <> 'green';
