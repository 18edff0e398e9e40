//! One pre-proceedings episode of one family, as it was recorded.
//!
//! Owns the facts and their words; derives nothing (see [`crate::domain::course`]) and refuses nothing: what may be recorded is
//! checked where it comes in. All dates are civil dates; a missing field is a fact not given.

use jiff::civil::Date;

/// Declares an enum of the field's words together with the code each is known by outside.
macro_rules! coded {
    ($(#[$about:meta])* $name:ident { $($(#[$word:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$word])* $variant,)+ }

        impl $name {
            /// All of them, in the order they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The permanent code that files, the database and the API use.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Reads a code; absent where it is none of them.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }
    };
}
pub(crate) use coded;

coded! {
    /// What a step decision decided.
    Outcome {
        /// To ask the court for a care or supervision order.
        Issue = "issue",
        /// To leave pre-proceedings, the child being safe without a court.
        StepDown = "step_down",
        /// Anything else that ends the episode.
        Other = "other",
    }
}

coded! {
    /// A meeting with the parents under pre-proceedings.
    MeetingKind {
        /// The first, in which the concerns and the plan are explained.
        Initial = "initial",
        /// A review of progress.
        Review = "review",
        /// The review after which the council decides.
        FinalReview = "final_review",
    }
}

coded! {
    /// What is assessed.
    AssessmentKind {
        /// Of the parents' care.
        Parenting = "parenting",
        /// Of relatives and friends who could care for the child.
        ConnectedPersons = "connected_persons",
        /// Of a parent's understanding.
        Cognitive = "cognitive",
        /// Of a parent, by a psychologist.
        Psychological = "psychological",
        /// Drug and alcohol tests.
        SubstanceTesting = "substance_testing",
        /// The family's own plan.
        FamilyGroupDecisionMaking = "family_group_decision_making",
        /// Any other.
        Other = "other",
    }
}

impl MeetingKind {
    /// The kind within a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Review => "review",
            Self::FinalReview => "final review",
        }
    }
}

impl AssessmentKind {
    /// The assessment as a sentence begins with it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Parenting => "Parenting assessment",
            Self::ConnectedPersons => "Connected persons assessment",
            Self::Cognitive => "Cognitive assessment",
            Self::Psychological => "Psychological assessment",
            Self::SubstanceTesting => "Substance testing",
            Self::FamilyGroupDecisionMaking => "Family group decision-making",
            Self::Other => "Assessment",
        }
    }
}

coded! {
    /// What became of a request for more time, as recorded.
    ExtensionDecision {
        /// Not decided.
        Pending = "pending",
        /// Granted.
        Approved = "approved",
        /// Not granted.
        Refused = "refused",
    }
}

coded! {
    /// Who looked at the case from above.
    OversightKind {
        /// The legal gateway panel.
        PanelReview = "panel_review",
        /// A manager.
        ManagementOversight = "management_oversight",
        /// A meeting with the council's lawyers.
        LegalPlanningMeeting = "legal_planning_meeting",
    }
}

coded! {
    /// Who may approve an extension, from the lowest grade to the highest.
    Grade {
        /// Manages a team of social workers.
        TeamManager = "team_manager",
        /// Manages several teams.
        ServiceManager = "service_manager",
        /// Manages the service.
        HeadOfService = "head_of_service",
        /// Answers to the director.
        AssistantDirector = "assistant_director",
        /// The director of children's services.
        Director = "director",
    }
}

