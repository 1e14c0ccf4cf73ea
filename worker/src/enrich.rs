//! Lets a language model read a call beside the rules. Its answer passes the gate, and the rules check its verdicts.
//!
//! **Invariant:** no word that a model wrote reaches the findings: what people and assistants read is composed by us.

mod account;
mod draft;
mod gate;
#[cfg(test)]
mod hostile;
mod prompt;
#[cfg(test)]
mod scored;
mod text;
mod weigh;

use std::time::Instant;

use chrono::{DateTime, Utc};
use queue::lease::{Finished, Lease, finish_done};
use storage::access::Caller;
use storage::analysis::{self as analysis_of, Analysis, AnalysisStatus, Findings};
use storage::consent;
use storage::curriculum::{self, Curriculum};
use storage::id::{AnalysisId, SessionId};
use storage::session::{SessionKey, SessionStatus, get_session, mark_session};
use storage::student;
use storage::transcript::{Turn, list_turns};
use web::telemetry::trace;

use self::account::Account;
use self::draft::Draft;
use self::gate::Gated;
use self::prompt::Prompt;
use crate::llm::{Answer, Fault, Llm, Message, Question, Speaker, Usage};
use crate::store::{self, Locked};
use crate::{Context, JobError, analysis};

/// Changes whenever the model is asked in another way, or its answers pass in another way.
pub const PROMPT_VERSION: &str = "2";

/// If a smaller share of the answers passes, the model is asked once more, with the errors listed.
const MIN_SHARE_PASSED: f64 = 0.5;

pub(crate) async fn perform(
    context: &Context,
    lease: &Lease,
    session_id: SessionId,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let started = Instant::now();
    let llm = context.llm.as_ref().ok_or_else(|| JobError::fail("no language model is configured any more"))?;
    let mut tx = context.begin().await?;
    let session = get_session(&mut *tx, &Caller::worker(), &SessionKey::Id(session_id)).await?;
    trace::of_call(|| Some(&session.call_id));
    let turns = list_turns(&mut *tx, &Caller::worker(), session_id).await?;
    let is_removed = consent::is_speech_removed(&mut *tx, session_id).await?;
    if is_removed || student::is_blocked_in(&mut *tx, session_id).await? {
        // Blocked, or what was said was removed, since the rules judged the call: no model reads it, and their findings
        // stand.
        mark_session(&mut tx, session_id, SessionStatus::Analyzed, None, now).await?;
        consent::apply_to_session(&mut tx, session_id, true, now).await?;
        let finished = finish_done(&mut *tx, lease).await?;
        context.commit(tx).await?;
        return Ok(finished);
    }
    let may_ask = consent::current_of_session(&mut tx, session_id, now).await?.model;
    let current = analysis_of::find_current(&mut *tx, &Caller::worker(), session_id).await?;
    let curriculum = curriculum::current_in(&context.db, &mut tx).await?;
    // The model may take minutes: others need the connection.
    context.commit(tx).await?;

    let baseline = match current {
        // The rules have just read these turns.
        Some(current) if current.status == AnalysisStatus::Pending && current.analyser_version == analysis::VERSION => {
            current.findings
        }
        _ => analysis::analyse(&turns, &curriculum),
    };
    if !may_ask {
        let of_rules = without_consent(session_id, baseline, started, now);
        return finish(context, lease, &turns, &of_rules, &of_rules, now).await;
    }
    let account = Account { context, llm, session_id, student_id: session.student_id };
    if let Some(why) = account.is_spent(now).await? {
        let analysis = of_rules(session_id, baseline, why, started, now);
        return finish(context, lease, &turns, &analysis, &analysis, now).await;
    }
    let mut usage = Usage::default();
    let enriched = enrich(llm, &turns, &curriculum, baseline.clone(), &mut usage).await;
    account.record(enriched.as_ref().err(), usage, started.elapsed(), now).await?;
    let without = without_consent(session_id, baseline.clone(), started, now);
    let analysis = match enriched {
        Ok(findings) => Analysis {
            analysis_id: AnalysisId::new(),
            session_id,
            analyser: "llm".to_owned(),
            analyser_version: format!("{}.{PROMPT_VERSION} {}", analysis::VERSION, llm.model()),
            status: AnalysisStatus::Complete,
            findings,
            model: Some(llm.model().to_owned()),
            prompt_version: Some(PROMPT_VERSION.to_owned()),
            input_tokens: Some(usage.input_tokens.cast_signed()),
            output_tokens: Some(usage.output_tokens.cast_signed()),
            duration_ms: started.elapsed().as_millis() as i32,
            created_at: now,
        },
        // Another request would not help: keep the result of the rules.
        Err(fault) if fault.is_of_the_call() => {
            tracing::warn!(%session_id, %fault, "the rules' findings stand");
            let why = format!("The language model {} added nothing: {fault}.", llm.model());
            of_rules(session_id, baseline, why, started, now)
        }
        Err(fault) => return Err(fault.into()),
    };
    finish(context, lease, &turns, &analysis, &without, now).await
}

