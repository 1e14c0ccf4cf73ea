//! Who is authorised on this request, and to what. A function that reveals a student asks for a [`Caller`].

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::assurance::CodeKind;
use crate::id::{AdminUserId, FamilyGrantId, GuardianId, SessionId, StudentId};
use crate::phone::Phone;

/// One right of a caller, by the names of the public contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    #[serde(rename = "context:read")]
    ContextRead,
    #[serde(rename = "students:read")]
    StudentsRead,
    #[serde(rename = "students:write")]
    StudentsWrite,
    #[serde(rename = "students:erase")]
    StudentsErase,
    #[serde(rename = "sessions:read")]
    SessionsRead,
    #[serde(rename = "notes:write")]
    NotesWrite,
    #[serde(rename = "calls:write")]
    CallsWrite,
    /// Only the tokens of [`crate::family_grant`] have it, and no other scope. No text parses as it.
    #[serde(rename = "own:read")]
    OwnRead,
}

impl Scope {
    /// Those that a client or a person of staff may hold.
    pub const ALL: [Self; 7] = [
        Self::ContextRead,
        Self::StudentsRead,
        Self::StudentsWrite,
        Self::StudentsErase,
        Self::SessionsRead,
        Self::NotesWrite,
        Self::CallsWrite,
    ];

    /// As tokens, tables and JSON name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContextRead => "context:read",
            Self::StudentsRead => "students:read",
            Self::StudentsWrite => "students:write",
            Self::StudentsErase => "students:erase",
            Self::SessionsRead => "sessions:read",
            Self::NotesWrite => "notes:write",
            Self::CallsWrite => "calls:write",
            Self::OwnRead => "own:read",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no scope of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope {0:?}; the scopes are {all}", all = ScopeSet::all())]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let shown = || UnknownScope(text.chars().take(40).collect());
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(shown)
    }
}

/// Scopes, each once, in the order of [`Scope::ALL`]. On the wire separated by spaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(u8);

impl ScopeSet {
    /// Every scope of [`Scope::ALL`].
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Whether the scope is among them.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `other` has all of them.
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The scopes that both have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().chain([Scope::OwnRead]).filter(move |scope| self.contains(*scope))
    }

    /// As the rows of `api_clients` keep them.
    pub fn to_strings(self) -> Vec<String> {
        self.iter().map(|scope| scope.to_string()).collect()
    }

    /// Reads a row. A scope that a later version introduced is dropped: this version cannot grant it.
    pub fn from_strings(texts: &[String]) -> Self {
        texts.iter().filter_map(|text| text.parse().ok()).collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u8))
    }
}

impl FromStr for ScopeSet {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split_ascii_whitespace().map(Scope::from_str).collect()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// What an admin may do at the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, sqlx::Type, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Role {
    /// Everything, settings included.
    Admin,
    /// Reads and writes students, sessions and notes. Erases none.
    Tutor,
    /// Reads.
    Viewer,
}

impl Role {
    /// As tokens, tables and JSON name it.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// What a person of this role may do.
    pub fn scopes(self) -> ScopeSet {
        match self {
            Self::Admin => ScopeSet::all(),
            Self::Tutor => Scope::ALL.into_iter().filter(|scope| *scope != Scope::StudentsErase).collect(),
            Self::Viewer => [Scope::ContextRead, Scope::StudentsRead, Scope::SessionsRead].into_iter().collect(),
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Admin, Self::Tutor, Self::Viewer]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| "a role is admin, tutor or viewer".to_owned())
    }
}

/// Whose authority a request has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An agent or an app, with its token.
    Client { client_id: String },
    /// A person at the dashboard.
    Admin { admin_user_id: AdminUserId, email: String, role: Role },
    /// An agent that a person connected, on their behalf.
    Agent { client_id: String, email: String },
    /// A student or a guardian, by an app.
    Family { family_grant_id: FamilyGrantId, guardian_id: Option<GuardianId> },
    /// A person who may run commands on the server.
    Operator,
    /// A job of ours.
    Worker,
}

impl fmt::Display for Actor {
    /// As audit entries and notes name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client { client_id } => write!(f, "client:{client_id}"),
            Self::Admin { email, .. } => write!(f, "admin:{email}"),
            // The program is in the entry's details: see `audit::insert_entry`.
            Self::Agent { email, .. } => write!(f, "agent:{email}"),
            Self::Family { family_grant_id, .. } => write!(f, "family:{family_grant_id}"),
            Self::Operator => f.write_str("operator"),
            Self::Worker => f.write_str("worker"),
        }
    }
}

