//! What an operator does with the database: roles that may do no more than they must, copies that are restored, programs of two
//! versions at once, certificates, poolers.

mod backup;
mod certificates;
#[path = "../faults/postgres/cluster.rs"]
#[expect(dead_code, reason = "the fault tests stand on the rest")]
mod cluster;
#[path = "../faults/count.rs"]
#[expect(dead_code, reason = "the fault tests stand on the rest")]
mod count;
mod fail_over;
mod pooler;
mod roles;
mod rolling_update;
#[path = "../faults/running.rs"]
#[expect(dead_code, reason = "the fault tests stand on the rest")]
mod running;
#[expect(dead_code, reason = "other tests stand on the rest")]
#[path = "../support/mod.rs"]
mod support;
mod working_day;
