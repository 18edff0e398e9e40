//! Twelve cases and six alerts, and what follows from them by hand for the days from 1 January to Monday 15 June 2026.

use serde_json::{Value, json};

use crate::fixture::Api;
use crate::one_case::add;

/// The caseload, recorded.
pub async fn recorded() -> Api {
    let api = Api::new().await;
    for document in north().into_iter().chain(south()).chain([of_no_team()]) {
        add(&api, &document).await;
    }
    api.sql("INSERT INTO recipients (name, email, role) VALUES ('A chair', 'chair@council.example', 'legal_gateway_chair')")
        .await;
    for (number, case, opened_at, state, resolved_at) in [
        // Tuesday 26 May; acknowledged on Thursday: 2 working days.
        (1, "N-3", "2026-05-26T08:00Z", "acknowledged", None),
        // Monday 1 June; acknowledged on the day, and again on the 12th: 0.
        (2, "N-4", "2026-06-01T08:00Z", "acknowledged", None),
        // Half past midnight in London on Saturday 6 June; put off, which is no acknowledgement: 6 working days and waiting.
        (3, "N-4", "2026-06-05T23:30Z", "snoozed", None),
        // Monday 8 June; resolved on Wednesday: 2 working days, and nobody had acknowledged it.
        (4, "S-1", "2026-06-08T08:00Z", "resolved", Some("2026-06-10T08:00Z")),
        // Tuesday 5 May; acknowledged on Tuesday the 12th: 5. Resolved later.
        (5, "X-1", "2026-05-05T08:00Z", "resolved", Some("2026-05-20T08:00Z")),
        // The last evening before the period.
        (6, "N-3", "2025-12-31T23:30Z", "resolved", Some("2026-01-02T08:00Z")),
    ] {
        let resolved_at = resolved_at.map_or("NULL".to_owned(), |at| format!("'{at}'"));
        api.sql(&format!(
            "INSERT INTO alerts (id, case_reference, rule, subject, severity, state, message, since_on, severity_since_on, opened_at,
                turned_at, resolved_at)
            VALUES ('00000000-0000-0000-0000-00000000000{number}', '{case}', 'review_gap', '{number}', 'amber', '{state}', 'Evidence',
                '2026-05-05', '2026-05-05', '{opened_at}', '{opened_at}', {resolved_at})"
        ))
        .await;
    }
    for (number, kind, made_on, ended) in [
        (1, "acknowledged", "2026-05-28", None),
        (2, "acknowledged", "2026-06-01", Some("day")),
        (2, "acknowledged", "2026-06-12", None),
        (3, "snoozed", "2026-06-08", None),
        (5, "acknowledged", "2026-05-12", Some("resolved")),
    ] {
        let owner = if kind == "acknowledged" { "'Somebody'" } else { "NULL" };
        let ended = ended.map_or("NULL, NULL".to_owned(), |by| format!("'2026-06-10T08:00Z', '{by}'"));
        api.sql(&format!(
            "INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, owner, until_on, ended_at, ended_by)
            VALUES ('00000000-0000-0000-0000-00000000000{number}', '{kind}', '{made_on}T09:00Z', '{made_on}', 1, 'A reason', {owner},
                '2026-06-19', {ended})"
        ))
        .await;
    }
    api
}