/// What an API client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, sqlx::Type, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum ClientKind {
    /// Acts for an assistant on the telephone. It gets data about the student of the line that it names only: a caller
    /// may have talked the model into the names in its arguments.
    Telephone,
    /// An app or an agent of the organisation. It names students by its scopes.
    BackOffice,
}

impl ClientKind {
    /// The name in the database and in output.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

impl FromStr for ClientKind {
    type Err = String;

    /// Reads the name of a kind, with `-` or `_`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "telephone" => Ok(Self::Telephone),
            "back-office" | "back_office" => Ok(Self::BackOffice),
            _ => Err("a client's kind is telephone or back-office".to_owned()),
        }
    }
}

/// Which students a caller reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every student: people at the dashboard who see all, their agents, the operator, our jobs.
    Everyone,
    /// The students of these cohorts, without calls that belong to no student: other people at the dashboard, and their
    /// agents. Families have no cohort: they reach what was opened.
    Cohorts(Vec<String>),
    /// Every student who is not blocked: a back-office client.
    Active,
    /// The student of the caller's line, if there is one.
    Line,
}

/// Who is on a telephone line, as found by [`crate::authority`]. The default is a withheld number without a student.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnLine {
    /// VAPI's id of the call, if it is open and its number is the line's. What a tool writes belongs to that call.
    pub call_id: Option<String>,
    /// The session of that call, if VAPI or a tool has reported it.
    pub session_id: Option<SessionId>,
    /// `None`: withheld.
    pub phone: Option<Phone>,
    /// The student who counts: the one that the call is settled as, otherwise the only one of the number.
    pub student_id: Option<StudentId>,
    /// Whether the call is settled as that student.
    pub is_settled: bool,
    /// Whether the caller says they are an unknown person, or has not yet proved who they are. Then the number proves
    /// nothing.
    pub is_stranger: bool,
    /// The code that the organisation asks of callers and that this call has not given yet. Then `student_id` is `None`.
    pub missing: Option<CodeKind>,
    /// Whether the call was erased. Then it has no student, and nothing more about it is stored.
    pub is_erased: bool,
    /// The student of the line if nothing was missing. Decides which code is asked for and where a concern belongs. No
    /// data about them is returned.
    pub presumed: Option<StudentId>,
}

/// The student that a request with [`Reach::Cohorts`] is about. [`crate::authority`] checked that the caller reaches
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    pub student_id: StudentId,
    /// A session of that student, if the request is about one.
    pub session_id: Option<SessionId>,
}

/// The one who is authorised on this request: an actor with scopes, and the students that it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub actor: Actor,
    pub scopes: ScopeSet,
    pub reach: Reach,
    pub line: OnLine,
    pub opened: Option<Opened>,
}

/// One student, or the students of some classes. Without both: all that the caller sees.
#[derive(Clone, Debug, Default)]
pub struct Whose {
    pub student_id: Option<StudentId>,
    pub cohorts: Option<Vec<String>>,
}

/// Why a caller may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("this needs the scope {0}")]
    Scope(Scope),
    /// The same for each student who is not on the line, also for those who do not exist.
    #[error("a telephone client is answered about the student of its line only")]
    NotOnLine,
    /// The same whether or not there is such a student.
    #[error("the caller has not given the {} yet", .0.words())]
    Unverified(CodeKind),
    #[error("this student is blocked")]
    Blocked,
    /// The same for each student of another cohort, also for those who do not exist.
    #[error("this is for the students of other cohorts")]
    OtherCohort,
}

impl Caller {
    /// A back-office client.
    pub fn client(client_id: impl Into<String>, scopes: ScopeSet) -> Self {
        Self::new(Actor::Client { client_id: client_id.into() }, scopes, Reach::Active)
    }

    /// Returns a telephone client. It reaches no student until [`crate::authority::resolve_live_call`] finds who is on
    /// its line.
    pub fn telephone(client_id: impl Into<String>, scopes: ScopeSet) -> Self {
        Self::new(Actor::Client { client_id: client_id.into() }, scopes, Reach::Line)
    }

