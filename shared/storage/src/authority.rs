//! Decides which caller gets data about which child, for all endpoints.
//!
//! A door reads what its request says of the telephone call ([`Line`]) and calls [`resolve_live_call`]. The [`Caller`] that comes back
//! carries the student of that line, and every function that reaches a student asks the caller.
//!
//! **Invariant:** a telephone client reaches at most one student. If the call is missing, empty, duplicate,
//! contradictory, finished or another client's, it counts as a withheld number. Arguments that a model writes are never
//! read here.

use chrono::{DateTime, TimeDelta, Utc};

use crate::access::{Caller, Forbidden, OnLine, Opened, Reach};
use crate::assurance::Assurance;
use crate::db::{Error, Executor, Result};
use crate::id::{SessionId, StudentId};
use crate::phone::Phone;

/// No provider lets a call last longer. A call that is open for longer has ended without a report.
const MAX_CALL: TimeDelta = TimeDelta::hours(12);

const MAX_CALL_ID_CHARS: usize = 200;

/// Who calls, as a request says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CallerNumber {
    /// The request does not say.
    #[default]
    Untold,
    /// The caller hides it, or it is no number.
    Withheld,
    /// The request says two things at once.
    Contradictory,
    Known(Phone),
}

impl CallerNumber {
    /// Reads a number as a carrier or a trunk sends it. A template that was not filled in says nothing.
    pub fn read(text: Option<&str>) -> Self {
        match text.map(str::trim).filter(|text| is_told(text)) {
            None => Self::Untold,
            Some(text) => Phone::parse_caller(text).map_or(Self::Withheld, Self::Known),
        }
    }

    /// Reads the number of a VAPI message, which has two places for it.
    pub fn of_message(of_call: Option<&str>, of_message: Option<&str>) -> Self {
        match (Self::read(of_call), Self::read(of_message)) {
            (Self::Untold, number) | (number, Self::Untold) => number,
            (one, other) if one == other => one,
            _ => Self::Contradictory,
        }
    }

    /// The number, if it is known.
    pub fn known(self) -> Option<Phone> {
        match self {
            Self::Known(phone) => Some(phone),
            Self::Untold | Self::Withheld | Self::Contradictory => None,
        }
    }
}

fn is_told(text: &str) -> bool {
    !text.is_empty() && !text.contains("{{")
}

/// What a request says of the telephone call that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// VAPI's id of the call.
    pub call_id: Option<String>,
    pub number: CallerNumber,
}

impl Line {
    /// Reads the values of the headers `X-Call-Id` and `X-Caller-Number`: all of them, because a doubled header
    /// contradicts itself. `None` is a value that is no text.
    pub fn read(call_ids: &[Option<&str>], numbers: &[Option<&str>]) -> Self {
        let is_contradictory = [call_ids, numbers].iter().any(|values| values.len() > 1 || values.contains(&None));
        if is_contradictory {
            return Self { call_id: None, number: CallerNumber::Contradictory };
        }
        let call_id = call_ids.first().copied().flatten().map(str::trim).filter(|text| is_told(text));
        let call_id = call_id.filter(|id| id.chars().count() <= MAX_CALL_ID_CHARS);
        let number = CallerNumber::read(numbers.first().copied().flatten());
        Self { call_id: call_id.map(str::to_owned), number }
    }

    fn is_absent(&self) -> bool {
        self.call_id.is_none() && self.number == CallerNumber::Untold
    }
}

/// What we know of the call and of the number.
#[derive(Default)]
struct Found {
    session_id: Option<SessionId>,
    student_id: Option<StudentId>,
    caller_phone: Option<Phone>,
    /// VAPI's type of the call. `None`: VAPI has not reported it.
    call_type: Option<String>,
    is_open: bool,
    /// Whether the caller says they are a student who is not registered yet.
    is_introduced: bool,
    /// What the organisation asks of callers.
    assurance: Assurance,
    /// Whose code of that kind was given in this call.
    verified_as: Option<StudentId>,
    /// Two at most.
    of_number: Vec<StudentId>,
    is_erased: bool,
}

