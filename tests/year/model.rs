//! What the service must do, in the plainest words: every alert is looked at on every tick, and nothing is remembered but what has
//! happened. It knows the findings of a case on a day (they are proved elsewhere), working days, and the policy's numbers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use plo_drift::domain::calendar::shift;
use plo_drift::domain::case::{Case, Outcome};
use plo_drift::domain::course::{Course, Status};
use plo_drift::domain::policy::{Delivery, Policy, Role, Rung};
use plo_drift::domain::schedule::Severity::{self, Amber, Red};
use plo_drift::domain::schedule::{Finding, Schedule};

use super::facts::Change;
use super::people::{Person, reach};
use super::support::naive;

/// Cases that one mail names; the rest are told by the next.
const MOST_CASES: usize = 20;

/// Alerts of one case that one mail names, and alerts altogether.
const MOST_ALERTS_OF_A_CASE: usize = 8;
const MOST_ALERTS: usize = 80;

/// When the service does its work.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// The instant.
    pub at: Timestamp,
    /// London's date.
    pub today: Date,
    /// Whether it is eight in the morning in London, or later.
    pub is_from_eight: bool,
}

/// What happened at each tick, in lines such as [`super::record`] reads from the database.
pub type Log = BTreeMap<Timestamp, Vec<String>>;

/// A case, and what the rules say of it as it is on record now.
struct Known {
    case: Case,
    schedule: Schedule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TurnedBy {
    Opened,
    Raised,
    Lowered,
    Reopened,
}

/// A rung that was taken; `passed_on` where it reached nobody.
#[derive(Clone, Copy, Debug)]
struct Taken {
    turn: usize,
    role: Role,
    told: bool,
    passed_on: Option<Date>,
}

impl Taken {
    fn outcome(self) -> &'static str {
        match self.passed_on {
            _ if self.told => "told",
            Some(_) => "unreachable",
            None => "silent",
        }
    }
}

/// A rung whose time has come: since when, how, and whom it reaches or why nobody.
struct Step {
    rung: Taken,
    due_on: Date,
    deliver: Delivery,
    told: Result<Vec<(i64, bool)>, &'static str>,
}

