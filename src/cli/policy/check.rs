//! `plo-drift policy check`: whether a policy is one, and whether it reaches everybody it names.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use crate::cli::{Done, Failure, Setting};
use crate::domain::calendar::{Counted, in_words};
use crate::domain::case::Outcome;
use crate::domain::coverage::{Gap, Place, gaps};
use crate::domain::policy::{Delivery, Policy, Role, Rung};
use crate::domain::schedule::Severity;
use crate::domain::telling::{About, Person, Silence};
use crate::domain::timetable::{next_meeting, pack_on};
use crate::policy_file::PolicyDocument;
use crate::store::{preview, recipients};

/// Check a policy: every mistake is named, and every rung that nobody can receive. Recipients are checked where a database is configured.
#[derive(Debug, Args)]
pub struct Check {
    /// The policy.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Check {
    /// Prints what the policy says that people need, and a warning for each gap.
    pub async fn run(self, setting: Setting) -> Result<Done, Failure> {
        let policy = PolicyDocument::of_file(&self.file).map_err(Failure::wrong)?.policy;
        println!("{} is a policy.", self.file.display());
        for line in summary(&policy, setting.clock.now().today) {
            println!("{line}");
        }
        if setting.config.database.url.is_none() {
            eprintln!("Recipients were not checked: no database is configured (set DATABASE_URL).");
            return Ok(Done::Whole);
        }
        let (owners, people) = read(&setting).await?;
        let cases: Vec<About> =
            owners.iter().map(|(team, restricted)| About { team: team.as_deref(), restricted: *restricted }).collect();
        let gaps = gaps(&policy, &cases, &people);
        for gap in &gaps {
            println!("warning: {}", warning(gap));
        }
        if gaps.is_empty() {
            println!("Everybody whom it names can be reached.");
        }
        Ok(if gaps.is_empty() { Done::Whole } else { Done::WithRefusals })
    }
}

type Owners = Vec<(Option<String>, bool)>;

/// The teams of the cases, and everybody on record. Before there are cases, the teams are those that people are responsible for.
async fn read(setting: &Setting) -> Result<(Owners, Vec<Person>), Failure> {
    let allowed = &setting.config.mail.allowed_domains;
    let pool = setting.pool().await?;
    let mut connection = pool.acquire().await?;
    let today = setting.clock.now().today;
    let people = recipients::people(&mut connection, today, |address| allowed.may_write_to(address)).await?;
    let mut owners = preview::owners(&mut connection).await?;
    if owners.is_empty() {
        let mut teams: Vec<&String> = people.iter().flat_map(|person| &person.teams).collect();
        teams.sort_unstable();
        teams.dedup();
        owners = teams.into_iter().map(|team| (Some(team.clone()), false)).collect();
    }
    if owners.is_empty() {
        owners.push((None, false));
    }
    Ok((owners, people))
}

fn summary(policy: &Policy, today: Date) -> Vec<String> {
    let mut lines = Vec::new();
    for severity in Severity::ALL.iter().rev().filter(|&&severity| severity >= policy.alerts.alert_from) {
        let ladder = policy.alerts.ladder(*severity);
        lines.push(format!(
            "{} alerts are told to{}",
            capitalised(severity.code()),
            if ladder.is_empty() { " nobody." } else { ":" }
        ));
        lines.extend(ladder.iter().map(|rung| format!("  {}", rung_in_words(*rung))));
    }
    lines.push(format!("The digest goes out at {} on working days.", time_in_words(policy.digest.at)));
    let meeting = next_meeting(today, &policy.panel);
    let roles: Vec<&str> = policy.panel.roles.iter().map(|role| role.title()).collect();
    lines.push(format!(
        "The panel meets next on {}; its pack goes out at {} on {} to: {}.",
        in_words(meeting),
        time_in_words(policy.panel.at),
        in_words(pack_on(meeting, &policy.calendar)),
        if roles.is_empty() { "nobody".to_owned() } else { roles.join(", ") }
    ));
    lines.push(census_in_words(policy));
    lines
}

/// What the census is told of outcomes, and which codes are still to be filled in.
fn census_in_words(policy: &Policy) -> String {
    let (coded, missing): (Vec<Outcome>, Vec<Outcome>) =
        Outcome::ALL.iter().partition(|&&outcome| policy.census_outcomes.code(outcome).is_some());
    let code = |outcome: &Outcome| Some(format!("{outcome} as {}", policy.census_outcomes.code(*outcome)?));
    let coded: Vec<String> = coded.iter().filter_map(code).collect();
    let missing: Vec<String> = missing.iter().map(|outcome| format!("census.outcomes.{outcome}")).collect();
    match (coded.join(", "), missing.join(", ")) {
        (coded, missing) if missing.is_empty() => format!("The census is told {coded}."),
        (coded, missing) if coded.is_empty() => {
            format!("No export of the census has a code for an outcome yet: fill in {missing}.")
        }
        (coded, missing) => format!("The census is told {coded}; an export that needs another is refused: fill in {missing}."),
    }
}

fn rung_in_words(rung: Rung) -> String {
    let title = rung.role.title();
    match (rung.after, rung.deliver) {
        (0, Delivery::Immediate) => format!("{title}, at once"),
        (0, Delivery::Digest) => format!("{title}, in the next digest"),
        (after, deliver) => {
            let how = if deliver == Delivery::Digest { ", in the digest" } else { "" };
            format!("{title}, after {}{how}", Counted(i64::from(after), "working day"))
        }
    }
}

fn capitalised(word: &str) -> String {
    word.chars().take(1).map(|letter| letter.to_ascii_uppercase()).chain(word.chars().skip(1)).collect()
}

fn time_in_words(time: jiff::civil::Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// One line that says who is not reached, and what to do.
fn warning(gap: &Gap) -> String {
    let Gap { role, places, why, teams } = gap;
    let places: Vec<String> = places.iter().map(|place| place_in_words(*place)).collect();
    let teams: Vec<&str> = teams.iter().map(|team| team.unwrap_or("no team")).collect();
    format!(
        "{} ({}) reaches nobody for the cases of {}: {}",
        role.title(),
        places.join(", "),
        teams.join(", "),
        what_to_do(*role, *why)
    )
}

fn place_in_words(place: Place) -> String {
    match place {
        Place::Ladder(severity) => format!("{severity} alerts"),
        Place::Panel => "panel pack".to_owned(),
    }
}

fn what_to_do(role: Role, why: Silence) -> String {
    let add = format!("plo-drift recipient add --role {role}");
    match why {
        Silence::NobodyThere => {
            "whoever is responsible is away, has left or is not in mail.allowed_domains: name a deputy with \
            plo-drift recipient change ID --deputy ID"
                .to_owned()
        }
        Silence::NobodyCleared => format!("nobody is cleared for restricted cases: add somebody with {add} --restricted"),
        _ => format!("nobody is responsible: add somebody with {add}"),
    }
}
