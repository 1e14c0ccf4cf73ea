//! VAPI's messages as they come over the wire: the only place that knows their shape.
//!
//! Nothing here insists. VAPI adds types and fields every month, sends `null` for what it does not know, and its
//! captured messages differ from its documentation: what is missing or of another type is not there.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::phone::Phone;
use shared::session::{CostPart, SessionNews};
use shared::transcript::{Speaker, Turn};

const REPORT: &str = "end-of-call-report";
const STATUS: &str = "status-update";

/// VAPI cuts a call after twelve hours; nobody speaks so often in that time.
const MAX_TURNS: usize = 20_000;
const MAX_TURN_CHARS: usize = 8_000;
const MAX_FIELD_CHARS: usize = 200;
const MAX_URL_CHARS: usize = 2_000;
/// Entries of a report's list of costs: a call has about seven.
const MAX_COSTS: usize = 100;

/// The message in a webhook's body.
pub(super) struct Message(Value);

impl Message {
    /// `None`: no JSON, or no message in it.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut body: Value = serde_json::from_slice(body).ok()?;
        let message = body.get_mut("message")?.take();
        message.is_object().then_some(Self(message))
    }

    /// Whether a session is made or changed by it. All other types are heard and let go.
    pub(super) fn concerns_a_session(&self) -> bool {
        matches!(self.text("/type").as_deref(), Some(REPORT | STATUS))
    }

    /// What it tells about its call; `None` where it names none.
    pub(super) fn news(&self) -> Option<SessionNews> {
        let is_report = self.text("/type").as_deref() == Some(REPORT);
        let status = self.text("/status").unwrap_or_default();
        let sent_at = self.time("/timestamp");
        // A status is news of the moment it was sent; a report knows the times of the call.
        let at_status = |wanted: &str| if !is_report && status == wanted { sent_at } else { None };
        Some(SessionNews {
            call_id: self.text("/call/id")?,
            caller_phone: self
                .first(&["/customer/number", "/call/customer/number"])
                .and_then(|n| Phone::parse(&n).ok()),
            call_type: self.text("/call/type"),
            assistant_id: self.first(&["/call/assistantId", "/assistant/id"]),
            assistant_name: self.text("/assistant/name"),
            assistant_version: self.text("/assistantVersion"),
            started_at: self.time("/startedAt").or_else(|| at_status("in-progress")),
            ended_at: self.time("/endedAt").or_else(|| at_status("ended")),
            ended_reason: self.text("/endedReason"),
            cost_microusd: self.number("/cost").map(|usd| (usd * 1e6).round() as i64),
            cost_parts: self.cost_parts(),
            recording_url: self.url(&[
                "/artifact/recordingUrl",
                "/artifact/recording/mono/combinedUrl",
                "/recordingUrl",
            ]),
            is_report,
        })
    }

    /// The utterances, from `artifact.messages` alone: the labels in VAPI's transcript text are the customer's to change.
    pub(super) fn turns(&self) -> Vec<Turn> {
        let messages = self.0.pointer("/artifact/messages").and_then(Value::as_array);
        let first_at = messages.and_then(|all| all.iter().find_map(|m| instant(m.get("time")?)));
        let spoken = messages.into_iter().flatten().filter_map(|message| turn(message, first_at));
        let mut turns: Vec<Turn> = spoken.take(MAX_TURNS).collect();
        for (turn_no, turn) in (0..).zip(&mut turns) {
            turn.turn_no = turn_no;
        }
        turns
    }

    /// Parts of one kind are summed up: a call has a model's and another model's price.
    fn cost_parts(&self) -> Vec<CostPart> {
        let mut parts: Vec<CostPart> = Vec::new();
        let costs = self.0.pointer("/costs").and_then(Value::as_array);
        for cost in costs.into_iter().flatten().take(MAX_COSTS) {
            let part = cost.get("type").and_then(Value::as_str).map(|part| clean(part, MAX_FIELD_CHARS));
            let usd = cost.get("cost").and_then(Value::as_f64).filter(|usd| (0.0..1e9).contains(usd));
            let (Some(part), Some(usd)) = (part.filter(|part| !part.is_empty()), usd) else { continue };
            let microusd = (usd * 1e6).round() as i64;
            match parts.iter_mut().find(|known| known.part == part) {
                Some(known) => known.microusd += microusd,
                None => parts.push(CostPart { part, microusd }),
            }
        }
        parts
    }

    fn text(&self, pointer: &str) -> Option<String> {
        let text = match self.0.pointer(pointer)? {
            Value::String(text) => clean(text, MAX_FIELD_CHARS),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    fn first(&self, pointers: &[&str]) -> Option<String> {
        pointers.iter().find_map(|pointer| self.text(pointer))
    }

    fn number(&self, pointer: &str) -> Option<f64> {
        self.0.pointer(pointer)?.as_f64().filter(|number| (0.0..1e9).contains(number))
    }

    fn time(&self, pointer: &str) -> Option<DateTime<Utc>> {
        instant(self.0.pointer(pointer)?)
    }

    fn url(&self, pointers: &[&str]) -> Option<String> {
        let text = pointers.iter().find_map(|pointer| self.0.pointer(pointer)?.as_str())?;
        (text.starts_with("https://") && text.len() <= MAX_URL_CHARS).then(|| clean(text, MAX_URL_CHARS))
    }
}

/// `None` for what nobody said: prompts, tool calls, roles of tomorrow, silence.
fn turn(message: &Value, first_at: Option<DateTime<Utc>>) -> Option<Turn> {
    let speaker = match message.get("role")?.as_str()? {
        "user" => Speaker::Student,
        "bot" | "assistant" => Speaker::Tutor,
        _ => return None,
    };
    let text = clean(message.get("message")?.as_str()?, MAX_TURN_CHARS);
    if text.is_empty() {
        return None;
    }
    let seconds = message.get("secondsFromStart").and_then(Value::as_f64).map(|seconds| seconds * 1000.0);
    let since_first = || Some((instant(message.get("time")?)? - first_at?).num_milliseconds() as f64);
    let milliseconds = |value: f64| value.clamp(0.0, f64::from(i32::MAX)).round() as i32;
    Some(Turn {
        turn_no: 0,
        speaker,
        text,
        offset_ms: milliseconds(seconds.or_else(since_first).unwrap_or(0.0)),
        duration_ms: message.get("duration").and_then(Value::as_f64).map(milliseconds),
    })
}

/// Epoch milliseconds, as VAPI sends them now, or ISO 8601, as it did and still does in places. To the microsecond.
fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let instant = match value {
        Value::Number(number) => DateTime::from_timestamp_millis(number.as_f64()? as i64)?,
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok()?.to_utc(),
        _ => return None,
    };
    // Postgres and our readers know four digits of a year.
    let year = chrono::Datelike::year(&instant);
    let micros = instant.timestamp_micros();
    (1970..=9999).contains(&year).then(|| DateTime::from_timestamp_micros(micros))?
}

