//! The service over HTTP, against a real database: what callers get, and what they never get.

mod access;
mod acknowledge;
mod alert_pages;
mod alert_story;
mod alerts;
mod audit;
mod case_page;
mod caseload_page;
mod cases;
mod census;
mod contract;
mod data_quality;
mod data_quality_page;
mod explain;
mod facts;
mod fixture;
mod health;
mod history;
mod imports;
mod issuer;
mod known_pages;
mod links;
mod metrics;
mod one_case;
mod page_sign_in;
mod pages;
mod panel;
mod panel_page;
mod parameters;
mod policy;
mod record;
mod security;
mod sign_in;
mod sign_in_place;
mod statistics;
#[expect(dead_code, reason = "a test takes what it needs of the support")]
#[path = "../support/mod.rs"]
mod support;
mod tokens;
mod trends_page;
mod visit;
