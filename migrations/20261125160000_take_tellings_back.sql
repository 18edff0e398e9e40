-- What becomes of an alert that a message does not tell after all.

ALTER TABLE message_alerts
    -- The other roles as which the person is told of the alert by the same message.
    ADD COLUMN also_as text[] NOT NULL DEFAULT '{}';

-- Whether somebody else is, or is to be, told of an alert on the same rung.
CREATE OR REPLACE FUNCTION is_told_by_another(told_alert uuid, told_turn integer, told_role text, not_by uuid) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN EXISTS (
        SELECT FROM message_alerts AS others JOIN messages ON messages.id = others.message_id
        WHERE others.alert_id = told_alert AND others.turn = told_turn AND others.message_id <> not_by
            AND (others.role = told_role OR told_role = ANY(others.also_as))
            AND messages.state NOT IN ('cancelled', 'dead')
    );

-- Takes a rung back: it is due again at once, or with the next digest. An alert that has turned less grave since was not told of on
-- the rungs of people who knew it as graver: it is looked at again, too.
CREATE FUNCTION take_rung_back(told_alert uuid, told_turn integer, told_role text, told_by text, today date) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM alert_rungs WHERE alert_id = told_alert AND turn = told_turn AND role = told_role AND outcome = 'told';
    IF FOUND THEN
        UPDATE alerts SET next_rung_on = today, next_rung_role = told_role, next_rung_deliver = told_by
        WHERE id = told_alert AND (turn = told_turn OR turned_by = 'lowered') AND state <> 'resolved';
    END IF;
END $$;

-- Takes a rung back that told nobody after all: it is due again at once.
CREATE OR REPLACE FUNCTION untell(told_alert uuid, told_turn integer, told_role text, not_by uuid, today date) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told_by_another(told_alert, told_turn, told_role, not_by) THEN
        PERFORM take_rung_back(told_alert, told_turn, told_role, 'immediate', today);
    END IF;
END $$;

-- Why a person must not be told of a case by a message, as things are now; absent where they may be. A restricted case goes singly.
CREATE FUNCTION why_not_told(told_recipient bigint, told_role text, as_deputy boolean, told_case text, told_only_case text)
    RETURNS text LANGUAGE sql STABLE
    RETURN (
        SELECT CASE
            WHEN NOT active THEN 'the person is told nothing any more'
            WHEN cases.restricted AND NOT (may_see_restricted AND told_only_case IS NOT DISTINCT FROM cases.reference)
                THEN 'the case has become restricted'
            WHEN NOT as_deputy AND recipients.role <> told_role THEN 'the person has another role now'
            WHEN NOT as_deputy AND NOT (teams = '{}' OR coalesce(cases.team = ANY(teams), false))
                THEN 'the case is not one of the person''s teams any more'
        END
        FROM recipients, cases WHERE recipients.id = told_recipient AND cases.reference = told_case
    );