/// One line, of bounded length, without what Postgres cannot store or a terminal would obey.
fn clean(text: &str, max_chars: usize) -> String {
    let spaced = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let visible = spaced.filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'));
    let visible: String = visible.collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(message: &Value) -> Message {
        Message::read(json!({ "message": message }).to_string().as_bytes()).unwrap()
    }

    /// A call as VAPI reports it, cut down to one of each role.
    fn report() -> Value {
        json!({
            "type": "end-of-call-report",
            "endedReason": "customer-ended-call",
            "startedAt": "2026-11-20T16:02:11.412Z",
            "endedAt": "2026-11-20T16:03:33.712Z",
            "cost": 0.1073,
            "costs": [
                {"type": "model", "cost": 0.09}, {"type": "voice", "cost": 0.0112}, {"type": "model", "cost": 0.0061},
                {"type": "model", "cost": "much"}, {"cost": 1}
            ],
            "timestamp": 1_795_190_623_312_i64,
            "artifact": {
                "messages": [
                    {"role": "system", "message": "You are a tutor.", "time": 1_795_190_531_412_i64, "secondsFromStart": 0},
                    {"role": "tool_calls", "toolCalls": [], "message": "", "secondsFromStart": 0.42},
                    {"role": "tool_call_result", "result": "[]", "secondsFromStart": 0.78},
                    {"role": "bot", "message": "What is one half\u{0}  plus one third?", "secondsFromStart": 2.1, "duration": 4250},
                    {"role": "user", "message": "  ", "secondsFromStart": 3},
                    {"role": "user", "message": "Five sixths.", "time": 1_795_190_538_612_i64},
                    {"role": "choir", "message": "La la", "secondsFromStart": 9}
                ],
                "recordingUrl": "https://storage.example/mono.wav"
            },
            "call": {"id": "0b6d", "type": "inboundPhoneCall", "status": "queued", "assistantId": "c2a9",
                     "customer": {"number": "+14155550142"}},
            "assistant": {"name": "Milo"},
            "assistantVersion": 4,
            "somethingNew": {"deep": [1, 2, 3]}
        })
    }

    #[test]
    fn a_report_tells_all_there_is() {
        let news = message(&report()).news().unwrap();
        assert!(news.is_report);
        assert_eq!(news.call_id, "0b6d");
        assert_eq!(news.caller_phone.as_ref().map(Phone::as_str), Some("+14155550142"));
        assert_eq!(news.started_at.unwrap().to_rfc3339(), "2026-11-20T16:02:11.412+00:00");
        assert_eq!(news.cost_microusd, Some(107_300));
        assert_eq!(news.cost_parts.iter().map(|part| part.microusd).sum::<i64>(), 107_300);
        assert!(news.cost_parts.iter().any(|part| part.part == "voice" && part.microusd == 11_200));
        assert_eq!((news.assistant_id.as_deref(), news.assistant_version.as_deref()), (Some("c2a9"), Some("4")));
        assert_eq!(news.recording_url.as_deref(), Some("https://storage.example/mono.wav"));
    }

    #[test]
    fn turns_are_what_tutor_and_student_said() {
        let turns = message(&report()).turns();
        let shown: Vec<_> =
            turns.iter().map(|t| (t.turn_no, t.speaker, &t.text[..], t.offset_ms, t.duration_ms)).collect();
        assert_eq!(
            shown,
            [
                (0, Speaker::Tutor, "What is one half plus one third?", 2100, Some(4250)),
                (1, Speaker::Student, "Five sixths.", 7200, None),
            ]
        );
    }

    #[test]
    fn a_status_is_news_of_its_moment() {
        for (timestamp, status) in
            [(json!(1_795_190_531_462_i64), "in-progress"), (json!("2026-11-20T16:02:11.462Z"), "ended")]
        {
            let news = message(
                &json!({"type": "status-update", "status": status, "timestamp": timestamp, "call": {"id": "a"}}),
            );
            let news = news.news().unwrap();
            let expected = DateTime::from_timestamp_millis(1_795_190_531_462);
            assert!(!news.is_report);
            assert_eq!(
                (news.started_at, news.ended_at),
                if status == "ended" { (None, expected) } else { (expected, None) }
            );
        }
    }

    #[test]
    fn nothing_is_insisted_on_but_the_call() {
        let bare = message(&json!({"type": "end-of-call-report", "call": {"id": "a"}}));
        assert!(bare.news().is_some() && bare.turns().is_empty());
        assert!(message(&json!({"type": "end-of-call-report"})).news().is_none());
        let odd = json!({"type": "end-of-call-report", "cost": "much", "startedAt": 12.5, "endedAt": {}, "artifact": {"messages": "none"},
                         "customer": {"number": "anonymous"}, "call": {"id": "a", "type": null}, "timestamp": 1e300});
        let news = message(&odd).news().unwrap();
        assert!(news.caller_phone.is_none() && news.cost_microusd.is_none() && news.ended_at.is_none());
    }

    #[test]
    fn other_types_concern_no_session() {
        assert!(!message(&json!({"type": "transcript", "call": {"id": "a"}})).concerns_a_session());
        assert!(!message(&json!({"type": 7})).concerns_a_session());
        for body in ["", "[]", "{}", "{\"message\": 1}", "{\"message\": {\"type\": \"\\ud800\"}}"] {
            assert!(Message::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn a_turn_is_bounded_and_holds_nothing_invisible() {
        let long = json!({"role": "user", "message": "x".repeat(100_000), "secondsFromStart": 1e300, "duration": -5});
        let turn = super::turn(&long, None).unwrap();
        assert_eq!((turn.text.len(), turn.offset_ms, turn.duration_ms), (MAX_TURN_CHARS, i32::MAX, Some(0)));
        assert_eq!(clean("a\u{202e}b\u{0}\n c\u{e0041}", 9), "ab c");
    }
}