fn north() -> [Value; 5] {
    [
        // Concluded after 105 days, within both ends (27 April). Reviews: on the day; two days late.
        json!({
            "reference": "N-1", "family_reference": "F-1", "team": "North", "started_on": "2026-01-05", "lbp_sent_on": "2026-01-09",
            "meetings": [
                {"sequence": 1, "kind": "initial", "held_on": "2026-01-23"},
                {"sequence": 2, "kind": "review", "planned_on": "2026-03-02", "held_on": "2026-03-02"},
                {"sequence": 3, "kind": "final_review", "planned_on": "2026-04-13", "held_on": "2026-04-15"},
            ],
            "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"}, {"reference": "K-2", "date_of_birth": "2021-05-01"}],
            "step_decision_on": "2026-04-20", "outcome": "step_down", "closed_on": "2026-05-04",
        }),
        // Decided to issue after 136 days, beyond the first end (4 May), within the extended one (1 June); 18 days ago. In
        // pre-proceedings for 154 days: 22 weeks. Reviews: cancelled; four days early.
        json!({
            "reference": "N-2", "family_reference": "F-2", "team": "North", "started_on": "2026-01-12", "lbp_sent_on": "2026-01-22",
            "meetings": [
                {"sequence": 1, "kind": "initial", "held_on": "2026-02-02"},
                {"sequence": 2, "kind": "review", "planned_on": "2026-03-16", "cancelled_on": "2026-03-13"},
                {"sequence": 3, "kind": "review", "planned_on": "2026-04-06", "held_on": "2026-04-02"},
            ],
            "extensions": [{"sequence": 1, "requested_on": "2026-04-20", "decision": "approved", "decided_on": "2026-04-27",
                "new_end_on": "2026-06-01"}],
            "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"}],
            "step_decision_on": "2026-05-28", "outcome": "issue",
        }),
        // Open for 133 days: 19 weeks, beyond its end (25 May); 129 days without an initial meeting. A review was not held.
        json!({
            "reference": "N-3", "family_reference": "F-3", "team": "North", "started_on": "2026-02-02", "lbp_sent_on": "2026-02-06",
            "meetings": [{"sequence": 1, "kind": "review", "planned_on": "2026-05-11"}],
            "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"}, {"reference": "K-2", "date_of_birth": "2021-05-01"},
                {"reference": "K-3", "date_of_birth": "2022-05-01"}],
        }),
        // Open for 287 days: 41 weeks, beyond its first end (22 December), within the third extended one. A review on the day.
        json!({
            "reference": "N-4", "family_reference": "F-4", "team": "North", "started_on": "2025-09-01", "lbp_sent_on": "2025-09-05",
            "meetings": [
                {"sequence": 1, "kind": "initial", "held_on": "2025-09-19"},
                {"sequence": 2, "kind": "review", "planned_on": "2026-02-09", "held_on": "2026-02-09"},
            ],
            "extensions": [
                {"sequence": 1, "requested_on": "2025-12-08", "decision": "approved", "decided_on": "2025-12-15",
                    "new_end_on": "2026-01-31"},
                {"sequence": 2, "requested_on": "2026-01-19", "decision": "approved", "decided_on": "2026-01-26",
                    "new_end_on": "2026-03-31"},
                {"sequence": 3, "requested_on": "2026-03-16", "decision": "approved", "decided_on": "2026-03-23",
                    "new_end_on": "2026-06-30"},
            ],
            "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"}],
        }),
        // The family of N-1 is back, six weeks after it stepped down. Open for 14 days: 2 weeks, and without a letter.
        json!({
            "reference": "N-5", "family_reference": "F-1", "team": "North", "started_on": "2026-06-01",
            "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"}, {"reference": "K-2", "date_of_birth": "2021-05-01"}],
        }),
    ]
}

