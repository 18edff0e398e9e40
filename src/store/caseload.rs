//! The list of cases, as the sweep left it: a page at a time, in one of three orders.
//!
//! A page begins after a [`Place`], the key of the last case of the page before, so that no page repeats or skips a case because
//! others came or went. Cases that the sweep has not looked at yet are not listed.

use jiff::civil::Date;
use sqlx::PgConnection;

use super::drift::{self, KeptDrift};
use super::tokens::Scope;
use super::{day, known, sql_day};
use crate::domain::case::coded;
use crate::domain::course::{End, EndSetBy, Status};
use crate::domain::deadline::Deadline;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;

coded! {
    /// The order of the list.
    Sort {
        /// The gravest first.
        Risk = "risk",
        /// By reference.
        Reference = "reference",
        /// The earliest start first, cases without a start last.
        StartedOn = "started_on",
    }
}

/// What narrows the list; what is not given narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// At least one finding at amber or red, or none.
    pub at_risk: Option<bool>,
    /// Red, amber or green.
    pub rag: Option<Rag>,
    /// The owning team.
    pub team: Option<String>,
    /// A finding of this rule, of whatever severity.
    pub rule: Option<Rule>,
    /// Where the case stands.
    pub status: Option<Status>,
    /// Open or decided to issue, and started on this day or earlier.
    pub open_since: Option<Date>,
}

/// A place in the list: right after the case with this key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// After this key of the risk order.
    Risk(String),
    /// After this reference.
    Reference(String),
    /// After this start and reference.
    StartedOn(Option<Date>, String),
}

impl Place {
    /// Before the first case.
    #[must_use]
    pub fn start(sort: Sort) -> Self {
        match sort {
            Sort::Risk => Self::Risk(String::new()),
            Sort::Reference => Self::Reference(String::new()),
            Sort::StartedOn => Self::StartedOn(Some(Date::ZERO), String::new()),
        }
    }

    /// The order in which this is a place.
    #[must_use]
    pub fn sort(&self) -> Sort {
        match self {
            Self::Risk(_) => Sort::Risk,
            Self::Reference(_) => Sort::Reference,
            Self::StartedOn(..) => Sort::StartedOn,
        }
    }
}

/// One case of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The council's reference.
    pub reference: String,
    /// The owning team.
    pub team: Option<String>,
    /// Whether only cleared people may know of it.
    pub restricted: bool,
    /// When it started.
    pub started_on: Option<Date>,
    /// Where it stood when the sweep last looked; so with everything below.
    pub status: Option<Status>,
    /// Red, amber or green.
    pub rag: Rag,
    /// How many findings were red.
    pub reds: u16,
    /// How many findings were amber.
    pub ambers: u16,
    /// The earliest day since which a finding was at amber or above.
    pub since_on: Option<Date>,
    /// The end of the period, and what set it.
    pub end: Option<End>,
    /// The end of the period without extensions and births.
    pub base_end_on: Option<Date>,
    /// What was due next, which may have passed since.
    pub next_deadline: Option<Deadline>,
    /// The codes of all findings.
    pub rules: Vec<String>,
    /// What was at amber or red, the red first, then what had lasted longest; nothing, where that is out of date.
    pub drifts: Vec<KeptDrift>,
    /// The day as of which the sweep looked.
    pub looked_on: Option<Date>,
    risk_key: String,
}

impl Listed {
    /// The place right after this case.
    #[must_use]
    pub fn place(&self, sort: Sort) -> Place {
        match sort {
            Sort::Risk => Place::Risk(self.risk_key.clone()),
            Sort::Reference => Place::Reference(self.reference.clone()),
            Sort::StartedOn => Place::StartedOn(self.started_on, self.reference.clone()),
        }
    }
}