/// The rungs whose time has come, why the next one waits, and whether it was the whole ladder.
struct Climb {
    steps: Vec<Step>,
    waits: Option<(Role, &'static str)>,
    is_through: bool,
}

/// How an alert is put aside.
#[derive(Clone, Copy, Debug)]
pub struct Paused {
    /// `acknowledged` or `snoozed`.
    pub kind: &'static str,
    /// On which day.
    pub made_on: Date,
    /// Until which day.
    pub until_on: Date,
}

/// An alert.
#[derive(Debug)]
pub struct Alert {
    fact: Fact,
    severity: Severity,
    opened_at: Timestamp,
    turn: usize,
    turned_by: TurnedBy,
    turned_on: Date,
    /// The day of each rung, counted from the turn.
    days: Vec<Date>,
    taken: Vec<Taken>,
    paused: Option<Paused>,
    /// Whether it is on record that the whole ladder reaches nobody.
    is_known_to_reach_nobody: bool,
    /// Whom, in which turn and as what.
    told: Vec<(i64, usize, Role)>,
}

/// Case, rule and subject.
pub type Fact = (String, &'static str, String);

fn name((case, rule, subject): &Fact) -> String {
    format!("{case} {rule}/{subject}")
}

/// The occasion of a climb.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// The alert has just come to a turn.
    Turn,
    Sweep,
    Digest,
}

/// What each person is told in one go: by recipient, kind of message, and the case where it goes singly.
type Post = BTreeMap<(i64, &'static str, Option<String>), BTreeSet<(Fact, Role)>>;

/// The service as it must be.
pub struct Model {
    policy: Policy,
    known: BTreeMap<String, Known>,
    /// Everybody on record.
    pub people: Vec<Person>,
    standing: BTreeMap<Fact, Alert>,
    ended: Vec<String>,
    log: Log,
    digest_of: Option<Date>,
    pack_for: Option<Date>,
}

impl Model {
    pub fn new(policy: Policy, cases: &[Case]) -> Self {
        let mut model = Self {
            policy,
            known: BTreeMap::new(),
            people: Vec::new(),
            standing: BTreeMap::new(),
            ended: Vec::new(),
            log: Log::new(),
            digest_of: None,
            pack_for: None,
        };
        for case in cases {
            model.know(case.clone());
        }
        model
    }

    /// Takes a change of what is on record in.
    pub fn change(&mut self, case: &str, change: &Change) {
        let known = self.known.get(case).map(|known| known.case.clone());
        let mut case = known.unwrap_or_else(|| Case::new(case, Date::MIN));
        change.apply(&mut case);
        self.know(case);
    }

    /// The cases as they are on record now.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.known.values().map(|known| &known.case)
    }

    /// Keeps a case; its family's others see whether it stepped down.
    fn know(&mut self, case: Case) {
        let family = case.family_reference.clone();
        let (reference, schedule) = (case.reference.clone(), Schedule::of(&Course::of(&case, &self.policy)));
        self.known.insert(reference, Known { case, schedule });
        let step_downs: Vec<(String, Date)> = self
            .cases()
            .filter(|case| case.family_reference == family && case.outcome == Some(Outcome::StepDown))
            .filter_map(|case| Some((case.reference.clone(), case.step_decision_on?)))
            .collect();
        for known in self.known.values_mut().filter(|known| known.case.family_reference == family) {
            let of_others = step_downs.iter().filter(|(reference, _)| *reference != known.case.reference);
            known.case.family_step_downs = of_others.map(|(_, on)| *on).collect();
            known.schedule = Schedule::of(&Course::of(&known.case, &self.policy));
        }
    }

    /// Sweep, digest and panel pack.
    pub fn tick(&mut self, tick: Tick) {
        let mut post = Post::new();
        self.judge(tick, &mut post);
        self.end_pauses(tick, &mut post);
        self.climb_all(tick, Occasion::Sweep, &mut post);
        self.send(tick, &mut post);
        let works = self.policy.calendar.is_working_day(tick.today);
        if works && tick.is_from_eight && self.digest_of != Some(tick.today) {
            self.missed_digests(tick);
            self.digest_of = Some(tick.today);
            self.climb_all(tick, Occasion::Digest, &mut post);
            self.send(tick, &mut post);
        }
        if works {
            self.pack(tick);
        }
    }

    fn judge(&mut self, tick: Tick, post: &mut Post) {
        let references: Vec<String> = self.known.keys().cloned().collect();
        for reference in references {
            let findings = self.known[&reference].schedule.on(tick.today, &self.policy.calendar);
            let of_the_case = self.standing.range((reference.clone(), "", String::new())..).map(|(fact, _)| fact);
            let alerts: Vec<Fact> = of_the_case.take_while(|(case, ..)| *case == reference).cloned().collect();
            for fact in alerts {
                let (.., rule, subject) = &fact;
                let finding = findings.iter().find(|finding| finding.rule.code() == *rule && finding.subject == *subject);
                self.follow(tick, &fact, finding, post);
            }
            for finding in findings.iter().filter(|finding| finding.severity >= Amber) {
                let fact = (reference.clone(), finding.rule.code(), finding.subject.clone());
                if !self.standing.contains_key(&fact) {
                    self.open(tick, &fact, finding.severity, post);
                }
            }
        }
    }

    fn open(&mut self, tick: Tick, fact: &Fact, severity: Severity, post: &mut Post) {
        self.journal(tick, "alert_opened", fact, severity.code(), None);
        let alert = Alert {
            fact: fact.clone(),
            severity,
            opened_at: tick.at,
            turn: 0,
            turned_by: TurnedBy::Opened,
            turned_on: tick.today,
            days: Vec::new(),
            taken: Vec::new(),
            paused: None,
            is_known_to_reach_nobody: false,
            told: Vec::new(),
        };
        self.standing.insert(fact.clone(), alert);
        self.turn(tick, fact, TurnedBy::Opened, post);
    }

    /// An alert follows its finding.
    fn follow(&mut self, tick: Tick, fact: &Fact, finding: Option<&Finding>, post: &mut Post) {
        let before = self.standing[fact].severity;
        match finding.map(|finding| finding.severity) {
            None => self.resolve(tick, fact, "the finding holds no more"),
            Some(now) if now < Amber => self.resolve(tick, fact, "the finding has fallen below what opens an alert"),
            Some(now) if now == before => {}
            Some(now) => {
                let by = if now > before { TurnedBy::Raised } else { TurnedBy::Lowered };
                let what = if now > before { "alert_raised" } else { "alert_lowered" };
                self.journal(tick, what, fact, now.code(), None);
                if by == TurnedBy::Raised {
                    self.end_pause(tick, fact, "raised");
                }
                self.alert(fact).severity = now;
                self.turn(tick, fact, by, post);
            }
        }
    }

    fn resolve(&mut self, tick: Tick, fact: &Fact, why: &str) {
        self.journal(tick, "alert_resolved", fact, why, None);
        self.end_pause(tick, fact, "resolved");
        let alert = self.standing.remove(fact).expect("it stands");
        self.ended.push(alert.in_words("resolved", &format!(" {}", tick.at)));
    }

    fn end_pause(&mut self, tick: Tick, fact: &Fact, why: &str) -> Option<Paused> {
        let paused = self.alert(fact).paused.take()?;
        self.note(tick, format!("pause of {} until {} ended by {why}", name(fact), paused.until_on));
        Some(paused)
    }

    fn end_pauses(&mut self, tick: Tick, post: &mut Post) {
        let has_come = |alert: &&Alert| alert.paused.is_some_and(|paused| paused.until_on <= tick.today);
        let facts: Vec<Fact> = self.standing.values().filter(has_come).map(|alert| alert.fact.clone()).collect();
        for fact in facts {
            let Paused { kind, made_on, until_on } = self.end_pause(tick, &fact, "day").expect("it is paused");
            let (made_on, until_on) = (in_words(made_on), in_words(until_on));
            let reason = format!("{kind} on {made_on} until {until_on}: the day has come and the finding holds");
            self.journal(tick, "alert_reopened", &fact, &reason, None);
            self.turn(tick, &fact, TurnedBy::Reopened, post);
        }
    }

    /// A new turn: the ladder of the severity begins anew.
    fn turn(&mut self, tick: Tick, fact: &Fact, by: TurnedBy, post: &mut Post) {
        let alert = self.standing.get_mut(fact).expect("it stands");
        alert.turn += 1;
        (alert.turned_by, alert.turned_on) = (by, tick.today);
        alert.is_known_to_reach_nobody = false;
        let ladder = self.policy.alerts.ladder(alert.severity);
        alert.days = ladder.iter().map(|rung| nth_working_day_after(&self.policy, tick.today, rung.after)).collect();
        if by == TurnedBy::Lowered {
            let know_it_as_graver: Vec<Role> = ladder.iter().map(|rung| rung.role).filter(|&role| alert.knew(role)).collect();
            for role in know_it_as_graver {
                self.not_told(tick, fact, role, "knows of the alert as graver than it is now");
            }
        }
        self.climb(tick, fact, Occasion::Turn, post);
    }

    fn climb_all(&mut self, tick: Tick, occasion: Occasion, post: &mut Post) {
        let facts: Vec<Fact> = self.standing.keys().cloned().collect();
        for fact in facts {
            self.climb(tick, &fact, occasion, post);
        }
    }

    /// Takes every rung whose time has come. Where the whole ladder reaches nobody, none is taken, and that is on record once.
    fn climb(&mut self, tick: Tick, fact: &Fact, occasion: Occasion, post: &mut Post) {
        let Climb { steps, waits, is_through } = self.steps(tick, &self.standing[fact], occasion);
        let alert = &self.standing[fact];
        let in_vain = alert.of_this_turn().chain(steps.iter().map(|step| &step.rung)).all(|rung| rung.passed_on.is_some());
        let reaches_nobody = is_through && !steps.is_empty() && in_vain;
        let is_on_record = reaches_nobody && alert.is_known_to_reach_nobody;
        let turn = alert.turn;
        if let Some((role, why)) = waits.filter(|_| occasion == Occasion::Turn || !steps.is_empty()) {
            self.not_told(tick, fact, role, why);
        }
        if steps.is_empty() {
            return;
        }
        for Step { rung, due_on, deliver, told } in steps {
            match told {
                Ok(people) => self.tell(tick, fact, rung.role, deliver, &people, post),
                Err(why) if !is_on_record => self.not_told(tick, fact, rung.role, why),
                Err(_) => {}
            }
            if !reaches_nobody {
                let (name, role, outcome) = (name(fact), rung.role, rung.outcome());
                self.note(tick, format!("rung {name} turn {turn}: {role} due {due_on} {outcome}"));
                self.alert(fact).taken.push(rung);
            }
        }
        self.alert(fact).is_known_to_reach_nobody = reaches_nobody;
    }

    /// The rungs whose time has come, in order.
    fn steps(&self, tick: Tick, alert: &Alert, occasion: Occasion) -> Climb {
        let ladder = self.policy.alerts.ladder(alert.severity);
        let case = &self.known[&alert.fact.0].case;
        let is_quiet_day = alert.severity < Red && !self.policy.calendar.is_working_day(tick.today);
        let mut climb = Climb { steps: Vec::new(), waits: None, is_through: false };
        for index in alert.order(ladder) {
            let Rung { role, deliver, .. } = ladder[index];
            if alert.is_done_with(role) {
                continue;
            }
            let is_reminder = alert.is_reminder(index, role);
            let own_day = if is_reminder { alert.turned_on } else { alert.days[index] };
            let before = {
                let mut this_turn = alert.of_this_turn().chain(climb.steps.iter().map(|step| &step.rung));
                this_turn.find(|rung| index > 0 && rung.role == ladder[index - 1].role).and_then(|before| before.passed_on)
            };
            let due_on = before.map_or(own_day, |passed_on| passed_on.min(own_day));
            if tick.today < due_on {
                return climb;
            }
            let deliver = if is_reminder { Delivery::Immediate } else { deliver };
            if occasion == Occasion::Digest && deliver == Delivery::Immediate && climb.steps.is_empty() {
                // What the mail of this sweep did not name: the next sweep's.
                return climb;
            }
            let told = match alert.paused {
                Some(Paused { kind: "acknowledged", .. }) => Err("the alert is acknowledged"),
                Some(_) => Err("the alert is snoozed"),
                None if is_quiet_day => {
                    climb.waits = Some((role, "told on the next working day: only red is told today"));
                    return climb;
                }
                None if deliver == Delivery::Digest && occasion != Occasion::Digest => {
                    climb.waits = Some((role, "told in the next digest"));
                    return climb;
                }
                None => reach(&self.people, role, case.team.as_deref(), case.restricted, tick.today),
            };
            let passed_on = (told.is_err() && alert.paused.is_none()).then_some(tick.today);
            let rung = Taken { turn: alert.turn, role, told: told.is_ok(), passed_on };
            climb.steps.push(Step { rung, due_on, deliver, told });
        }
        climb.is_through = true;
        climb
    }

    fn alert(&mut self, fact: &Fact) -> &mut Alert {
        self.standing.get_mut(fact).expect("it stands")
    }

    fn tell(&mut self, tick: Tick, fact: &Fact, role: Role, deliver: Delivery, people: &[(i64, bool)], post: &mut Post) {
        let restricted = self.known[&fact.0].case.restricted;
        let kind = if deliver == Delivery::Digest && !restricted { "digest" } else { "alert" };
        for &(person, stands_in) in people {
            let alert = self.alert(fact);
            if alert.told.contains(&(person, alert.turn, role)) {
                continue;
            }
            alert.told.push((person, alert.turn, role));
            let reason = format!("{}{}", role.title(), if stands_in { ": stands in" } else { "" });
            let singly = if restricted { ", singly" } else { "" };
            self.journal(tick, "told", fact, &reason, Some(format!("{person} by {kind}{singly}")));
            post.entry((person, kind, restricted.then(|| fact.0.clone()))).or_default().insert((fact.clone(), role));
        }
    }

    fn send(&mut self, tick: Tick, post: &mut Post) {
        for ((person, kind, only_case), gathered) in std::mem::take(post) {
            let facts: BTreeSet<Fact> = gathered.iter().map(|(fact, _)| fact.clone()).collect();
            let fit = self.what_fits(tick.today, &facts);
            for (fact, role) in gathered.iter().filter(|(fact, _)| !fit.contains(fact)) {
                self.take_back(tick, person, kind, only_case.is_some(), fact, *role);
            }
            let day = if kind == "alert" { String::new() } else { format!(" of {}", tick.today) };
            self.mail(tick, person, kind, &day, only_case.as_deref(), &fit.iter().map(name).collect::<Vec<_>>().join(", "));
        }
    }

    /// What one mail names of these: whole cases, the worst first, and of each the gravest and oldest alerts.
    fn what_fits(&self, today: Date, facts: &BTreeSet<Fact>) -> BTreeSet<Fact> {
        let mut cases: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for fact in facts {
            let findings = self.known[&fact.0].schedule.on(today, &self.policy.calendar);
            let finding = findings.iter().find(|finding| finding.rule.code() == fact.1 && finding.subject == fact.2);
            let finding = finding.expect("an alert that is open has its finding");
            let order = (finding.severity != Red, finding.since_on, fact.1, fact.2.clone());
            cases.entry(risk(&fact.0, &findings)).or_default().push((order, fact.clone()));
        }
        let mut fit = BTreeSet::new();
        for of_case in cases.into_values().take(MOST_CASES) {
            let mut of_case = of_case;
            of_case.sort();
            of_case.truncate(MOST_ALERTS_OF_A_CASE);
            if fit.len() + of_case.len() > MOST_ALERTS {
                break;
            }
            fit.extend(of_case.into_iter().map(|(_, fact)| fact));
        }
        fit
    }

    /// What a mail does not name it has not told: the rung is due again.
    fn take_back(&mut self, tick: Tick, person: i64, kind: &str, singly: bool, fact: &Fact, role: Role) {
        let reason = format!("{}: beyond what one mail names: told in the next mail", role.title());
        let singly = if singly { ", singly" } else { "" };
        self.journal(tick, "not_told", fact, &reason, Some(format!("{person} by {kind}{singly}")));
        let alert = self.alert(fact);
        let turn = alert.turn;
        alert.told.retain(|told| *told != (person, turn, role));
        alert.taken.retain(|taken| (taken.turn, taken.role) != (turn, role));
        let rung = format!("rung {} turn {turn}: {role} due ", name(fact));
        self.log.entry(tick.at).or_default().retain(|line| !line.starts_with(&rung));
    }

    fn mail(&mut self, tick: Tick, person: i64, kind: &str, day: &str, only_case: Option<&str>, what: &str) {
        let only = only_case.map_or_else(String::new, |case| format!(" only of {case}"));
        self.note(tick, format!("mail {kind}{day} to {person}{only}: {what}"));
    }

    fn missed_digests(&mut self, tick: Tick) {
        let Some(last) = self.digest_of else { return };
        let mut day = shift(last, 1);
        while day < tick.today {
            if self.policy.calendar.is_working_day(day) {
                let day = in_words(day);
                let what = "the service did not run; what it would have told is told now";
                self.note(tick, format!("mail_missed - -/: digest of {day}: {what}"));
            }
            day = shift(day, 1);
        }
    }

    /// The pack of the next Wednesday's panel, from eight on the working day before it.
    fn pack(&mut self, tick: Tick) {
        let mut meeting = tick.today;
        while meeting.weekday() != Weekday::Wednesday {
            meeting = shift(meeting, 1);
        }
        let mut day_before = shift(meeting, -1);
        while !self.policy.calendar.is_working_day(day_before) {
            day_before = shift(day_before, -1);
        }
        let has_come = tick.today > day_before || (tick.today == day_before && tick.is_from_eight);
        if !has_come || self.pack_for == Some(meeting) {
            return;
        }
        while let Some(missed) = self.pack_for.map(|last| shift(last, 7)).filter(|&next| next < meeting) {
            self.note(tick, format!("mail_missed - -/: panel pack for {}: the service did not run", in_words(missed)));
            self.pack_for = Some(missed);
        }
        self.pack_for = Some(meeting);

        let chairs: Vec<Person> = self.people.iter().filter(|person| person.role == Role::LegalGatewayChair).cloned().collect();
        let there = chairs.iter().filter(|chair| chair.is_there(tick.today));
        let mut packs: BTreeMap<(i64, Option<String>), Vec<String>> =
            there.map(|chair| ((chair.id, None), Vec::new())).collect();
        for case in self.cases_at_risk(tick.today) {
            match reach(&self.people, Role::LegalGatewayChair, case.team.as_deref(), case.restricted, tick.today) {
                Ok(people) => {
                    for (person, _) in people {
                        let only_case = case.restricted.then(|| case.reference.clone());
                        packs.entry((person, only_case)).or_default().push(case.reference.clone());
                    }
                }
                Err(why) => {
                    let line = format!("not_told {} -/: legal gateway chair: panel pack: {why}", case.reference);
                    self.note(tick, line);
                }
            }
        }
        for ((person, only_case), cases) in packs {
            for case in &cases {
                let singly = if only_case.is_some() { ", singly" } else { "" };
                self.note(tick, format!("told {case} -/: legal gateway chair: panel pack -> {person} by panel{singly}"));
            }
            self.mail(tick, person, "panel", &format!(" of {meeting}"), only_case.as_deref(), &cases.join(", "));
        }
    }

    /// Every case in pre-proceedings with something at amber or red, worst first.
    fn cases_at_risk(&self, today: Date) -> Vec<Case> {
        let mut at_risk = Vec::new();
        for Known { case, schedule } in self.known.values() {
            if !matches!(naive::status_on(case, &self.policy, today), Status::Open | Status::DecidedIssue) {
                continue;
            }
            let findings = schedule.on(today, &self.policy.calendar);
            if findings.iter().any(|finding| finding.severity >= Amber) {
                at_risk.push((risk(&case.reference, &findings), case.clone()));
            }
        }
        at_risk.sort_by(|(a, _), (b, _)| a.cmp(b));
        at_risk.into_iter().map(|(_, case)| case).collect()
    }

    /// The open alerts that somebody was told of, each with who was told last.
    pub fn told_and_open(&self) -> Vec<(Fact, i64)> {
        let open = self.standing.values().filter(|alert| alert.paused.is_none());
        open.filter_map(|alert| Some((alert.fact.clone(), alert.told.last()?.0))).collect()
    }

    /// Somebody puts an alert aside.
    pub fn pause(&mut self, fact: &Fact, paused: Paused) {
        self.alert(fact).paused = Some(paused);
    }

    /// What has happened at each tick.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Every alert as it stands at the end, in order.
    pub fn alerts(&self) -> Vec<String> {
        let standing = self.standing.values().map(|alert| {
            let state = alert.paused.map_or("open", |paused| paused.kind);
            alert.in_words(state, "")
        });
        let mut alerts: Vec<String> = standing.chain(self.ended.iter().cloned()).collect();
        alerts.sort();
        alerts
    }

    fn not_told(&mut self, tick: Tick, fact: &Fact, role: Role, why: &str) {
        self.journal(tick, "not_told", fact, &format!("{}: {why}", role.title()), None);
    }

    fn journal(&mut self, tick: Tick, what: &str, fact: &Fact, reason: &str, to: Option<String>) {
        let to = to.map_or_else(String::new, |to| format!(" -> {to}"));
        self.note(tick, format!("{what} {}: {reason}{to}", name(fact)));
    }

    fn note(&mut self, tick: Tick, line: String) {
        self.log.entry(tick.at).or_default().push(line);
    }
}

impl Alert {
    fn of_this_turn(&self) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(|taken| taken.turn == self.turn)
    }

