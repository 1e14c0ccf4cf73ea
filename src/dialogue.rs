//! Labelled tutoring dialogues, and how one looks as VAPI would report it.

use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::phone::Phone;

/// One dialogue, one JSON object.
#[derive(Clone, Debug, Deserialize)]
pub struct Dialogue {
    pub id: String,
    pub turns: Vec<DialogueTurn>,
}

/// A turn of a dialogue that is played.
#[derive(Clone, Debug, Deserialize)]
pub struct DialogueTurn {
    /// `assistant` (or `tutor`), or `student`.
    pub role: String,
    pub text: String,
}

/// Reads one JSON object, a list of them, or one a line.
pub fn read_dialogues(file: &Path) -> anyhow::Result<Vec<Dialogue>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    parse_dialogues(&text).with_context(|| format!("{} holds no dialogues", file.display()))
}

/// Reads one JSON object, a list of them, or one a line.
pub fn parse_dialogues(text: &str) -> anyhow::Result<Vec<Dialogue>> {
    if let Ok(list) = serde_json::from_str::<Vec<Dialogue>>(text) {
        return Ok(list);
    }
    if let Ok(one) = serde_json::from_str::<Dialogue>(text) {
        return Ok(vec![one]);
    }
    let mut dialogues = Vec::new();
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        dialogues.push(serde_json::from_str(line).with_context(|| format!("line {}", i + 1))?);
    }
    if dialogues.is_empty() {
        bail!("the file is empty");
    }
    Ok(dialogues)
}

/// How fast people speak, and how long they wait before they do.
const MS_PER_WORD: i64 = 350;
const PAUSE_MS: i64 = 900;

impl Dialogue {
    /// The same dialogue with another student's name in the tutor's greeting.
    pub fn addressed_to(&self, first_name: &str) -> Self {
        let mut dialogue = self.clone();
        for turn in dialogue.turns.iter_mut().filter(|turn| turn.role != "student").take(1) {
            let greeted = turn.text.strip_prefix("Hi ").and_then(|rest| {
                let (name, rest) = rest.split_at(rest.find([',', ' ']).unwrap_or(rest.len()));
                name.starts_with(char::is_uppercase).then(|| format!("Hi {first_name}{rest}"))
            });
            turn.text = greeted.unwrap_or_else(|| std::mem::take(&mut turn.text));
        }
        dialogue
    }

    /// The end-of-call report that VAPI would send of this dialogue, had it ended at `ended_at`.
    pub fn as_report(&self, call_id: &str, phone: &Phone, ended_at: DateTime<Utc>) -> Value {
        let spoken: Vec<(&DialogueTurn, i64)> =
            self.turns.iter().map(|turn| (turn, turn.text.split_whitespace().count() as i64 * MS_PER_WORD)).collect();
        let total_ms: i64 = spoken.iter().map(|(_, ms)| ms + PAUSE_MS).sum();
        let started_at = ended_at - Duration::milliseconds(total_ms);
        let mut offset_ms = 0;
        let mut messages = vec![json!({
            "role": "system",
            "message": "You are a patient tutor on the phone. Ask one question at a time.",
            "time": started_at.timestamp_millis(),
            "secondsFromStart": 0,
        })];
        for (turn, duration_ms) in spoken {
            offset_ms += PAUSE_MS;
            let time = started_at.timestamp_millis() + offset_ms;
            messages.push(json!({
                "role": if turn.role == "student" { "user" } else { "bot" },
                "message": turn.text,
                "time": time,
                "endTime": time + duration_ms,
                "secondsFromStart": offset_ms as f64 / 1000.0,
                "duration": duration_ms,
            }));
            offset_ms += duration_ms;
        }
        json!({ "message": {
            "type": "end-of-call-report",
            "endedReason": "customer-ended-call",
            "startedAt": started_at,
            "endedAt": ended_at,
            "timestamp": ended_at.timestamp_millis(),
            "analysis": {},
            "artifact": { "messages": messages },
            "call": {
                "id": call_id,
                "orgId": "simulated",
                "type": "inboundPhoneCall",
                "createdAt": started_at,
                "updatedAt": started_at,
                "customer": { "number": phone.as_str() },
            },
            "customer": { "number": phone.as_str() },
            "assistant": { "name": "Simulated tutor" },
        }})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tutor_greets_the_student_who_calls() {
        let one = r#"{"id":"a","turns":[{"role":"assistant","text":"TEXT"},{"role":"student","text":"Hi Steven"}]}"#;
        let greeting = |text: &str| parse_dialogues(&one.replace("TEXT", text)).unwrap()[0].addressed_to("Amara");
        assert_eq!(greeting("Hi Steven, how many?").turns[0].text, "Hi Amara, how many?");
        assert_eq!(greeting("Hi Claire talk me through it").turns[0].text, "Hi Amara talk me through it");
        assert_eq!(greeting("If the soda is 3").turns[0].text, "If the soda is 3");
        assert_eq!(greeting("Hi there").turns[0].text, "Hi there");
        assert_eq!(greeting("Hi Steven").turns[1].text, "Hi Steven");
    }

    #[test]
    fn dialogues_are_read_from_lines_a_list_or_one_object() {
        let one = r#"{"id":"a","turns":[{"role":"student","text":"Hi"}]}"#;
        assert_eq!(parse_dialogues(one).unwrap().len(), 1);
        assert_eq!(parse_dialogues(&format!("[{one},{one}]")).unwrap().len(), 2);
        assert_eq!(parse_dialogues(&format!("{one}\n\n{one}\n{one}\n")).unwrap().len(), 3);
        let error = parse_dialogues(&format!("{one}\nnonsense")).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        assert!(parse_dialogues("").is_err());
    }

    #[test]
    fn a_report_holds_the_turns_in_time() {
        let dialogue = parse_dialogues(
            r#"{"id":"a","turns":[{"role":"assistant","text":"What is two plus two?"},{"role":"student","text":"Four"}]}"#,
        );
        let ended_at: DateTime<Utc> = "2026-11-20T16:00:00Z".parse().unwrap();
        let phone = Phone::parse("+14155550142").unwrap();
        let report = dialogue.unwrap()[0].as_report("call-1", &phone, ended_at);
        let messages = report["message"]["artifact"]["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 3);
        assert_eq!((&messages[1]["role"], &messages[2]["role"]), (&json!("bot"), &json!("user")));
        assert!(messages[2]["time"].as_i64() > messages[1]["endTime"].as_i64());
        assert_eq!(messages[2]["endTime"].as_i64(), Some(ended_at.timestamp_millis()));
    }
}
