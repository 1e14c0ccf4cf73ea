//! The id of an action, derived from the action itself. If a model or a retry repeats it, it is done once.

use uuid::Uuid;

use super::ToolContext;

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