/// Returns the caller with the student of the line that the request names. A telephone client without a line reaches no
/// student. A back-office client that names a line is limited to it.
pub async fn resolve_live_call(
    db: impl Executor<'_>,
    caller: &Caller,
    said: &Line,
    now: DateTime<Utc>,
) -> Result<Caller> {
    let mut caller = caller.clone();
    caller.line = OnLine::default();
    if caller.sees_blocked() || said.is_absent() {
        return Ok(caller);
    }
    caller.line = settle(said, find(db, said, now).await?);
    let is_on_a_line =
        said.number != CallerNumber::Untold || caller.line.phone.is_some() || caller.line.student_id.is_some();
    if is_on_a_line || caller.line.is_erased {
        caller.reach = Reach::Line;
    }
    Ok(caller)
}

async fn find(db: impl Executor<'_>, said: &Line, now: DateTime<Utc>) -> Result<Found> {
    let number = match &said.number {
        CallerNumber::Known(phone) => Some(phone.as_str()),
        CallerNumber::Contradictory => return Ok(Found::default()),
        CallerNumber::Untold | CallerNumber::Withheld => None,
    };
    let row = sqlx::query!(
        r#"select c.session_id as "session_id?: SessionId", c.student_id as "student_id?: StudentId",
               c.caller_phone as "caller_phone?", c.call_type as "call_type?",
               coalesce(c.status = 'in_progress' and c.ended_at is null
                        and coalesce(c.started_at, c.created_at) > $3, false) as "is_open!",
               coalesce(c.introduced_as is not null, false) as "is_introduced!",
               array(select p.student_id from student_phones p where p.phone = coalesce($2, c.caller_phone) limit 2)
                   as "of_number!: Vec<StudentId>",
               o.identity_assurance as "assurance: Assurance", a.student_id as "verified_as?: StudentId",
               exists (select 1 from erased_calls e where e.call_id = $1) as "is_erased!"
           from organisation o
           left join sessions c on c.call_id = $1
           left join call_assurances a on a.session_id = c.session_id and a.kind = o.identity_assurance"#,
        said.call_id,
        number,
        now - MAX_CALL,
    )
    .fetch_one(db)
    .await?;
    Ok(Found {
        session_id: row.session_id,
        student_id: row.student_id,
        caller_phone: row.caller_phone.and_then(|phone| Phone::parse(&phone).ok()),
        call_type: row.call_type,
        is_open: row.is_open,
        is_introduced: row.is_introduced,
        assurance: row.assurance,
        verified_as: row.verified_as,
        of_number: row.of_number,
        is_erased: row.is_erased,
    })
}

/// Who is on the line. Pure.
fn settle(said: &Line, found: Found) -> OnLine {
    let nobody = OnLine::default();
    if found.is_erased {
        return OnLine { is_erased: true, ..nobody };
    }
    let phone = if found.session_id.is_some() {
        if !found.is_open {
            return nobody;
        }
        match (&said.number, found.caller_phone) {
            (CallerNumber::Contradictory, _) | (CallerNumber::Withheld, Some(_)) => return nobody,
            (CallerNumber::Known(phone), Some(of_call)) if *phone != of_call => return nobody,
            // VAPI reported a call without a number, such as one from the web.
            (CallerNumber::Known(_), None) if found.call_type.is_some() => return nobody,
            (CallerNumber::Known(phone), _) => Some(phone.clone()),
            (CallerNumber::Untold, of_call) => of_call,
            (CallerNumber::Withheld, None) => None,
        }
    } else {
        if said.number == CallerNumber::Contradictory {
            return nobody;
        }
        said.number.clone().known()
    };
    let only = if let [only] = found.of_number[..] { Some(only) } else { None };
    let by_number = only.filter(|_| phone.is_some() && !found.is_introduced);
    let student_id = found.student_id.or(by_number);
    let is_verified = student_id.is_some() && found.verified_as == student_id;
    if let Some(missing) = found.assurance.code().filter(|_| !is_verified) {
        return OnLine {
            call_id: said.call_id.clone(),
            session_id: found.session_id,
            phone,
            is_stranger: true,
            missing: Some(missing),
            presumed: student_id,
            ..nobody
        };
    }
    OnLine {
        call_id: said.call_id.clone(),
        session_id: found.session_id,
        phone,
        student_id,
        is_settled: found.student_id.is_some(),
        is_stranger: found.is_introduced && found.student_id.is_none(),
        missing: None,
        presumed: None,
        is_erased: false,
    }
}