    /// A person at the dashboard who sees all students.
    pub fn admin(admin_user_id: AdminUserId, email: impl Into<String>, role: Role) -> Self {
        Self::new(Actor::Admin { admin_user_id, email: email.into(), role }, role.scopes(), Reach::Everyone)
    }

    /// The same person, if they see the students of these cohorts only.
    #[must_use]
    pub fn of_cohorts(self, cohorts: Vec<String>) -> Self {
        Self { reach: Reach::Cohorts(cohorts), ..self }
    }

    /// The same person, who looks at the students of these cohorts only. It never widens what they see.
    #[must_use]
    pub fn narrowed_to(&self, cohorts: &[String]) -> Self {
        let cohorts = match &self.reach {
            Reach::Everyone => cohorts.to_vec(),
            Reach::Cohorts(within) => cohorts.iter().filter(|of| within.contains(of)).cloned().collect(),
            Reach::Active | Reach::Line => return self.clone(),
        };
        self.clone().of_cohorts(cohorts)
    }

    /// The same person's authority in the hands of an agent that they connected: at most `scopes` of it.
    #[must_use]
    pub fn by_agent(self, client_id: impl Into<String>, scopes: ScopeSet) -> Self {
        let actor = match self.actor {
            Actor::Admin { email, .. } => Actor::Agent { client_id: client_id.into(), email },
            other => other,
        };
        Self { actor, scopes: self.scopes.intersection(scopes), ..self }
    }

    /// A student or a guardian by an app. It reaches no student until [`crate::family_grant::open_own`] opens one.
    pub fn family(family_grant_id: FamilyGrantId, guardian_id: Option<GuardianId>) -> Self {
        let actor = Actor::Family { family_grant_id, guardian_id };
        Self::new(actor, [Scope::OwnRead].into_iter().collect(), Reach::Cohorts(Vec::new()))
    }

    /// A person at the command line: may do everything, also with students who are blocked.
    pub fn operator() -> Self {
        Self::new(Actor::Operator, ScopeSet::all(), Reach::Everyone)
    }

    /// The worker, which analyses the calls of all students.
    pub fn worker() -> Self {
        Self::new(Actor::Worker, ScopeSet::all(), Reach::Everyone)
    }

    fn new(actor: Actor, scopes: ScopeSet, reach: Reach) -> Self {
        Self { actor, scopes, reach, line: OnLine::default(), opened: None }
    }

    /// The client's id, if a client or an agent asks.
    pub fn client_id(&self) -> Option<&str> {
        match &self.actor {
            Actor::Client { client_id } | Actor::Agent { client_id, .. } => Some(client_id),
            _ => None,
        }
    }

    /// Refuses unless the caller holds `scope`. It says nothing of students: see the others.
    pub fn has(&self, scope: Scope) -> Result<(), Forbidden> {
        if self.scopes.contains(scope) { Ok(()) } else { Err(Forbidden::Scope(scope)) }
    }

    /// Fails unless the caller holds `scope` and reaches all students. Functions that name no student call this. It
    /// refuses telephone clients and callers limited to cohorts by default.
    pub fn require(&self, scope: Scope) -> Result<(), Forbidden> {
        match self.require_within(scope)? {
            None => Ok(()),
            Some(_) => Err(Forbidden::OtherCohort),
        }
    }

    /// Returns the cohorts whose students the caller may see, or `None` for all students. Refuses a caller without
    /// `scope`, and a telephone client.
    pub fn require_within(&self, scope: Scope) -> Result<Option<&[String]>, Forbidden> {
        self.has(scope)?;
        match &self.reach {
            Reach::Everyone | Reach::Active => Ok(None),
            Reach::Cohorts(cohorts) => Ok(Some(cohorts)),
            Reach::Line => Err(self.refusal()),
        }
    }

    /// [`Self::require_within`], narrowed to the cohort that is asked for, if one is.
    pub fn require_within_cohort(&self, scope: Scope, cohort: Option<&str>) -> Result<Option<Vec<String>>, Forbidden> {
        match (self.require_within(scope)?, cohort) {
            (Some(within), Some(cohort)) if within.iter().all(|of| of != cohort) => Err(Forbidden::OtherCohort),
            (_, Some(cohort)) => Ok(Some(vec![cohort.to_owned()])),
            (within, None) => Ok(within.map(<[String]>::to_vec)),
        }
    }

