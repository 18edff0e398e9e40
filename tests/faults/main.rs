//! The promises, held against the program as it runs: processes that are killed, a database that goes away, clocks that jump.

mod clock;
#[expect(dead_code, reason = "tests that come stand on the rest")]
mod count;
mod hostile;
mod missed;
mod policy;
mod postgres;
#[expect(dead_code, reason = "tests that come stand on the rest")]
mod running;
#[expect(dead_code, reason = "other tests stand on the rest")]
#[path = "../support/mod.rs"]
mod support;
mod watcher;

use count::Council;

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_process_goes_on_and_a_killed_one_starts_again() {
    let council = Council::with_cases(3).await;
    let mut service = council.service();
    service.start_and_be_ready().await;
    service.pause();
    service.resume();
    service.kill();
    service.start_and_be_ready().await;
    council.until_settled().await;
    assert_eq!(council.wrong().await, [""; 0]);
    assert!(service.terminate().await.success());
    council.end().await;
}
