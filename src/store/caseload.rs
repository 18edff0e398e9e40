//! The list of cases, as the sweep left it: a page at a time, in one of three orders.
//!
//! A page begins after a [`Place`], the key of the last case of the page before, so that no page repeats or skips a case because
//! others came or went. Cases that the sweep has not looked at yet are not listed.

use jiff::civil::Date;
use sqlx::PgConnection;

use super::tokens::Scope;
use super::{day, known, sql_day};
use crate::domain::case::coded;
use crate::domain::course::{End, EndSetBy, Status};
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
    /// The codes of all findings.
    pub rules: Vec<String>,
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

/// One query a sort; all three select and filter alike. The arguments after the limit are the place.
macro_rules! page {
    ($name:tt, $after:tt, $order:tt, $scope:ident, $filter:ident, $limit:ident, $($key:expr),+) => {
        sqlx::query_as!(
            Row,
            $name + r#"
            SELECT c.reference, c.team, c.restricted, c.started_on, w.status, w.rag, w.reds, w.ambers, w.since_on,
                w.end_on, w.end_set_by, w.rules, w.looked_on, w.risk_key
            FROM case_watch AS w JOIN cases AS c ON c.reference = w.case_reference
            WHERE w.looked_at IS NOT NULL
                AND (cardinality($1::text[]) = 0 OR c.team = ANY ($1))
                AND ($2::boolean OR NOT c.restricted)
                AND ($3::boolean IS NULL OR (w.rag <> 'green') = $3)
                AND ($4::text IS NULL OR w.rag = $4)
                AND ($5::text IS NULL OR c.team = $5)
                AND ($6::text IS NULL OR $6 = ANY (w.rules))
                AND ($7::text IS NULL OR w.status = $7)
                AND ($8::date IS NULL OR (w.status IN ('open', 'decided_issue') AND c.started_on <= $8))
                AND "# + $after + r#"
            ORDER BY "# + $order + r#"
            LIMIT $9"#,
            &$scope.teams,
            $scope.may_see_restricted,
            $filter.at_risk,
            $filter.rag.map(Rag::code),
            $filter.team,
            $filter.rule.map(Rule::code),
            $filter.status.map(Status::code),
            sql_day($filter.open_since),
            i64::from($limit),
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
            page!("-- caseload.by_risk", "w.risk_key > $10", "w.risk_key", scope, filter, limit, key)
                .fetch_all(connection)
                .await?
        }
        Place::Reference(reference) => {
            page!("-- caseload.by_reference", "c.reference > $10", "c.reference", scope, filter, limit, reference)
                .fetch_all(connection)
                .await?
        }
        Place::StartedOn(started_on, reference) => {
            page!(
                "-- caseload.by_start",
                "(coalesce(c.started_on, 'infinity'), c.reference) > (coalesce($10, date 'infinity'), $11)",
                "coalesce(c.started_on, 'infinity'), c.reference",
                scope,
                filter,
                limit,
                sql_day(*started_on),
                reference
            )
            .fetch_all(connection)
            .await?
        }
    };
    rows.into_iter().map(Listed::try_from).collect()
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
    rules: Vec<String>,
    looked_on: Option<jiff_sqlx::Date>,
    risk_key: String,
}

impl TryFrom<Row> for Listed {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let status = row.status.map(|code| known(Status::from_code(&code), "case_watch.status")).transpose()?;
        let set_by = row.end_set_by.map(|code| known(EndSetBy::from_code(&code), "case_watch.end_set_by")).transpose()?;
        Ok(Self {
            started_on: day(row.started_on),
            status,
            rag: known(Rag::from_code(&row.rag), "case_watch.rag")?,
            reds: row.reds.unsigned_abs(),
            ambers: row.ambers.unsigned_abs(),
            since_on: day(row.since_on),
            end: day(row.end_on).zip(set_by).map(|(on, set_by)| End { on, set_by }),
            looked_on: day(row.looked_on),
            reference: row.reference,
            team: row.team,
            restricted: row.restricted,
            rules: row.rules,
            risk_key: row.risk_key,
        })
    }
}