    /// Refuses unless the caller holds `scope` and reaches the students of that cohort; `None`: those without one.
    pub fn require_cohort(&self, scope: Scope, cohort: Option<&str>) -> Result<(), Forbidden> {
        match (self.require_within(scope)?, cohort) {
            (None, _) => Ok(()),
            (Some(within), Some(cohort)) if within.iter().any(|of| of == cohort) => Ok(()),
            (Some(_), _) => Err(Forbidden::OtherCohort),
        }
    }

    /// Refuses unless the caller holds `scope` and reaches this student, not by a telephone line alone.
    pub fn require_student(&self, scope: Scope, student_id: StudentId) -> Result<(), Forbidden> {
        self.require_within(scope)?;
        self.reaches(student_id)
    }

    /// Refuses unless the caller holds `scope` and reaches this session, not by a telephone line alone.
    pub fn require_session(&self, scope: Scope, session_id: SessionId) -> Result<(), Forbidden> {
        let is_opened = self.opened.is_some_and(|opened| opened.session_id == Some(session_id));
        match self.require_within(scope)? {
            Some(_) if !is_opened => Err(Forbidden::OtherCohort),
            _ => Ok(()),
        }
    }

    /// Returns the only student that the request of a caller limited to cohorts is about, or `None` if the caller
    /// reaches all. Refuses a telephone client.
    pub fn require_opened(&self, scope: Scope) -> Result<Option<StudentId>, Forbidden> {
        match (self.require_within(scope)?, self.opened) {
            (None, _) => Ok(None),
            (Some(_), Some(opened)) => Ok(Some(opened.student_id)),
            (Some(_), None) => Err(Forbidden::OtherCohort),
        }
    }

    /// Returns whether the caller sees blocked students: people do, clients do not.
    pub const fn sees_blocked(&self) -> bool {
        matches!(self.reach, Reach::Everyone | Reach::Cohorts(_))
    }

    /// Whether the caller sees all students, and what belongs to none.
    pub fn sees_all(&self) -> bool {
        self.reach == Reach::Everyone
    }

    /// Refuses unless the caller holds `scope` and reaches this student.
    pub fn require_for(&self, scope: Scope, student_id: StudentId) -> Result<(), Forbidden> {
        self.has(scope)?;
        self.reaches(student_id)
    }

    /// Refuses unless the caller reaches this student.
    pub fn reaches(&self, student_id: StudentId) -> Result<(), Forbidden> {
        let opened = self.opened.map(|opened| opened.student_id);
        match &self.reach {
            Reach::Line if self.line.student_id != Some(student_id) => Err(self.refusal()),
            Reach::Cohorts(_) if opened != Some(student_id) => Err(Forbidden::OtherCohort),
            _ => Ok(()),
        }
    }

    /// Refuses a line on which the organisation's code was not given yet.
    pub fn require_verified(&self) -> Result<(), Forbidden> {
        match (&self.reach, self.line.missing) {
            (Reach::Line, Some(missing)) => Err(Forbidden::Unverified(missing)),
            _ => Ok(()),
        }
    }

    /// Why a line does not reach a student.
    fn refusal(&self) -> Forbidden {
        self.require_verified().err().unwrap_or(Forbidden::NotOnLine)
    }

    /// The caller after the call on its line was settled as that student, by the tool that settled it.
    #[must_use]
    pub fn settled_as(&self, student_id: StudentId, session_id: Option<SessionId>) -> Self {
        let line = OnLine {
            student_id: Some(student_id),
            session_id,
            is_settled: true,
            is_stranger: false,
            missing: None,
            ..self.line.clone()
        };
        Self { line, ..self.clone() }
    }

    /// Refuses unless the caller holds `scope` and may ask who calls from this number.
    pub fn require_live_call(&self, scope: Scope, phone: &Phone) -> Result<(), Forbidden> {
        self.has(scope)?;
        let is_theirs = self.line.phone.as_ref() == Some(phone) && !self.line.is_stranger;
        match self.reach {
            Reach::Line if !is_theirs => Err(self.refusal()),
            // A number may be that of children of several cohorts.
            Reach::Cohorts(_) => Err(Forbidden::OtherCohort),
            _ => Ok(()),
        }
    }