/// Returns the caller with the student that the request is about. Returns [`Error::NotFound`] if the caller is limited
/// to cohorts that the student is not in, as for an unknown id.
pub async fn open_student(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Caller> {
    open(db, caller, Some(student_id), None).await?.ok_or(Error::NotFound("student"))
}

/// [`open_student`] for a session, which has to be a student's.
pub async fn open_session(db: impl Executor<'_>, caller: &Caller, session_id: SessionId) -> Result<Caller> {
    open(db, caller, None, Some(session_id)).await?.ok_or(Error::NotFound("session"))
}

async fn open(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: Option<StudentId>,
    session_id: Option<SessionId>,
) -> Result<Option<Caller>> {
    let (caller, is_reached) = open_named(db, caller, &Named { student_id, session_id, call_id: None }).await?;
    Ok(is_reached.then_some(caller))
}

/// What a request names, as its arguments say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub student_id: Option<StudentId>,
    pub session_id: Option<SessionId>,
    /// VAPI's id of a call.
    pub call_id: Option<String>,
}

/// Returns the caller with the student that an agent's request is about, if the caller is limited to cohorts and
/// reaches the student. Otherwise returns the caller unchanged, which every function about a student refuses.
pub async fn open_if_reached(db: impl Executor<'_>, caller: &Caller, named: &Named) -> Result<Caller> {
    Ok(open_named(db, caller, named).await?.0)
}

/// The caller, and whether it reaches what is named. If several things are named, they must belong to one student.
async fn open_named(db: impl Executor<'_>, caller: &Caller, named: &Named) -> Result<(Caller, bool)> {
    let Reach::Cohorts(cohorts) = &caller.reach else { return Ok((caller.clone(), true)) };
    // Of two names of a session one is enough: no door takes both.
    let call_id = named.call_id.as_deref().filter(|_| named.session_id.is_none());
    let names_session = named.session_id.is_some() || call_id.is_some();
    let found = sqlx::query!(
        r#"with s as (select session_id, student_id from sessions where session_id = $2 or call_id = $3)
           select st.student_id as "student_id: StudentId", (select session_id from s) as "session_id?: SessionId"
           from students st
           where st.student_id = coalesce($1, (select student_id from s)) and st.cohort = any($4)
             and (not $5 or exists (select from s where s.student_id = st.student_id))"#,
        named.student_id as Option<StudentId>,
        named.session_id as Option<SessionId>,
        call_id,
        cohorts,
        names_session,
    )
    .fetch_optional(db)
    .await?;
    let opened = found.map(|row| Opened { student_id: row.student_id, session_id: row.session_id });
    Ok((Caller { opened, ..caller.clone() }, opened.is_some()))
}