/// One query a way to the page; all select alike.
macro_rules! page {
    ($name:tt, [$($where:tt)+], $order:tt, $connection:ident, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            $name + r#"
            SELECT c.reference, c.team, c.restricted, c.started_on, w.status, w.rag, w.reds, w.ambers, w.since_on,
                w.end_on, w.end_set_by, w.base_end_on, w.next_deadline, w.next_deadline_on, w.rules, w.drifts,
                w.looked_on, w.risk_key
            FROM case_watch AS w JOIN cases AS c ON c.reference = w.case_reference
            WHERE w.looked_at IS NOT NULL AND ($1::boolean OR NOT c.restricted) AND "# + $($where)+ + r#"
            ORDER BY "# + $order + r#"
            LIMIT $2"#,
            $($argument),+
        )
        .fetch_all($connection)
        .await?
    };
}

/// One query a sort; all three filter alike. The arguments after the filters are the place.
macro_rules! filtered {
    (
        $name:tt, $after:tt, $order:tt, $connection:ident, $scope:ident, $filter:ident, $limit:ident, $($key:expr),+
    ) => {
        page!(
            $name,
            [r#"(cardinality($3::text[]) = 0 OR c.team = ANY ($3))
                AND ($4::boolean IS NULL OR (w.rag <> 'green') = $4)
                AND ($5::text IS NULL OR w.rag = $5)
                AND ($6::text IS NULL OR c.team = $6)
                AND ($7::text IS NULL OR $7 = ANY (w.rules))
                AND ($8::text IS NULL OR w.status = $8)
                AND ($9::date IS NULL OR (w.status IN ('open', 'decided_issue') AND c.started_on <= $9))
                AND "# + $after],
            $order,
            $connection,
            $scope.may_see_restricted,
            i64::from($limit),
            &$scope.teams,
            $filter.at_risk,
            $filter.rag.map(Rag::code),
            $filter.team,
            $filter.rule.map(Rule::code),
            $filter.status.map(Status::code),
            sql_day($filter.open_since),
            $($key),+
        )
    };
}

/// At most `limit` cases after a place.
///
/// # Errors
///
/// The database does not answer.
pub async fn page(
    connection: &mut PgConnection,
    scope: &Scope,
    filter: &Filter,
    after: &Place,
    limit: u32,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = match after {
        Place::Risk(key) => {
            filtered!("-- caseload.by_risk", "w.risk_key > $10", "w.risk_key", connection, scope, filter, limit, key)
        }
        Place::Reference(reference) => filtered!(
            "-- caseload.by_reference",
            "c.reference > $10",
            "c.reference",
            connection,
            scope,
            filter,
            limit,
            reference
        ),
        Place::StartedOn(started_on, reference) => filtered!(
            "-- caseload.by_start",
            "(coalesce(c.started_on, 'infinity'), c.reference) > (coalesce($10, date 'infinity'), $11)",
            "coalesce(c.started_on, 'infinity'), c.reference",
            connection,
            scope,
            filter,
            limit,
            sql_day(*started_on),
            reference
        ),
    };
    rows.into_iter().map(Listed::try_from).collect()
}

/// What [`page`] tells, for a stretch of the risk order. It asks for one way through the tables, whatever the values are: along the
/// index of the risk order, from case to case.
///
/// # Errors
///
/// The database does not answer.
pub async fn stretch(connection: &mut PgConnection, stretch: &Stretch, limit: u32) -> Result<Vec<Listed>, sqlx::Error> {
    let rows = page!(
        "-- caseload.stretch",
        ["w.risk_key > $3 AND w.risk_key < $4"],
        "w.risk_key",
        connection,
        stretch.may_see_restricted,
        i64::from(limit),
        stretch.after,
        stretch.before
    );
    rows.into_iter().map(Listed::try_from).collect()
}

/// The teams whose cases exist for somebody, by name: a step along the index for each.
///
/// # Errors
///
/// The database does not answer.
pub async fn teams(connection: &mut PgConnection, scope: &Scope) -> Result<Vec<String>, sqlx::Error> {
    if !scope.teams.is_empty() {
        let mut teams = scope.teams.clone();
        teams.sort();
        return Ok(teams);
    }
    sqlx::query_scalar!(
        r#"-- caseload.teams
        WITH RECURSIVE known AS (
            (SELECT team FROM cases WHERE team IS NOT NULL AND ($1 OR NOT restricted) ORDER BY team LIMIT 1)
            UNION ALL
            SELECT (
                SELECT team FROM cases WHERE team > known.team AND ($1 OR NOT restricted) ORDER BY team LIMIT 1
            ) FROM known WHERE known.team IS NOT NULL
        )
        SELECT team AS "team!" FROM known WHERE team IS NOT NULL"#,
        scope.may_see_restricted
    )
    .fetch_all(connection)
    .await
}

/// A stretch of the risk order, of cases of every team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    may_see_restricted: bool,
    after: String,
    before: &'static str,
}