    /// Whether the rung of this role is behind the alert: who knows of it as graver is not told again.
    fn is_done_with(&self, role: Role) -> bool {
        self.of_this_turn().any(|taken| taken.role == role) || (self.turned_by == TurnedBy::Lowered && self.knew(role))
    }

    /// Whether the role was told of it in an earlier turn.
    fn knew(&self, role: Role) -> bool {
        self.taken.iter().any(|taken| taken.turn < self.turn && taken.role == role && taken.told)
    }

    /// After a pause the first rung and whoever knew of the alert are told at once.
    fn is_reminder(&self, index: usize, role: Role) -> bool {
        self.turned_by == TurnedBy::Reopened && (index == 0 || self.knew(role))
    }

    /// Reminders first, then the ladder from its beginning.
    fn order(&self, ladder: &[Rung]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..ladder.len()).collect();
        order.sort_by_key(|&index| !self.is_reminder(index, ladder[index].role));
        order
    }

    fn in_words(&self, state: &str, resolved_at: &str) -> String {
        format!("{} opened {} {} {state} turn {}{resolved_at}", name(&self.fact), self.opened_at, self.severity, self.turn)
    }
}

/// Sorts a case among others, the worst first.
fn risk(reference: &str, findings: &[Finding]) -> (bool, Reverse<usize>, Reverse<usize>, Date, String) {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let since = findings.iter().filter(|finding| finding.severity >= Amber).map(|finding| finding.since_on).min();
    (count(Red) == 0, Reverse(count(Red)), Reverse(count(Amber)), since.unwrap_or(Date::MAX), reference.to_owned())
}

fn nth_working_day_after(policy: &Policy, day: Date, number: u16) -> Date {
    let (mut day, mut counted) = (day, 0);
    while counted < number {
        day = shift(day, 1);
        counted += u16::from(policy.calendar.is_working_day(day));
    }
    day
}

fn in_words(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}
