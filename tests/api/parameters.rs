//! Parameters that are wrong, and worse.

use axum::http::StatusCode;

use crate::fixture::{Api, Watched, cursor, percent_encoded};

const LISTS: [(&str, &[&str]); 2] = [
    ("/api/v1/cases", &["at_risk", "rag", "team", "rule", "status", "weeks_open_min", "sort", "limit", "cursor"]),
    ("/api/v1/alerts", &["state", "severity", "rule", "team", "opened_since", "limit", "cursor"]),
];

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let api = Api::new().await;
    let token = api.token().await;
    for (path, known) in LISTS {
        for parameter in known {
            for value in ["", "%20", "%00", "a%0Ab", "%C2%85"] {
                let answer = api.get(&token, &format!("{path}?{parameter}={value}")).await;
                assert_eq!(answer.wrong_parameters(), [*parameter], "{value}");
            }
            let answer = api.get(&token, &format!("{path}?{parameter}=x&{parameter}=x")).await;
            assert_eq!(answer.wrong_parameters(), [*parameter], "given twice");
        }
        let all: Vec<String> = known.iter().map(|parameter| format!("{parameter}=%00")).collect();
        let answer = api.get(&token, &format!("{path}?{}&unknown=1&{}", all.join("&"), "Limit=1")).await;
        // A name with a capital may be a person's.
        let mut expected = [known, ["unknown", "(not repeated here)"].as_slice()].concat();
        expected.sort_unstable();
        assert_eq!(answer.wrong_parameters(), expected);
        assert_eq!(answer.body["type"], "urn:plo-drift:problem:wrong-parameters");
    }
    let answer = api.get(&token, "/api/v1/cases/C-1?on=2026-06-01").await;
    assert_eq!(answer.wrong_parameters(), ["on"]);
    api.close().await;
}

#[rstest::rstest]
#[case("/api/v1/cases?at_risk=yes", "at_risk")]
#[case("/api/v1/cases?rag=blue", "rag")]
#[case("/api/v1/cases?rule=none", "rule")]
#[case("/api/v1/cases?status=Open", "status")]
#[case("/api/v1/cases?sort=team", "sort")]
#[case("/api/v1/cases?limit=0", "limit")]
#[case("/api/v1/cases?limit=201", "limit")]
#[case("/api/v1/cases?weeks_open_min=-1", "weeks_open_min")]
#[case("/api/v1/cases?weeks_open_min=5201", "weeks_open_min")]
#[case("/api/v1/cases?team=%20east", "team")]
#[case("/api/v1/alerts?state=closed", "state")]
#[case("/api/v1/alerts?severity=green", "severity")]
#[case("/api/v1/alerts?opened_since=2026-06-31", "opened_since")]
#[case("/api/v1/alerts?opened_since=9999-12-30T00:00:00Z", "opened_since")]
#[case("/api/v1/cases/C%001", "reference")]
#[case("/api/v1/cases/C%FF", "reference")]
#[tokio::test]
async fn a_wrong_value_is_refused_with_what_would_be_right(#[case] uri: &str, #[case] parameter: &str) {
    let api = Api::new().await;
    let token = api.token().await;
    let answer = api.get(&token, uri).await;
    assert_eq!(answer.wrong_parameters(), [parameter]);
    assert!(answer.body["errors"][0]["reason"].as_str().is_some_and(|reason| reason.starts_with("must ")), "{}", answer.body);
    api.close().await;
}

#[tokio::test]
async fn hostile_values_never_break_it_and_are_never_repeated() {
    let api = Api::new().await;
    let token = api.token().await;
    api.add(&[Watched { reds: 1, ..Watched::new("C-1") }]).await;
    let long = "hostile".repeat(2000);
    let hostile: [&[u8]; 20] = [
        b"hostile'; DROP TABLE cases; --",
        b"hostile\0",
        b"\xff\xfehostile",
        b"\xed\xa0\x80hostile",
        "hostile\u{202e}\u{ffff}\u{10ffff}".as_bytes(),
        b"hostile%s%n{}$1",
        b"../../hostile",
        b"hostile\r\nset-cookie: x",
        b"-9223372036854775809",
        b"99999999999999999999999",
        b"NaN",
        b"infinity",
        b"-infinity",
        b"0000-00-00",
        b"-9999-01-01T00:00:00Z",
        b"2026-06-15T25:61:61Z",
        b"{}",
        b"[]",
        b"null",
        long.as_bytes(),
    ];
    for value in hostile {
        let value = percent_encoded(value);
        for (path, known) in LISTS {
            for parameter in known.iter().copied().chain(["other"]) {
                assert_harmless(&api, &token, &format!("{path}?{parameter}={value}")).await;
            }
        }
        assert_harmless(&api, &token, &format!("/api/v1/cases/{value}")).await;
        assert_harmless(&api, &token, &format!("/{value}")).await;
    }
    assert_eq!(api.get(&token, "/api/v1/cases").await.each("cases", "reference"), ["C-1"]);
    api.close().await;
}

#[tokio::test]
async fn forged_cursors_never_break_it() {
    let api = Api::new().await;
    let token = api.token().await;
    let garbage = [
        "",
        "risk",
        "risk ",
        "risk hostile\0",
        "reference hostile",
        "team hostile",
        "started_on 2026-01-01 x",
        "opened_at hostile 2026",
    ];
    for text in garbage {
        let answer = api.get(&token, &format!("/api/v1/cases?cursor={}", cursor(text))).await;
        assert_eq!(answer.wrong_parameters(), ["cursor"], "{text}");
    }
    for key in ["", "x", "9999-99-99 x", "99999-01-01 x", "-infinity x", "- x\0", "1999-12-31 x"] {
        let cursor = cursor(&format!("started_on {key}"));
        let answer = api.get(&token, &format!("/api/v1/cases?sort=started_on&cursor={cursor}")).await;
        assert_eq!(answer.wrong_parameters(), ["cursor"], "{key}");
    }
    let id = "00000000-0000-0000-0000-000000000001";
    for key in [
        "",
        "x x",
        "x 2026-01-01T00:00:00Z",
        &format!("{id} x"),
        &format!("{id} -009000-01-01T00:00:00Z"),
        &format!("{id} 9999-01-01T00:00:00Z"),
    ] {
        let answer = api.get(&token, &format!("/api/v1/alerts?cursor={}", cursor(&format!("opened_at {key}")))).await;
        assert_eq!(answer.wrong_parameters(), ["cursor"], "{key}");
    }
    for not_hexadecimal in ["0", "0g", "AB", "ff", "%F0%9F%92%A9"] {
        let answer = api.get(&token, &format!("/api/v1/cases?cursor={not_hexadecimal}")).await;
        assert_eq!(answer.wrong_parameters(), ["cursor"], "{not_hexadecimal}");
    }
    for key in ["risk x", "risk \u{10ffff}", &format!("risk {}", "9".repeat(5000))] {
        assert_harmless(&api, &token, &format!("/api/v1/cases?cursor={}", cursor(key))).await;
    }
    api.close().await;
}

async fn assert_harmless(api: &Api, token: &str, uri: &str) {
    let answer = api.get(token, uri).await;
    assert!(answer.status.is_success() || answer.status.is_client_error(), "{uri}: {}", answer.body);
    assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{uri}");
    assert!(!answer.body.to_string().contains("hostile"), "{uri}: {}", answer.body);
}
