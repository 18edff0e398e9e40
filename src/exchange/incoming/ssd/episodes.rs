//! Which rows are one case, and what its reference is.
//!
//! The reference of a family's episode is the family's number and the day of its start, such as `F100.2026-01-05`; that of a child
//! without a family is `child-P200.2026-01-05`. Where a case is not recorded under it, but under the date of its first meeting, or
//! under one of its children alone, it is the same case, which has got its decision date or its family since: it keeps that reference.
//! Where nothing of the kind is recorded, but something of the family or child is that the extract does not have any more, the start
//! was perhaps corrected: that is asked, and never guessed.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;

use super::super::{Code, Line};
use super::rows::{Child, Column};

/// Whose episode it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Family(String),
    Child(String),
}

impl Owner {
    fn of(child: &Child) -> Option<Self> {
        let family = child.family.clone().map(Self::Family);
        family.or_else(|| child.person.clone().map(Self::Child))
    }

    /// What the references of its cases begin with.
    fn name(&self) -> String {
        match self {
            Self::Family(family) => family.clone(),
            Self::Child(person) => format!("child-{person}"),
        }
    }
}

fn reference(owner: &str, start: Date) -> String {
    format!("{owner}.{start}")
}

/// The rows of one case.
#[derive(Debug)]
pub struct Episode {
    /// The case's reference.
    pub reference: String,
    /// When it started.
    pub start: Date,
    /// Its children, in the order of their rows.
    pub children: Vec<Child>,
    /// Whether a row that cannot be placed may be of this case.
    pub may_have_more: bool,
    /// What is to be asked about it.
    pub queries: Vec<Line>,
    owner: Owner,
}

impl Episode {
    /// Whether no row has the day on which it was decided to start.
    pub fn is_start_derived(&self) -> bool {
        self.children.iter().all(|child| child.decision.is_none())
    }

    /// Whether any of its rows is right.
    pub fn is_taken(&self) -> bool {
        self.children.iter().any(|child| child.refused.is_empty())
    }

    fn query(&mut self, code: Code, reason: &str) {
        self.queries.push(Line::queried(&self.children[0].place, code, reason));
    }
}

/// All the cases of a file.
pub struct Episodes {
    /// In the order of their first rows.
    pub all: Vec<Episode>,
    /// Refusals of rows of which the case cannot be told.
    pub unplaced: Vec<Line>,
    /// The references of the cases, and those that the other rows may be of.
    pub references: HashSet<String>,
    /// Whether there are rows that may be of any case.
    pub has_unnamed: bool,
}

impl Episodes {
    /// Puts rows together. `recorded` has the references under which cases are recorded already.
    pub fn of(children: Vec<Child>, recorded: &BTreeSet<String>) -> Self {
        let recorded = Recorded::of(recorded);
        let (placed, unplaced): (Vec<_>, Vec<_>) = children.into_iter().partition(|child| child.is_placed);
        let mut episodes = group(placed);
        for episode in &mut episodes {
            let is_of_family = |child: &Child| child.family.is_some() && Owner::of(child).as_ref() == Some(&episode.owner);
            episode.may_have_more = unplaced.iter().any(is_of_family);
        }
        name(&mut episodes, &recorded);
        let mut references = HashSet::new();
        for episode in &mut episodes {
            if !references.insert(episode.reference.clone()) {
                for child in &mut episode.children {
                    let reason = "another case of the file gets the same reference: is a family's number also a child's?";
                    child.refuse(Column::Family, Code::RepeatedReference, reason);
                }
            }
        }
        let is_unnamed = |child: &Child| match child.family {
            Some(_) => false,
            None => {
                child.person.is_none() || child.refused.iter().any(|line| line.column.as_deref() == Some(Column::Family.name()))
            }
        };
        let has_unnamed = unplaced.iter().any(is_unnamed);
        let owners = unplaced.iter().filter_map(Owner::of);
        references.extend(owners.flat_map(|owner| recorded.of_owner(&owner)).map(str::to_owned));
        let unplaced = unplaced.into_iter().flat_map(|child| child.refused).collect();
        Self { all: episodes, unplaced, references, has_unnamed }
    }
}

