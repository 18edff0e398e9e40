//! The words of the field as the contract lists them: each set of codes is a schema of its own.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Components, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::case::{AssessmentKind, ExtensionDecision, Grade, MeetingKind, Outcome, OversightKind};
use crate::domain::course::{EndSetBy, Status};
use crate::domain::data_quality::QuestionKind;
use crate::domain::ladder::TurnedBy;
use crate::domain::milestone::{Milestone, Timing};
use crate::domain::pause::{PauseEnd, PauseKind};
use crate::domain::policy::{Delivery, Role};
use crate::domain::question::Question;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::alert_list::{AlertSort, AlertState};
use crate::store::caseload::Sort;
use crate::store::changes::FactChange;
use crate::store::policies::Origin as PolicyOrigin;

macro_rules! words {
    ($($word:ident: $about:literal,)+) => {
        $(
            impl PartialSchema for $word {
                fn schema() -> RefOr<Schema> {
                    let codes = $word::ALL.iter().map(|word| word.code());
                    let words = ObjectBuilder::new().schema_type(Type::String).description(Some($about)).enum_values(Some(codes));
                    RefOr::T(Schema::Object(words.build()))
                }
            }

            impl ToSchema for $word {
                fn name() -> Cow<'static, str> {
                    stringify!($word).into()
                }
            }
        )+

        /// Adds them all, as those that only parameters name are not found by themselves.
        pub fn add_to(components: &mut Components) {
            $(components.schemas.insert(stringify!($word).to_owned(), $word::schema());)+
        }
    };
}

words! {
    AlertSort: "The order of the list of alerts: `newest` first, or by `urgency`.",
    AlertState: "Where an alert stands: `open`, put aside (`acknowledged`, `snoozed`), or `resolved` by the rules.",
    AssessmentKind: "What is assessed.",
    Delivery: "How a rung tells: `immediate` by a message of its own, or in the next `digest`.",
    EndSetBy: "What set the end of the period: its length (`clock`), an `extension`, or a birth, expected or real.",
    ExtensionDecision: "What became of a request for more time.",
    FactChange: "What became of a fact: `added`, `changed` in some of its fields, or `removed`.",
    Grade: "Who may approve an extension, from the lowest to the highest.",
    MeetingKind: "What a meeting with the parents is for.",
    Milestone: "A step that is due by a day.",
    PolicyOrigin: "Where a policy came from: from the program itself (`built_in`), the `file` beside the configuration, or over the `api`.",
    Outcome: "What a step decision decided: to `issue` proceedings, to `step_down`, or something `other`.",
    OversightKind: "Who looked at the case from above.",
    PauseEnd: "What ended a pause: its `day` came, the alert was `raised`, or it was `resolved`.",
    PauseKind: "How an alert was put aside.",
    QuestionKind: "What is asked of a record: a fact is `missing`, facts are `contradictory`, a date was worked out (`derived`), nothing was recorded for too long (`stale`), or a source has the case no more (`vanished`).",
    Question: "A question to the panel, the most pressing first.",
    Rag: "The gravest finding: `red`, `amber`, or `green` where there is none at amber or above.",
    Role: "The role of somebody who is told.",
    Rule: "The code of a rule, which never changes.",
    Severity: "How grave a finding is: `notice` < `amber` < `red`.",
    Sort: "The order of the list.",
    Status: "Where a case stands.",
    Timing: "How a step stands to its day: met `early`, `on_time` or `late`; not met, with days `left`, `due_today` or `over`.",
    TurnedBy: "What brought an alert to its present turn.",
}
