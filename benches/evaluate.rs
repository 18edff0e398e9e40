//! How long it takes to read, judge and forget a case: the demonstration's caseload, with each case as long as it comes.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::civil::date;
use plo_drift::demo::caseload;
use plo_drift::domain::evaluation::Evaluation;
use plo_drift::domain::policy::Policy;
use plo_drift::exchange::document::{self, Reading};
use serde_json::Value;

fn evaluate(criterion: &mut Criterion) {
    let today = date(2026, 11, 23);
    let policy = Policy::default();
    let cases = caseload::cases(today, &policy.calendar);
    let documents: Vec<Value> = cases.iter().map(document::write).collect();
    let text = serde_json::to_string(&documents).expect("documents are JSON");

    let mut group = criterion.benchmark_group("caseload");
    group.throughput(Throughput::Elements(u64::try_from(cases.len()).expect("a small caseload")));
    group.bench_function("evaluate", |bench| {
        bench.iter(|| cases.iter().map(|case| Evaluation::of(case, &policy, today).findings.len()).sum::<usize>());
    });
    group.bench_function("parse and read", |bench| {
        bench.iter_batched(
            || text.clone(),
            |text| {
                let documents: Vec<Value> = serde_json::from_str(&text).expect("JSON");
                documents.iter().filter(|document| document::read(document, Reading::AsOf(today)).is_ok()).count()
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
