//! Whether everybody can use a page, as far as a program can tell: axe-core looks at it.

use std::path::Path;

use fantoccini::Client;
use serde_json::{Value, json};

/// WCAG 2.2 at level AA, with what it builds on, and what is good practice beside it.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const LOOK: &str = "const [rules, answer] = arguments;
    axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']}).then(
        ({violations, passes}) => answer({
            passed: passes.length,
            violations: violations.map(({id, help, nodes}) =>
                `${id}: ${help}\\n` + nodes.map(({html, failureSummary}) => `    ${html}\\n    ${failureSummary}`).join('\\n')),
        }),
        (wrong) => answer({wrong: String(wrong)}))";

/// Looks at the page that is open.
///
/// # Panics
///
/// Something on it shuts somebody out.
pub async fn assert_no_violations(client: &Client, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(path).expect("run .ci/npm-packages tests/support/axe first: it installs axe-core");
    client.execute(&axe, Vec::new()).await.expect("axe-core is a script");
    let found = client.execute_async(LOOK, vec![json!(RULES)]).await.expect("axe-core looks");
    let passed = found["passed"].as_u64().unwrap_or_else(|| panic!("{page}: {found}"));
    assert!(passed >= 10, "{page}: axe-core has looked at next to nothing");
    let violations: Vec<&str> = found["violations"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(violations.is_empty(), "{page}:\n{}", violations.join("\n"));
}