    /// Returns the only student whose sessions the caller may see, or `None` if it may see all. Refuses a caller
    /// without `scope`, and a telephone client without a student on its line.
    pub fn require_sessions(&self, scope: Scope) -> Result<Option<StudentId>, Forbidden> {
        match (&self.reach, self.line.student_id) {
            (Reach::Line, None) => self.has(scope).and(Err(self.refusal())),
            (Reach::Line, only) => self.has(scope).and(Ok(only)),
            _ => self.require_opened(scope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_and_print_as_the_contract_has_them() {
        let scopes: ScopeSet = "sessions:read  context:read context:read".parse().unwrap();
        assert_eq!(scopes.to_string(), "context:read sessions:read");
        assert!(scopes.contains(Scope::SessionsRead) && !scopes.contains(Scope::NotesWrite));
        assert!(scopes.is_subset_of(ScopeSet::all()) && !ScopeSet::all().is_subset_of(scopes));
    }

    #[test]
    fn an_unknown_scope_is_named_with_the_known_ones() {
        assert!("own:read".parse::<ScopeSet>().is_err(), "no client may ask for it");
        let error = "students:delete".parse::<ScopeSet>().unwrap_err().to_string();
        assert!(error.contains("students:delete") && error.contains("calls:write"), "{error}");
    }

    #[test]
    fn a_viewer_reads_and_does_not_write() {
        let viewer = Caller::admin(AdminUserId::new(), "v@example.org", Role::Viewer);
        assert_eq!(viewer.require(Scope::StudentsRead), Ok(()));
        assert_eq!(viewer.require(Scope::NotesWrite), Err(Forbidden::Scope(Scope::NotesWrite)));
    }

    #[test]
    fn somebody_of_a_few_cohorts_reaches_what_was_opened_and_lists_only_their_cohorts() {
        let (own, other, session) = (StudentId::new(), StudentId::new(), SessionId::new());
        let tutor = Caller::admin(AdminUserId::new(), "t@example.org", Role::Tutor).of_cohorts(vec!["7b".to_owned()]);
        let scope = Scope::StudentsRead;
        assert_eq!(tutor.require(scope), Err(Forbidden::OtherCohort), "where nobody decided otherwise");
        assert_eq!(tutor.require_student(scope, own), Err(Forbidden::OtherCohort), "nothing was opened");
        assert_eq!(tutor.require_sessions(scope), Err(Forbidden::OtherCohort));
        assert_eq!(tutor.require_within(scope), Ok(Some(&["7b".to_owned()][..])));
        assert_eq!(tutor.require_within_cohort(scope, Some("8a")), Err(Forbidden::OtherCohort));
        assert_eq!(
            (tutor.require_cohort(scope, Some("7b")), tutor.require_cohort(scope, None)),
            (Ok(()), Err(Forbidden::OtherCohort))
        );
        let at_page = Caller { opened: Some(Opened { student_id: own, session_id: Some(session) }), ..tutor };
        assert_eq!(at_page.require_student(scope, own), Ok(()));
        assert_eq!(at_page.require_student(scope, other), Err(Forbidden::OtherCohort));
        assert_eq!(at_page.require_session(scope, session), Ok(()));
        assert_eq!(at_page.require_session(scope, SessionId::new()), Err(Forbidden::OtherCohort));
        assert_eq!(at_page.require_sessions(scope), Ok(Some(own)));
        let none = Caller::admin(AdminUserId::new(), "n@example.org", Role::Tutor).of_cohorts(Vec::new());
        assert_eq!(none.require_cohort(scope, Some("7b")), Err(Forbidden::OtherCohort));
    }

    #[test]
    fn a_telephone_client_reaches_the_student_of_its_line_and_no_other() {
        let (own, other) = (StudentId::new(), StudentId::new());
        let mut caller = Caller::telephone("c1", ScopeSet::all());
        let reads = |caller: &Caller, id| caller.require_for(Scope::ContextRead, id);
        assert_eq!(reads(&caller, own), Err(Forbidden::NotOnLine), "nobody is on the line");
        assert_eq!(caller.require_sessions(Scope::SessionsRead), Err(Forbidden::NotOnLine));
        caller.line.student_id = Some(own);
        assert_eq!((reads(&caller, own), reads(&caller, other)), (Ok(()), Err(Forbidden::NotOnLine)));
        assert_eq!(caller.require_sessions(Scope::SessionsRead), Ok(Some(own)));
        assert_eq!(caller.require(Scope::StudentsRead), Err(Forbidden::NotOnLine), "it lists nobody");
        assert_eq!(Caller::client("c1", ScopeSet::all()).require(Scope::StudentsRead), Ok(()));
    }
}
