//! The student wishes to be called: a person or another program sees to it.

use chrono::{DateTime, FixedOffset, Utc};
use domain::plain_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::{self, Db};
use storage::follow_up::{self, FollowUpKind, MAX_CALLBACK_AHEAD, NewFollowUp};
use storage::id::{FollowUpId, StudentId};
use storage::outbound_call;

use super::{Answer, Effect, Tool, ToolContext, ToolError, bounds, once};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// When, with the student's offset from UTC, for example 2026-11-26T17:00:00-05:00; within 60 days.
    at: DateTime<FixedOffset>,
    /// What for, in a few plain words.
    #[schemars(length(min = 1, max = 160))]
    reason: String,
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    follow_up_id: FollowUpId,
    at: DateTime<Utc>,
    /// When the tutor may call, if not at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_from: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub(super) struct ScheduleCallback;

impl Tool for ScheduleCallback {
    const NAME: &'static str = "schedule_callback";
    const TITLE: &'static str = "Schedule callback";
    const DESCRIPTION: &'static str = "Call this when the student agrees to be called again at a certain time. People see to the call: say that \
        a person will call, not that you will.";
    const SCOPES: &'static [Scope] = &[Scope::CallsWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let at = params.at.to_utc();
        if at <= ctx.now || at > ctx.now + MAX_CALLBACK_AHEAD {
            let today = ctx.now.format("%-d %B %Y, %H:%M");
            return Err(ToolError::invalid(format!("`at` must lie ahead, within 60 days; it is {today} UTC now")));
        }
        let reason = plain_text::clean(&params.reason);
        if reason.is_empty() {
            return Err(ToolError::invalid("`reason` says nothing"));
        }
        let id = once::id(&ctx, Self::NAME, &[&student_id.to_string(), &at.to_rfc3339()]);
        bounds::check(db, ctx, student_id, bounds::Kind::Callback).await?;
        let new = NewFollowUp {
            follow_up_id: FollowUpId(id),
            kind: FollowUpKind::Callback,
            student_id,
            session_id: ctx.caller.line.session_id,
            text: reason,
            due_at: at,
        };
        let mut tx = db::begin(db).await?;
        follow_up::insert_once(&mut tx, ctx.caller, &new, ctx.now).await?;
        db::commit(tx).await?;
        let open = outbound_call::next_open(db, ctx.caller, student_id, at).await?;
        let open_from = open.filter(|open| *open > at);
        let words = |at: DateTime<FixedOffset>| at.format("%A, %-d %B, %H:%M").to_string();
        let closed = open_from.map_or_else(String::new, |open| {
            let open = words(open.with_timezone(params.at.offset()));
            format!(" This student is called from {open} on at the earliest: offer a later time if that does not suit.")
        });
        let text = format!("Noted: {}. Say that a person will call then.{closed}", words(params.at));
        Ok(Answer { text, data: Output { follow_up_id: new.follow_up_id, at, open_from } })
    }
}