fn south() -> [Value; 6] {
    [
        // Open for 105 days: 15 weeks, within its end (22 June). A pregnancy was lost. A review on the day; another is for today.
        json!({
            "reference": "S-1", "family_reference": "F-5", "team": "South", "started_on": "2026-03-02", "lbp_sent_on": "2026-03-16",
            "meetings": [
                {"sequence": 1, "kind": "initial", "held_on": "2026-03-30"},
                {"sequence": 2, "kind": "review", "planned_on": "2026-05-11", "held_on": "2026-05-11"},
                {"sequence": 3, "kind": "review", "planned_on": "2026-06-15"},
            ],
            "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"},
                {"reference": "K-2", "expected_delivery_on": "2026-09-01", "pregnancy_ended_on": "2026-05-01"}],
        }),
        // Concluded after 49 days, within both ends.
        json!({
            "reference": "S-2", "family_reference": "F-6", "team": "South", "started_on": "2026-01-26", "lbp_sent_on": "2026-02-02",
            "meetings": [{"sequence": 1, "kind": "initial", "held_on": "2026-02-16"}],
            "step_decision_on": "2026-03-16", "outcome": "step_down",
        }),
        // The same family, nine weeks later. Open for 28 days: 4 weeks.
        json!({
            "reference": "S-3", "family_reference": "F-6", "team": "South", "started_on": "2026-05-18", "lbp_sent_on": "2026-05-22",
            "meetings": [{"sequence": 1, "kind": "initial", "held_on": "2026-06-05"}],
        }),
        // Started before the period; decided to issue within both ends (23 February), and issued.
        json!({
            "reference": "S-4", "family_reference": "F-7", "team": "South", "started_on": "2025-11-03", "lbp_sent_on": "2025-11-07",
            "meetings": [{"sequence": 1, "kind": "initial", "held_on": "2025-11-21"}],
            "step_decision_on": "2026-02-02", "outcome": "issue", "court_application_on": "2026-02-09",
        }),
        // Started before the period; ended otherwise, long after its end (24 November).
        json!({
            "reference": "S-5", "family_reference": "F-8", "team": "South", "started_on": "2025-08-04",
            "step_decision_on": "2026-05-05", "outcome": "other",
        }),
        // Closed after 14 days without a decision; no family is recorded.
        json!({"reference": "S-6", "team": "South", "started_on": "2026-04-07", "closed_on": "2026-04-21"}),
    ]
}

/// Open for 112 days: 16 weeks, on the last day of its period. Its letter is dated before the start, 17 days before the meeting.
/// The final review was two days late.
fn of_no_team() -> Value {
    json!({
        "reference": "X-1", "started_on": "2026-02-23", "lbp_sent_on": "2026-02-20",
        "meetings": [
            {"sequence": 1, "kind": "initial", "held_on": "2026-03-09"},
            {"sequence": 2, "kind": "final_review", "planned_on": "2026-06-08", "held_on": "2026-06-10"},
        ],
        "children": [{"reference": "K-1", "date_of_birth": "2020-05-01"}],
    })
}