/// Rows with a decision date first; those without one join them where they have the same first meeting.
fn group(children: Vec<Child>) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    let mut started: HashMap<(Owner, Date), usize> = HashMap::new();
    let mut met: HashMap<(Owner, Date), HashSet<usize>> = HashMap::new();
    let (decided, undecided): (Vec<_>, Vec<_>) = children.into_iter().partition(|child| child.decision.is_some());
    for child in decided.into_iter().chain(undecided) {
        let (Some(owner), Some(start)) = (Owner::of(&child), child.decision.or(child.first_meeting)) else { continue };
        let key = (owner.clone(), start);
        let sibling = match met.get(&key) {
            Some(all) if child.decision.is_none() && all.len() == 1 => all.iter().next().copied(),
            _ => None,
        };
        let index = started.get(&key).copied().or(sibling).unwrap_or_else(|| {
            let (queries, reference) = (Vec::new(), String::new());
            episodes.push(Episode {
                reference,
                start,
                children: Vec::new(),
                may_have_more: false,
                queries,
                owner: owner.clone(),
            });
            episodes.len() - 1
        });
        if let (Some(_), Some(meeting)) = (child.decision, child.first_meeting) {
            met.entry((owner, meeting)).or_default().insert(index);
        }
        started.entry(key).or_insert(index);
        episodes[index].children.push(child);
    }
    for episode in &mut episodes {
        episode.children.sort_by(|one, other| one.place.cmp(&other.place));
    }
    episodes.sort_by(|one, other| one.children[0].place.cmp(&other.children[0].place));
    episodes
}

/// Gives every episode its reference.
fn name(episodes: &mut [Episode], recorded: &Recorded) {
    let own = |episode: &Episode| reference(&episode.owner.name(), episode.start);
    let mut claimed: HashSet<String> = episodes.iter().map(own).collect();
    for episode in episodes.iter_mut() {
        episode.reference = own(episode);
        if recorded.has(&episode.reference) {
            continue;
        }
        let before: Vec<String> =
            earlier(episode).into_iter().filter(|name| recorded.has(name) && !claimed.contains(name)).collect();
        if before.len() > 1 {
            let reason =
                "its children are recorded as several cases: this is taken for the first of them, the others should be closed";
            episode.query(Code::MayBeRepeated, reason);
        }
        if let Some(before) = before.into_iter().next() {
            claimed.insert(before.clone());
            episode.reference = before;
        }
    }
    for episode in episodes.iter_mut().filter(|episode| !recorded.has(&episode.reference)) {
        let is_left = |name: &str| !claimed.contains(name);
        if owners(episode).iter().any(|owner| recorded.of_owner(owner).any(is_left)) {
            let reason = "is taken as a new case, but one of the same family or child is recorded that the extract has not any more: if \
                 this is the same with its start corrected, close the other";
            episode.query(Code::MayBeRepeated, reason);
        }
    }
}

/// The references that a case had before its decision date or its family was known.
fn earlier(episode: &Episode) -> Vec<String> {
    let meetings = episode.children.iter().filter_map(|child| child.first_meeting);
    let mut starts: Vec<Date> = std::iter::once(episode.start).chain(meetings).collect();
    let mut seen = HashSet::new();
    starts.retain(|start| seen.insert(*start));
    let owners = owners(episode);
    owners.iter().flat_map(|owner| starts.iter().map(|start| reference(&owner.name(), *start))).collect()
}

fn owners(episode: &Episode) -> Vec<Owner> {
    let mut owners = vec![episode.owner.clone()];
    for person in episode.children.iter().filter_map(|child| child.person.clone()) {
        let child = Owner::Child(person);
        if !owners.contains(&child) {
            owners.push(child);
        }
    }
    owners
}

/// The references under which cases are recorded, by whose they are.
struct Recorded<'r> {
    all: &'r BTreeSet<String>,
    owners: HashMap<&'r str, Vec<&'r str>>,
}

impl<'r> Recorded<'r> {
    fn of(all: &'r BTreeSet<String>) -> Self {
        let mut owners: HashMap<&str, Vec<&str>> = HashMap::new();
        for reference in all {
            if let Some((owner, _)) = reference.rsplit_once('.') {
                owners.entry(owner).or_default().push(reference);
            }
        }
        Self { all, owners }
    }

    fn has(&self, reference: &str) -> bool {
        self.all.contains(reference)
    }

    fn of_owner(&self, owner: &Owner) -> impl Iterator<Item = &'r str> + use<'_, 'r> {
        self.owners.get(owner.name().as_str()).into_iter().flatten().copied()
    }
}