fn without_consent(session_id: SessionId, baseline: Findings, started: Instant, now: DateTime<Utc>) -> Analysis {
    of_rules(session_id, baseline, crate::analyze::NO_CONSENT_TO_MODEL.to_owned(), started, now)
}

fn of_rules(
    session_id: SessionId,
    mut findings: Findings,
    why: String,
    started: Instant,
    now: DateTime<Utc>,
) -> Analysis {
    findings.limits.push(why);
    store::by_rules(session_id, AnalysisStatus::Baseline, findings, started.elapsed(), now)
}

/// Stores the analysis. If the consent to a model was withdrawn while the model read the call, stores `without` instead.
async fn finish(
    context: &Context,
    lease: &Lease,
    turns: &[Turn],
    analysis: &Analysis,
    without: &Analysis,
    now: DateTime<Utc>,
) -> Result<Finished, JobError> {
    let mut tx = context.begin().await?;
    let locked = Locked::stored(&mut tx, analysis.session_id, now).await?;
    let analysis = if locked.consents.model || analysis.model.is_none() { analysis } else { without };
    let register = context.config.register_callers;
    store::put(&mut tx, locked, turns, analysis.clone(), SessionStatus::Analyzed, register, now).await?;
    let finished = finish_done(&mut *tx, lease).await?;
    context.commit(tx).await?;
    Ok(finished)
}

/// Returns what the rules and the model find together. `usage` grows by what the model cost, also if this fails.
pub async fn enrich(
    llm: &Llm,
    turns: &[Turn],
    curriculum: &Curriculum,
    baseline: Findings,
    usage: &mut Usage,
) -> Result<Findings, Fault> {
    let prompt = Prompt::new(turns, curriculum, &baseline);
    let (mut messages, answer) = ask_in_size(llm, &prompt, usage).await?;
    let first = judge(&answer, &prompt, turns, curriculum, &baseline);
    let violations = match &first {
        Ok(passed) if passed.share() >= MIN_SHARE_PASSED => Vec::new(),
        Ok(passed) => passed.violations.clone(),
        Err(violation) => vec![violation.clone()],
    };
    let best = if violations.is_empty() {
        first
    } else {
        messages.push(Message::new(Speaker::Assistant, text::shorten(&answer.text, 20_000)));
        messages.push(Message::new(Speaker::User, prompt::repair(&violations)));
        let second = ask(llm, &prompt, &messages, prompt.max_output_tokens(), usage).await;
        let second = second.map(|answer| judge(&answer, &prompt, turns, curriculum, &baseline));
        match (first, second) {
            (first, Ok(Ok(second))) if first.as_ref().map_or(0, |first| first.n_passed) <= second.n_passed => {
                Ok(second)
            }
            (Ok(first), _) => Ok(first),
            // The repair did not come through: another attempt may.
            (Err(_), Err(fault)) => return Err(fault),
            (Err(violation), Ok(_)) => Err(violation),
        }
    };
    let passed = best.map_err(|_| Fault::Garbled)?;
    tracing::info!(n_offered = passed.n_offered, n_passed = passed.n_passed, "the gate checked a model's answer");
    let mut findings = passed.findings;
    findings.judged_by = format!(
        "the language model {}, prompt {PROMPT_VERSION}, and built-in rules, version {}; the rules checked what the model \
         said",
        llm.model(),
        analysis::VERSION,
    );
    Ok(findings)
}

/// Asks about the whole call. If that is too long for the model, asks about the most telling parts with fewer skills.
async fn ask_in_size(llm: &Llm, prompt: &Prompt, usage: &mut Usage) -> Result<(Vec<Message>, Answer), Fault> {
    let room = prompt.max_output_tokens();
    let whole = prompt.messages(prompt::MAX_TALK_BYTES, prompt::MAX_SKILL_BYTES);
    let answer = match ask(llm, prompt, &whole, room, usage).await {
        Err(Fault::Truncated) => ask(llm, prompt, &whole, room * 3 / 2, usage).await,
        Err(Fault::TooLong) => {
            let parts = prompt.messages(prompt.talk_bytes() * 2 / 5, prompt::MAX_SKILL_BYTES / 4);
            return Ok((parts.clone(), ask(llm, prompt, &parts, room, usage).await?));
        }
        other => other,
    };
    Ok((whole, answer?))
}

async fn ask(
    llm: &Llm,
    prompt: &Prompt,
    messages: &[Message],
    max_output_tokens: u32,
    usage: &mut Usage,
) -> Result<Answer, Fault> {
    let question = Question { messages, schema: prompt.schema(), max_output_tokens };
    let answer = llm.ask(&question).await?;
    *usage += answer.usage;
    Ok(answer)
}

/// What of an answer passes; or why none of it could be read.
fn judge(
    answer: &Answer,
    prompt: &Prompt,
    turns: &[Turn],
    curriculum: &Curriculum,
    baseline: &Findings,
) -> Result<Gated, String> {
    let draft = Draft::read(&answer.text)?;
    Ok(gate::pass(draft, prompt.talk(), turns, curriculum, baseline))
}