/// Refuses a client if the student is blocked or has no consent to lessons. Passes if the student does not exist: the
/// later query reports that.
pub async fn require_active(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<()> {
    if caller.sees_blocked() {
        return Ok(());
    }
    let is_blocked = sqlx::query_scalar!(
        r#"select exists (select 1 from students where student_id = $1 and is_silent(student_id, status, now())) as "is_blocked!""#,
        student_id as StudentId,
    )
    .fetch_one(db)
    .await?;
    if is_blocked { Err(Forbidden::Blocked.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assurance::CodeKind;

    fn phone() -> Phone {
        Phone::parse("+14155550142").unwrap()
    }

    fn other() -> Phone {
        Phone::parse("+14155550199").unwrap()
    }

    fn line(call_id: Option<&str>, number: CallerNumber) -> Line {
        Line { call_id: call_id.map(str::to_owned), number }
    }

    fn open(caller_phone: Option<Phone>, student_id: Option<StudentId>) -> Found {
        Found { session_id: Some(SessionId::new()), is_open: true, caller_phone, student_id, ..Found::default() }
    }

    #[test]
    fn a_number_is_known_withheld_or_untold() {
        assert_eq!(CallerNumber::read(Some("+14155550142")), CallerNumber::Known(phone()));
        for hidden in ["anonymous", "sip:alice@example.org", "+14155550142, +14155550142"] {
            assert_eq!(CallerNumber::read(Some(hidden)), CallerNumber::Withheld, "{hidden}");
        }
        for nothing in [None, Some(""), Some("  "), Some("{{customer.number}}"), Some("{{ customer.number }}")] {
            assert_eq!(CallerNumber::read(nothing), CallerNumber::Untold, "{nothing:?}");
        }
    }

    #[test]
    fn two_places_of_a_message_must_agree() {
        let of = |call, message| CallerNumber::of_message(call, message);
        let (one, two) = (Some("+14155550142"), Some("+14155550199"));
        for (call, message) in [(one, None), (None, one), (one, Some("+1 415 555 0142"))] {
            assert_eq!(of(call, message), CallerNumber::Known(phone()));
        }
        for (call, message) in [(one, two), (one, Some("anonymous"))] {
            assert_eq!(of(call, message), CallerNumber::Contradictory);
        }
        assert_eq!(of(None, None), CallerNumber::Untold);
    }

    #[test]
    fn doubled_and_unreadable_headers_contradict_themselves() {
        let number = |values: &[Option<&str>]| Line::read(&[Some("c1")], values);
        let one = Some("+14155550142");
        assert_eq!(number(&[one]), line(Some("c1"), CallerNumber::Known(phone())));
        for values in [&[one, one][..], &[None], &[one, Some("+14155550199")]] {
            assert_eq!(number(values), line(None, CallerNumber::Contradictory), "{values:?}");
        }
        assert_eq!(Line::read(&[Some("c1"), Some("c1")], &[one]), line(None, CallerNumber::Contradictory));
        for nothing in ["", "{{call.id}}", &"x".repeat(201)] {
            assert!(Line::read(&[Some(nothing)], &[]).is_absent(), "{nothing}");
        }
    }

    #[test]
    fn what_is_not_settled_counts_as_withheld() {
        let (own, known) = (StudentId::new(), CallerNumber::Known(phone()));
        let settled = || open(Some(phone()), Some(own));
        let with = |said: CallerNumber, found: Found| settle(&line(Some("c1"), said), found).student_id;
        assert_eq!(with(known.clone(), settled()), Some(own));
        assert_eq!(with(CallerNumber::Untold, settled()), Some(own), "VAPI told us the number");
        assert_eq!(with(known.clone(), Found { is_open: false, ..settled() }), None, "finished");
        assert_eq!(with(CallerNumber::Known(other()), settled()), None, "another call's number");
        assert_eq!(with(CallerNumber::Withheld, settled()), None, "the call has a number");
        assert_eq!(with(CallerNumber::Contradictory, settled()), None);
        let from_the_web = Found { call_type: Some("webCall".to_owned()), ..open(None, None) };
        assert_eq!(with(known.clone(), Found { of_number: vec![own], ..from_the_web }), None);
        assert_eq!(with(CallerNumber::Untold, open(None, Some(own))), Some(own), "a settled call");
    }

    #[test]
    fn a_line_without_the_code_reaches_nobody() {
        let own = StudentId::new();
        let with = |verified_as: Option<StudentId>, assurance| {
            let found = Found { assurance, verified_as, ..open(Some(phone()), Some(own)) };
            settle(&line(Some("c1"), CallerNumber::Known(phone())), found)
        };
        for (assurance, missing) in [(Assurance::Pin, CodeKind::Pin), (Assurance::GuardianCode, CodeKind::GuardianCode)]
        {
            for wrong in [None, Some(StudentId::new())] {
                let line = with(wrong, assurance);
                assert_eq!((line.student_id, line.missing, line.presumed), (None, Some(missing), Some(own)));
                assert!(line.is_stranger && !line.is_settled);
            }
            assert_eq!(with(Some(own), assurance).student_id, Some(own));
        }
        assert_eq!(with(None, Assurance::CallerId).missing, None);
        // Whether anybody is registered with the number makes no difference to what the line may ask.
        let nobody = Found { assurance: Assurance::Pin, ..open(Some(phone()), None) };
        let nobody = settle(&line(Some("c1"), CallerNumber::Known(phone())), nobody);
        let somebody = with(None, Assurance::Pin);
        assert_eq!(OnLine { presumed: None, session_id: None, ..somebody }, OnLine { session_id: None, ..nobody });
    }

    #[test]
    fn a_number_alone_counts_only_if_one_student_calls_from_it() {
        let (one, two) = (StudentId::new(), StudentId::new());
        let of = |of_number: Vec<StudentId>, is_introduced| {
            let found = Found { is_introduced, of_number, ..open(Some(phone()), None) };
            settle(&line(Some("c1"), CallerNumber::Known(phone())), found).student_id
        };
        assert_eq!(of(vec![one], false), Some(one));
        assert_eq!(of(vec![one, two], false), None);
        assert_eq!(of(vec![one], true), None, "the caller is somebody else");
        let found = Found { of_number: vec![one], ..Found::default() };
        assert_eq!(settle(&line(None, CallerNumber::Withheld), found).student_id, None);
    }
}