/// Each block of the whole.
pub fn whole_by_hand() -> [(&'static str, Value); 9] {
    [
        // N-2 (decided to issue), N-3, N-4, N-5, S-1, S-3, X-1; each of another family. Children 1 + 3 + 1 + 2 + 1 + 0 + 1.
        // Weeks 2 4 15 16 19 22 41: the fourth is the median; 90 % lie at rank 1 + 6 × 0.9 = 6.4: 22 + 0.4 × 19 = 29.6.
        // Past the end: N-3. X-1 is on its last day. Past the first end: N-3 and N-4.
        // In bands: N-5; S-3; S-1; X-1 and N-3, which is late; N-2; N-4.
        (
            "open",
            json!({
                "cases": 7, "families": 7, "children": 9, "undecided": 6, "past_end": 1, "past_base_end": 2, "suppressed": false,
                "weeks_open": {"n": 7, "median": 16.0, "p90": 29.6, "max": 41, "suppressed": false},
                "weeks_open_distribution": [
                    {"from_weeks": 0, "below_weeks": 4, "cases": 1, "past_end": 0},
                    {"from_weeks": 4, "below_weeks": 8, "cases": 1, "past_end": 0},
                    {"from_weeks": 8, "below_weeks": 12, "cases": 0, "past_end": 0},
                    {"from_weeks": 12, "below_weeks": 16, "cases": 1, "past_end": 0},
                    {"from_weeks": 16, "below_weeks": 20, "cases": 2, "past_end": 1},
                    {"from_weeks": 20, "below_weeks": 24, "cases": 1, "past_end": 0},
                    {"from_weeks": 24, "below_weeks": 28, "cases": 0, "past_end": 0},
                    {"from_weeks": 28, "below_weeks": 32, "cases": 0, "past_end": 0},
                    {"from_weeks": 32, "below_weeks": 36, "cases": 0, "past_end": 0},
                    {"from_weeks": 36, "below_weeks": 40, "cases": 0, "past_end": 0},
                    {"from_weeks": 40, "below_weeks": 44, "cases": 1, "past_end": 0},
                    {"from_weeks": 44, "below_weeks": 48, "cases": 0, "past_end": 0},
                    {"from_weeks": 48, "below_weeks": 52, "cases": 0, "past_end": 0},
                    {"from_weeks": 52, "below_weeks": null, "cases": 0, "past_end": 0},
                ],
            }),
        ),
        // N-1, N-2, N-3, N-5, S-1, S-2, S-3, S-6, X-1. Days, with + where undecided: 14 14+ 28+ 49 105 105+ 112+ 133+ 136.
        // Going on after 14: 8/9; after 49 (of the 6 seen so long): × 5/6 = 0.741; after 105 (of 5): × 4/5 = 0.593; after 136 (of 1):
        // 0. Both half and nine tenths have ended by 136. Re-entries: N-5 and S-3, 2 of 9.
        (
            "started",
            json!({
                "cases": 9, "concluded": 4, "undecided": 5, "re_entries": 2, "percent_re_entries": 22.2, "suppressed": false,
                "days_to_conclude": {"n": 9, "median": 136, "p90": 136, "suppressed": false},
            }),
        ),
        // N-1 S-2 (stepped down), N-2 S-4 (to issue), S-5 S-6 (otherwise). Late: S-5; beyond the first end N-2 too.
        (
            "concluded",
            json!({
                "cases": 6, "within_end": 5, "after_end": 1, "percent_within_end": 83.3, "within_base_end": 4, "after_base_end": 2,
                "percent_within_base_end": 66.7, "to_issue": 2, "stepped_down": 2, "otherwise": 2, "percent_stepped_down": 33.3,
                "suppressed": false,
            }),
        ),
        // N-1 4, N-2 10, N-3 4, S-1 14, S-2 7, S-3 4: sorted 4 4 4 7 10 14. Median (4 + 7) / 2; rank 1 + 5 × 0.9 = 5.5: (10 + 14) / 2.
        // N-5 waits.
        (
            "letters",
            json!({
                "sent": 6, "days": {"n": 6, "median": 5.5, "p90": 12.0, "max": 14, "suppressed": false},
                "waiting": 1, "days_waiting": {"n": 1, "median": 14.0, "p90": 14.0, "max": 14, "suppressed": false},
                "suppressed": false,
            }),
        ),
        // N-2 11, N-1 S-1 S-2 S-3 14, X-1 17: rank 5.5 lies between 14 and 17. N-3 waits.
        (
            "initial_meetings",
            json!({
                "held": 6, "days": {"n": 6, "median": 14.0, "p90": 15.5, "max": 17, "suppressed": false},
                "waiting": 1, "days_waiting": {"n": 1, "median": 129.0, "p90": 129.0, "max": 129, "suppressed": false},
                "suppressed": false,
            }),
        ),
        // On the day N-1, N-4, S-1; early N-2; late N-1, X-1; cancelled N-2; not held N-3. That of S-1 for today is left out.
        (
            "reviews",
            json!({
                "planned": 8, "on_the_day": 3, "early": 1, "late": 2, "cancelled": 1, "not_held": 1, "percent_on_the_day": 37.5,
                "suppressed": false,
            }),
        ),
        // In the period N-2 one, N-4 two of its three. Of the seven open cases: N-2 has one, N-4 three: 4 / 7.
        (
            "extensions",
            json!({
                "approved": 3, "none": 5, "one": 1, "two": 0, "three_or_more": 1, "a_case": 0.57, "suppressed": false,
            }),
        ),
        // N-2, since 28 May.
        (
            "decided_to_issue",
            json!({
                "cases": 1, "days_waiting": {"n": 1, "median": 18.0, "p90": 18.0, "max": 18, "suppressed": false}, "suppressed": false,
            }),
        ),
        // Working days, with + where nobody acknowledged: 0 2 2+ 5 6+. Going on after 0: 4/5; after 2: × 3/4 = 0.6; after 5: × 1/2 =
        // 0.3. Half have been acknowledged by 5, and nine tenths never.
        (
            "alerts",
            json!({
                "opened": 5, "acknowledged": 3, "resolved_first": 1, "unacknowledged": 1, "suppressed": false,
                "working_days_to_acknowledge": {"n": 5, "median": 5, "p90": null, "suppressed": false},
            }),
        ),
    ]
}
