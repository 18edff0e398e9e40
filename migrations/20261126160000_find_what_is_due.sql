-- A sweep that finds nothing to do must cost the same however many cases and alerts there are.
DROP INDEX case_watch_by_next_look;
CREATE INDEX case_watch_by_next_look ON case_watch (next_look_on, case_reference);

CREATE INDEX alerts_by_rung_without_digest ON alerts (next_rung_on, id)
    WHERE state <> 'resolved' AND (state <> 'open' OR next_rung_deliver = 'immediate');

CREATE INDEX alerts_unreachable ON alerts (id) WHERE state = 'open' AND unreachable_since IS NOT NULL;

-- A night is clean where nothing was repaired in it, by whichever of its runs.
CREATE INDEX journal_of_repairs ON journal (at) WHERE what = 'hint_repaired';
