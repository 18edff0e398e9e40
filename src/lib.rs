//! plo-drift watches child-protection cases in pre-proceedings for drift.
//!
//! The floors, from the top; imports point down only:
//!
//! * [`cli`] and [`app`] put the service together and run it;
//! * [`board`] is the pages for people, on top of [`api`];
//! * [`api`] and [`jobs`] are what it does: answer, sweep, deliver;
//! * [`intake`] brings in what files say;
//! * [`identity`] is who signs in elsewhere: it asks an OpenID Connect issuer for its keys;
//! * [`store`] (PostgreSQL), [`mailer`] (mail) and [`exchange`] (files) are its borders;
//! * [`domain`] is what drift is: facts in, dates out, no I/O and no clock.
//!
//! [`clock`], [`config`], [`failpoints`], [`fields`], [`links`], [`metrics`], [`policy_file`] and [`telemetry`] are plain values that any floor above the domain may use.

pub mod api;
pub mod app;
pub mod board;
pub mod cli;
pub mod clock;
pub mod config;
#[cfg(test)]
mod contrast;
pub mod data_quality;
pub mod database;
pub mod demo;
pub mod domain;
pub mod exchange;
pub mod failpoints;
pub mod fields;
pub mod health;
pub mod hex;
pub mod identity;
pub mod intake;
pub mod jobs;
pub mod links;
pub mod mailer;
pub mod metrics;
pub mod policy_file;
pub mod private_postgres;
pub mod store;
pub mod telemetry;