impl Stretch {
    /// The stretch that holds the cases that a page is of; absent where they lie strewn.
    #[must_use]
    pub fn of(scope: &Scope, filter: &Filter, after: &Place) -> Option<Self> {
        let Place::Risk(after) = after else { return None };
        let Filter { at_risk, rag, team: None, rule: None, status: None, open_since: None } = filter else { return None };
        if !scope.teams.is_empty() {
            return None;
        }
        // How grave a case is stands first in its key.
        let of_risk = at_risk.map_or(("0", "3"), |at_risk| if at_risk { ("0", "2") } else { ("2", "3") });
        let of_rag = rag.map_or(("0", "3"), |rag| match rag {
            Rag::Red => ("0", "1"),
            Rag::Amber => ("1", "2"),
            Rag::Green => ("2", "3"),
        });
        let begins = of_risk.0.max(of_rag.0).max(after).to_owned();
        Some(Self { may_see_restricted: scope.may_see_restricted, after: begins, before: of_risk.1.min(of_rag.1) })
    }
}

struct Row {
    reference: String,
    team: Option<String>,
    restricted: bool,
    started_on: Option<jiff_sqlx::Date>,
    status: Option<String>,
    rag: String,
    reds: i16,
    ambers: i16,
    since_on: Option<jiff_sqlx::Date>,
    end_on: Option<jiff_sqlx::Date>,
    end_set_by: Option<String>,
    base_end_on: Option<jiff_sqlx::Date>,
    next_deadline: Option<String>,
    next_deadline_on: Option<jiff_sqlx::Date>,
    rules: Vec<String>,
    drifts: String,
    looked_on: Option<jiff_sqlx::Date>,
    risk_key: String,
}

impl TryFrom<Row> for Listed {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let status = row.status.map(|code| known(Status::from_code(&code), "case_watch.status")).transpose()?;
        let set_by = row.end_set_by.map(|code| known(EndSetBy::from_code(&code), "case_watch.end_set_by")).transpose()?;
        let (reds, ambers) = (row.reds.unsigned_abs(), row.ambers.unsigned_abs());
        let drifts = known(drift::read(&row.drifts), "case_watch.drifts")?;
        Ok(Self {
            drifts: if drift::agrees(&drifts, reds, ambers) { drifts } else { Vec::new() },
            reds,
            ambers,
            started_on: day(row.started_on),
            status,
            rag: known(Rag::from_code(&row.rag), "case_watch.rag")?,
            since_on: day(row.since_on),
            end: day(row.end_on).zip(set_by).map(|(on, set_by)| End { on, set_by }),
            base_end_on: day(row.base_end_on),
            next_deadline: row.next_deadline.zip(day(row.next_deadline_on)).map(|(what, on)| Deadline { what, on }),
            looked_on: day(row.looked_on),
            reference: row.reference,
            team: row.team,
            restricted: row.restricted,
            rules: row.rules,
            risk_key: row.risk_key,
        })
    }
}
