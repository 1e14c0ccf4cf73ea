//! The id of an action, derived from the action itself. If a model or a retry repeats it, it is done once.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use storage::db::Db;
use storage::id::StudentId;
use storage::tool_answer::{self, Begun};
use uuid::Uuid;

use super::{Answer, Definition, Outcome, ToolContext, ToolError};

/// The argument by which a client marks the repetitions of one call.
pub(crate) const KEY: &str = "idempotency_key";

/// The longest key.
const MAX_KEY: usize = 64;

/// Adds the key to a tool's arguments.
pub(super) fn with_key(mut schema: Map<String, Value>) -> Map<String, Value> {
    let key = json!({
        "type": "string", "maxLength": MAX_KEY,
        // Short: a model pays for it in each list.
        "description": "Marks a retry.",
    });
    schema["properties"][KEY] = key;
    schema
}

/// Whether the text can be a key: 1 to 64 visible ASCII characters.
pub(crate) fn is_key(text: &str) -> bool {
    (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Takes the key out of the arguments. `None`: there is none.
pub(super) fn take_key(arguments: &mut Map<String, Value>) -> Result<Option<String>, ToolError> {
    match arguments.remove(KEY) {
        Some(Value::String(key)) if is_key(&key) => Ok(Some(key)),
        Some(_) => Err(ToolError::invalid(format!(
            "`{KEY}` must be 1 to {MAX_KEY} visible ASCII characters, for example a UUID"
        ))),
        None => Ok(None),
    }
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    text: String,
    data: Value,
}

/// Answers a call with a key: runs the tool, or repeats the first answer and writes nothing.
pub(super) async fn answer(
    db: &Db,
    ctx: ToolContext<'_>,
    tool: &Definition,
    key: &str,
    arguments: &Value,
) -> Result<Answer, ToolError> {
    let line = &ctx.caller.line;
    let missing = line.missing.map_or("", |missing| missing.as_str());
    let call_id = line.call_id.as_deref();
    let parts = ["key", tool.name, &ctx.caller.actor.to_string(), call_id.unwrap_or_default(), missing, key];
    let id = made_of(parts.into_iter().map(str::to_owned));
    let phone = line.phone.as_ref().map_or("", |phone| phone.as_str());
    let hash = Sha256::digest(format!("{id}\n{phone}\n{}", canonical(arguments)));
    match tool_answer::begin(db, id, &hash, call_id, ctx.now).await? {
        Begun::Run => {}
        Begun::Running => return Err(ToolError::new(Outcome::Busy, STILL_RUNS)),
        Begun::OtherArguments => return Err(ToolError::invalid(USED)),
        Begun::Answered(kept, student_id) => {
            // What the caller may see can have changed since.
            if let Some(student_id) = student_id.filter(|_| !tool.is_always_heard) {
                ctx.permit(db, student_id).await?;
            }
            let Kept { text, data } = serde_json::from_value(kept).map_err(|_| ToolError::internal())?;
            return Ok(Answer { text, data });
        }
    }
    let answer = (tool.run)(db, ctx, arguments.clone()).await;
    match &answer {
        Ok(Answer { text, data }) => {
            let named = [data, arguments].iter().find_map(|of| StudentId::deserialize(&of["student_id"]).ok());
            let student_id = named.or(line.student_id).filter(|named| ctx.caller.reaches(*named).is_ok());
            let kept = json!({ "text": text, "data": data });
            tool_answer::finish(db, id, &kept, student_id).await?;
        }
        Err(_) => tool_answer::forget(db, id).await?,
    }
    answer
}

const STILL_RUNS: &str =
    "Not done: the first call with this `idempotency_key` still runs. Wait a second, then call again.";
const USED: &str = "`idempotency_key` was used with other arguments; use a new key for another call";

/// The arguments in the order of their names: a client may send them in any.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name, canonical(value))).collect();
            fields.sort();
            format!("{fields:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(canonical).collect::<Vec<_>>()),
        other => other.to_string(),
    }
}

/// Ours alone; it must never change, or what was done before an update could be done again after it.
const NAMESPACE: Uuid = Uuid::from_u128(0x3a2f_6f0e_5d0b_4b0c_9a55_7d1d_2f8e_61c4);

/// The id of what `tool` did with `words`. Within one telephone call, the same words are the same deed; off the telephone
/// within one day of one client.
pub(super) fn id(ctx: &ToolContext<'_>, tool: &str, words: &[&str]) -> Uuid {
    let place = place(ctx);
    let words = words.iter().map(|word| word.trim().to_lowercase());
    made_of([tool.to_owned(), place].into_iter().chain(words))
}

/// The call on the line; off the telephone, the day of a client.
fn place(ctx: &ToolContext<'_>) -> String {
    match &ctx.caller.line.call_id {
        Some(call_id) => format!("call {call_id}"),
        None => format!("{} {}", ctx.caller.actor, ctx.now.date_naive()),
    }
}

/// The key of all concerns of one category that the call raises; without a call, the number or the client on one day.
pub(super) fn group(ctx: &ToolContext<'_>, category: &str) -> String {
    let number = ctx.caller.line.phone.as_ref().filter(|_| ctx.caller.line.call_id.is_none());
    let place = match number {
        Some(phone) => format!("number {} {}", phone.as_str(), ctx.now.date_naive()),
        None => place(ctx),
    };
    made_of(["concern".to_owned(), place, category.to_owned()].into_iter()).to_string()
}

fn made_of(parts: impl Iterator<Item = String>) -> Uuid {
    // Lengths keep ("ab", "c") apart from ("a", "bc").
    let name: Vec<String> = parts.map(|part| format!("{}:{part}", part.len())).collect();
    Uuid::new_v5(&NAMESPACE, name.join("\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use storage::access::{Caller, ScopeSet};

    use super::*;

    fn id_of(call_id: Option<&str>, client: &str, now: DateTime<Utc>, words: &[&str]) -> Uuid {
        let mut caller = Caller::client(client, ScopeSet::all());
        caller.line.call_id = call_id.map(str::to_owned);
        id(&ToolContext { caller: &caller, registers_callers: false, now }, "record_evidence", words)
    }

    #[test]
    fn a_key_is_visible_and_arguments_have_no_order() {
        assert!(is_key("9b2e-1") && is_key(&"k".repeat(64)));
        assert!(!is_key("") && !is_key(&"k".repeat(65)) && !is_key("two words") && !is_key("é"));
        let read = |text: &str| canonical(&serde_json::from_str(text).unwrap());
        assert_eq!(read(r#"{"a":1,"b":[{"c":2,"d":3}]}"#), read(r#"{"b":[{"d":3,"c":2}],"a":1}"#));
        assert_ne!(read(r#"{"a":"1"}"#), read(r#"{"a":1}"#));
        assert_ne!(read(r#"["a","b"]"#), read(r#"["a\",\"b"]"#));
    }

    #[test]
    fn the_same_words_in_one_call_are_one_deed_whoever_tells_them_and_when() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let one = id_of(Some("call"), "c1", now, &["What is 2+2?", "correct"]);
        assert_eq!(one, id_of(Some("call"), "c2", now + TimeDelta::hours(1), &[" what is 2+2? ", "correct"]));
        assert_ne!(one, id_of(Some("other"), "c1", now, &["What is 2+2?", "correct"]));
        assert_ne!(one, id_of(Some("call"), "c1", now, &["What is 2+2?c", "orrect"]));
    }

    #[test]
    fn off_the_telephone_a_deed_is_one_for_a_day_of_a_client() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let one = id_of(None, "c1", now, &["a"]);
        assert_eq!(one, id_of(None, "c1", now + TimeDelta::minutes(5), &["a"]));
        assert_ne!(one, id_of(None, "c2", now, &["a"]));
        assert_ne!(one, id_of(None, "c1", now + TimeDelta::days(1), &["a"]));
    }
}
