"""A manager's and a chair's day, by a client that was generated from the contract alone.

Called with the address of a demonstration and a token for a recorder, a chair, an admin and a reader. Whatever the client cannot do by
the contract's own words (a field that is missing, a status that is not described) ends the day.
"""

import sys
from datetime import date, timedelta
from http import HTTPStatus
from uuid import uuid4

from council_client import AuthenticatedClient
from council_client.api.alerts import acknowledge_alert, list_alerts, show_alert, snooze_alert
from council_client.api.cases import (
    add_meeting,
    add_oversight,
    explain_case,
    list_cases,
    put_case,
    show_case,
    show_case_history,
)
from council_client.api.panel import show_panel
from council_client.api.policy import show_policy
from council_client.api.service import list_audit
from council_client.api.statistics import show_statistics
from council_client import models

ADDRESS, *TOKENS = sys.argv[1:]
RECORDER, CHAIR, ADMIN, READER = (
    AuthenticatedClient(base_url=ADDRESS, token=token, raise_on_unexpected_status=True) for token in TOKENS
)


def good(response, *statuses):
    """The body of an answer that must be a good one."""
    assert response.status_code in (statuses or (HTTPStatus.OK,)), (response.status_code, response.content[:500])
    return response.parsed


def every(page, rows, **filters):
    """Every row of a list, page after page."""
    cursor = {}
    while True:
        answer = good(page.sync_detailed(limit=20, **cursor, **filters))
        yield from getattr(answer, rows)
        if answer.next_cursor is None:
            return
        cursor = {"cursor": answer.next_cursor}


def the_managers_morning():
    """Which cases are at risk, what of the worst one, and how the figures stand."""
    at_risk = list(every(list_cases, "cases", client=READER, at_risk=True))
    assert at_risk and all(case.rag in (models.Rag.RED, models.Rag.AMBER) for case in at_risk)
    assert len({case.reference for case in at_risk}) == len(at_risk)
    reds = [case.reference for case in at_risk if case.rag == models.Rag.RED]
    assert reds == [case.reference for case in at_risk[: len(reds)]], "the worst come first"
    worst = good(show_case.sync_detailed(reference=reds[0], client=READER))
    assert worst.findings and worst.milestones and worst.facts.reference == reds[0]
    same = show_case.sync_detailed(reference=reds[0], client=READER, if_none_match=etag_of(reds[0]))
    assert same.status_code == HTTPStatus.NOT_MODIFIED
    explained = good(explain_case.sync_detailed(reference=reds[0], client=READER, on=date.today()))
    assert any(rule.findings for rule in explained.as_recorded)
    figures = good(show_statistics.sync_detailed(client=READER))
    assert figures.by_team and figures.by_month
    assert good(show_policy.sync_detailed(client=READER)).version >= 1
    return worst


def etag_of(reference):
    return show_case.sync_detailed(reference=reference, client=READER).headers["etag"]


def the_recorders_noon():
    """A new case goes in, a meeting is planned, and a correction that comes too late is refused."""
    reference = f"PP-DAY-{uuid4().hex[:6]}"
    started = date.today() - timedelta(days=60)
    document = models.CaseToPut(reference=reference, team="North", started_on=started)
    good(put_case.sync_detailed(reference=reference, client=RECORDER, body=document), HTTPStatus.CREATED)
    stale = etag_of(reference)
    meeting = models.NewMeeting(kind=models.MeetingKind.INITIAL, planned_on=date.today() + timedelta(days=7))
    key = uuid4().hex
    for replayed in (None, "true"):
        added = add_meeting.sync_detailed(reference=reference, client=RECORDER, body=meeting, idempotency_key=key)
        good(added, HTTPStatus.CREATED)
        assert added.headers.get("idempotency-replayed") == replayed
    document.lbp_sent_on = started + timedelta(days=4)
    late = put_case.sync_detailed(reference=reference, client=RECORDER, body=document, if_match=stale)
    assert late.status_code == HTTPStatus.PRECONDITION_FAILED
    review = models.OversightEntry(on=date.today(), kind=models.OversightKind.PANEL_REVIEW, rationale_recorded=True)
    good(add_oversight.sync_detailed(reference=reference, client=RECORDER, body=review), HTTPStatus.CREATED)
    wrong = models.OversightEntry(on=date.today() + timedelta(days=1), kind=models.OversightKind.PANEL_REVIEW)
    refused = add_oversight.sync_detailed(reference=reference, client=RECORDER, body=wrong)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY and refused.parsed.errors[0].pointer == "/on"
    changes = list(every(show_case_history, "changes", reference=reference, client=READER))
    assert len(changes) == 3 and all(change.source == "api" for change in changes)
    assert len(good(show_case.sync_detailed(reference=reference, client=READER)).facts.meetings) == 1
    return reference


def the_chairs_afternoon():
    """The agenda, an acknowledgement, a snooze, and what becomes of them."""
    agenda = good(show_panel.sync_detailed(client=CHAIR))
    assert agenda.cases and all(case.question.text for case in agenda.cases)
    open_reds = list(every(list_alerts, "alerts", client=CHAIR, state=models.AlertState.OPEN, severity=models.Severity.RED))
    first, second, *_ = open_reds
    in_a_week = date.today() + timedelta(days=7)
    answer = models.Acknowledgement(action="Hold the review", owner="Team manager", review_on=in_a_week)
    story = good(acknowledge_alert.sync_detailed(id=first.id, client=CHAIR, body=answer))
    assert story.state == models.AlertState.ACKNOWLEDGED
    other = models.Acknowledgement(action="Wait for the report", owner="Team manager", review_on=in_a_week)
    again = acknowledge_alert.sync_detailed(id=first.id, client=CHAIR, body=other)
    assert again.status_code == HTTPStatus.CONFLICT, again.status_code
    wait = models.Snooze(reason="The assessor is ill until Monday", until=in_a_week)
    good(snooze_alert.sync_detailed(id=second.id, client=CHAIR, body=wait))
    assert good(show_alert.sync_detailed(id=second.id, client=READER)).pauses[0].until == in_a_week
    assert acknowledge_alert.sync_detailed(id=second.id, client=READER, body=answer).status_code == HTTPStatus.FORBIDDEN
    return first


def the_admins_evening(worst, alert):
    """Who looked at what."""
    seen = list(every(list_audit, "requests", client=ADMIN, case=worst.reference))
    assert any(request.route == "/api/v1/cases/{reference}" for request in seen)
    done = list(every(list_audit, "requests", client=ADMIN, alert=alert.id))
    assert any(request.method == "POST" for request in done)


worst = the_managers_morning()
the_recorders_noon()
alert = the_chairs_afternoon()
the_admins_evening(worst, alert)
print("A manager's, a recorder's, a chair's and an admin's day went as the contract says.")
