//! Makes a student of a caller whom nobody knows yet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::Scope;
use shared::db::{self, Db};
use shared::id::StudentId;
use shared::phone::Phone;
use shared::plain_text;
use shared::student::NewStudent;
use shared::{session, student};

use super::line::CallerNumber;
use super::{Answer, Ask, Effect, Outcome, Tool, ToolError};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// As the caller said it, without the surname.
    #[schemars(length(min = 1, max = 60))]
    first_name: String,
    /// School grade; 0 is kindergarten.
    #[serde(default)]
    #[schemars(range(max = 13))]
    grade: Option<u8>,
    /// Only where the telephone line does not tell the number by itself.
    #[serde(default)]
    phone: Option<Phone>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    student_id: StudentId,
    first_name: String,
    /// Whether there was nobody of that name on the number before.
    is_new: bool,
}

#[derive(Debug)]
pub(super) struct RegisterStudent;

impl Tool for RegisterStudent {
    const NAME: &'static str = "register_student";
    const TITLE: &'static str = "Register student";
    const DESCRIPTION: &'static str = "Use this once for a new caller, after they said their first name, so that the \
        next call knows what they learnt. Somebody of that name on the same number is taken for the same student.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ask: Ask<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let named = || ToolError::invalid("`first_name` must be a first name");
        let first_name = plain_text::first_name(&params.first_name).ok_or_else(named)?;
        let CallerNumber::Known(phone) = ask.phone(db, params.phone).await? else {
            let say = "Not done: the number is withheld, so the next call could not be recognised. Teach as usual.";
            return Err(ToolError::new(Outcome::Refused, say));
        };
        let mut tx = db::begin(db).await?;
        let known = student::list_first_names(&mut *tx, ask.caller, &phone).await?;
        let same = known.into_iter().find(|(_, name)| student::is_first_name(name, &first_name));
        let is_new = same.is_none();
        let student_id = if let Some((student_id, _)) = same {
            student_id
        } else {
            let new = NewStudent {
                display_name: first_name.clone(),
                grade: params.grade.map(i16::from),
                cohort: None,
                locale: "en".to_owned(),
                timezone: "UTC".to_owned(),
                phones: vec![phone],
            };
            student::register_student(&mut tx, ask.caller, &new, ask.now).await?.student_id
        };
        if let Some(session_id) = ask.open_session(&mut tx).await? {
            session::identify_on_line(&mut tx, ask.caller, session_id, student_id, ask.now).await?;
        }
        tx.commit().await.map_err(db::Error::from)?;
        let text = format!("{first_name} is registered, student_id {student_id}. Ask what they would like to work on.");
        Ok(Answer { text, data: Output { student_id, first_name, is_new } })
    }
}