/// One pre-proceedings episode of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The council's pseudonymous case reference.
    pub reference: String,
    /// Links a family's episodes.
    pub family_reference: Option<String>,
    /// The owning team.
    pub team: Option<String>,
    /// Whether only cleared people may know of it.
    pub restricted: bool,
    /// When it was first recorded.
    pub recorded_on: Date,
    /// Decision to enter pre-proceedings.
    pub started_on: Option<Date>,
    /// Letter before proceedings sent.
    pub lbp_sent_on: Option<Date>,
    /// Family group decision-making offered.
    pub fgdm_offered: Option<bool>,
    /// Family group decision-making held.
    pub fgdm_facilitated: Option<bool>,
    /// Family group decision-making not needed, with a reason on file.
    pub fgdm_exempt: Option<bool>,
    /// Decision to step up or down.
    pub step_decision_on: Option<Date>,
    /// What that decision was.
    pub outcome: Option<Outcome>,
    /// Application to the court.
    pub court_application_on: Option<Date>,
    /// Letter telling the parents that proceedings begin.
    pub letter_of_issue_on: Option<Date>,
    /// Closed, for whatever reason.
    pub closed_on: Option<Date>,
    /// The children, born and unborn.
    pub children: Vec<Child>,
    /// Meetings planned, held and cancelled.
    pub meetings: Vec<Meeting>,
    /// Assessments asked for and received.
    pub assessments: Vec<Assessment>,
    /// Requests for more time.
    pub extensions: Vec<Extension>,
    /// Appointments that the family kept or missed.
    pub engagement: Vec<Engagement>,
    /// Looks from above.
    pub oversight: Vec<Oversight>,
    /// Social workers.
    pub allocations: Vec<Allocation>,
    /// The step-down decisions of the family's *other* episodes: the only facts of theirs that count here.
    pub family_step_downs: Vec<Date>,
}

impl Case {
    /// A case about which nothing is known but its reference and the day it was recorded.
    #[must_use]
    pub fn new(reference: impl Into<String>, recorded_on: Date) -> Self {
        Self {
            reference: reference.into(),
            family_reference: None,
            team: None,
            restricted: false,
            recorded_on,
            started_on: None,
            lbp_sent_on: None,
            fgdm_offered: None,
            fgdm_facilitated: None,
            fgdm_exempt: None,
            step_decision_on: None,
            outcome: None,
            court_application_on: None,
            letter_of_issue_on: None,
            closed_on: None,
            children: Vec::new(),
            meetings: Vec::new(),
            assessments: Vec::new(),
            extensions: Vec::new(),
            engagement: Vec::new(),
            oversight: Vec::new(),
            allocations: Vec::new(),
            family_step_downs: Vec::new(),
        }
    }
}

/// A child of the family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Pseudonymous.
    pub reference: String,
    /// Born.
    pub date_of_birth: Option<Date>,
    /// Expected to be born.
    pub expected_delivery_on: Option<Date>,
    /// From this day the expected date counts for nothing.
    pub pregnancy_ended_on: Option<Date>,
}

/// A meeting with the parents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// From 1, unique in the case.
    pub sequence: u32,
    /// What it is for.
    pub kind: MeetingKind,
    /// The day it is planned for.
    pub planned_on: Option<Date>,
    /// The day it was held.
    pub held_on: Option<Date>,
    /// The day it was called off.
    pub cancelled_on: Option<Date>,
}

/// An assessment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// From 1, unique in the case.
    pub sequence: u32,
    /// Of what.
    pub kind: AssessmentKind,
    /// Asked for.
    pub commissioned_on: Option<Date>,
    /// Promised for.
    pub due_on: Option<Date>,
    /// Arrived.
    pub received_on: Option<Date>,
}

/// A request for more time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// From 1, unique in the case.
    pub sequence: u32,
    /// Asked for.
    pub requested_on: Date,
    /// What was decided, if anything.
    pub decision: ExtensionDecision,
    /// When it was decided; given exactly when the decision is not pending.
    pub decided_on: Option<Date>,
    /// The end it moves the period to; given where it is approved.
    pub new_end_on: Option<Date>,
    /// The grade of the person who approved it, in the source's words.
    pub approved_by_grade: Option<String>,
    /// Whether the reason is on file.
    pub rationale_recorded: bool,
}

/// An appointment that the family kept or missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engagement {
    /// The day of the appointment.
    pub on: Date,
    /// Whether they came.
    pub attended: bool,
    /// A role such as `mother`, never a name; empty where it is not known.
    pub person: String,
    /// What it was.
    pub kind: Option<String>,
    /// Missed through illness, or because the council called it off.
    pub excused: bool,
}

/// A look from above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oversight {
    /// The day.
    pub on: Date,
    /// By whom.
    pub kind: OversightKind,
    /// Whether the thinking is on file: a tick is not oversight.
    pub rationale_recorded: bool,
}

/// A social worker takes the case on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// From this day.
    pub from_on: Date,
    /// Pseudonymous reference of the social worker.
    pub worker: String,
}
