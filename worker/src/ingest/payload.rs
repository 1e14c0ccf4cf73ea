//! VAPI's messages as they come over the wire: the only place that knows their shape.
//!
//! Nothing here insists. VAPI adds types and fields every month, sends `null` for what it does not know, and its
//! captured messages differ from its documentation: what is missing or of another type is not there.

use chrono::{DateTime, TimeDelta, Utc};
use domain::lenient_json;
use serde_json::Value;
use shared::authority::CallerNumber;
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

/// No provider lets a call last longer.
const MAX_CALL: TimeDelta = TimeDelta::hours(12);
/// Numbers below are seconds since 1970, numbers above are milliseconds: the year 5138 in one, 1973 in the other.
const FIRST_MILLIS: f64 = 1e11;
/// Before this there was no telephone tutor: a zero that was sent for "unknown".
const FIRST_YEAR: i32 = 2000;

/// The message in a webhook's body.
pub(super) struct Message {
    value: Value,
    /// What could not be read and was replaced, one sentence each.
    faults: Vec<String>,
}

/// What was said in a call, as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct Talk {
    pub turns: Vec<Turn>,
    /// True if the report holds words, and no turn could be read from them.
    pub is_unreadable: bool,
}

impl Message {
    /// Reads a body; unreadable characters and values are replaced. `None`: no JSON, or no message in it.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut repairs = lenient_json::Repairs::default();
        let mut body: Value = serde_json::from_slice(body)
            .or_else(|_| {
                let (text, repaired) = lenient_json::repair(body);
                repairs = repaired;
                serde_json::from_str(&text)
            })
            .ok()?;
        let value = body.get_mut("message")?.take();
        value.is_object().then(|| Self { value, faults: repairs.sentences() })
    }

    /// What of the report could not be read, one sentence each, for people.
    pub(super) fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Whether a session is made or changed by it. All other types are heard and let go.
    pub(super) fn concerns_a_session(&self) -> bool {
        matches!(self.text("/type").as_deref(), Some(REPORT | STATUS))
    }

    /// What it tells about its call; `None` where it names none.
    pub(super) fn news(&self, now: DateTime<Utc>) -> Option<SessionNews> {
        let is_report = self.text("/type").as_deref() == Some(REPORT);
        let status = self.text("/status").unwrap_or_default();
        let sent_at = self.time("/timestamp");
        // A status is news of the moment it was sent; a report knows the times of the call.
        let at_status = |wanted: &str| if !is_report && status == wanted { sent_at } else { None };
        let (started_at, ended_at) = span(
            self.time("/startedAt").or_else(|| at_status("in-progress")),
            self.time("/endedAt").or_else(|| at_status("ended")),
            now,
        );
        Some(SessionNews {
            call_id: self.text("/call/id")?,
            caller_phone: self.caller_phone(),
            call_type: self.text("/call/type"),
            assistant_id: self.first(&["/call/assistantId", "/assistant/id"]),
            assistant_name: self.text("/assistant/name"),
            assistant_version: self.text("/assistantVersion"),
            started_at,
            ended_at,
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

    /// Who calls, by the same rule as the tools of the call. `None`: withheld, or two places contradict each other.
    fn caller_phone(&self) -> Option<Phone> {
        let (of_call, of_message) = (self.text("/call/customer/number"), self.text("/customer/number"));
        CallerNumber::of_message(of_call.as_deref(), of_message.as_deref()).known()
    }

    /// The utterances, from the first place that has any. Lists of messages come before the transcript, whose labels are
    /// the customer's to change.
    pub(super) fn talk(&self) -> Talk {
        let lists =
            ["/artifact/messages", "/messages", "/artifact/messagesOpenAIFormatted", "/messagesOpenAIFormatted"];
        let lists = lists.iter().filter_map(|pointer| self.value.pointer(pointer)?.as_array());
        let transcripts = ["/artifact/transcript", "/transcript"];
        let transcripts = transcripts.iter().filter_map(|pointer| self.value.pointer(pointer)?.as_str());
        let mut turns = lists.clone().map(|list| spoken(list)).find(|turns| !turns.is_empty()).unwrap_or_default();
        if turns.is_empty() {
            turns = transcripts.clone().map(lines).find(|turns| !turns.is_empty()).unwrap_or_default();
        }
        let has_words = |list: &Vec<Value>| list.iter().any(|message| !is_ours(message) && words(message).is_some());
        let is_unreadable = turns.is_empty()
            && (lists.clone().any(has_words)
                || transcripts.clone().any(|text| !clean(text, MAX_TURN_CHARS).is_empty()));
        for (turn_no, turn) in (0..).zip(&mut turns) {
            turn.turn_no = turn_no;
        }
        Talk { turns, is_unreadable }
    }

    /// Parts of one kind are summed up: a call has a model's and another model's price.
    fn cost_parts(&self) -> Vec<CostPart> {
        let mut parts: Vec<CostPart> = Vec::new();
        let costs = self.value.pointer("/costs").and_then(Value::as_array);
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
        let text = match self.value.pointer(pointer)? {
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
        self.value.pointer(pointer)?.as_f64().filter(|number| (0.0..1e9).contains(number))
    }

    fn time(&self, pointer: &str) -> Option<DateTime<Utc>> {
        instant(self.value.pointer(pointer)?)
    }

    fn url(&self, pointers: &[&str]) -> Option<String> {
        let urls = pointers.iter().filter_map(|pointer| self.value.pointer(pointer)?.as_str());
        // Without TLS for storage of one's own: the dashboard decides what it fetches, by RECORDING_OWN_HOSTS.
        let is_web = |text: &str| text.starts_with("https://") || text.starts_with("http://");
        let mut usable = urls.filter(|text| is_web(text) && text.len() <= MAX_URL_CHARS);
        usable.next().map(|text| clean(text, MAX_URL_CHARS))
    }
}

/// Start and end of a call without what cannot be: times of long ago or in the future, an end before the start, and a
/// call of more than twelve hours.
fn span(
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let possible = |at: &DateTime<Utc>| chrono::Datelike::year(at) >= FIRST_YEAR && *at <= now + TimeDelta::days(1);
    let (start, end) = (start.filter(possible), end.filter(possible));
    match (start, end) {
        (Some(from), Some(to)) if to < from || to - from > MAX_CALL => (Some(from), None),
        span => span,
    }
}

/// The turns in a list of messages.
fn spoken(messages: &[Value]) -> Vec<Turn> {
    let first_at = messages.iter().find_map(|message| instant(message.get("time")?));
    messages.iter().filter_map(|message| turn(message, first_at)).take(MAX_TURNS).collect()
}

/// The turns in a transcript text: a line per turn, each with its speaker. Empty if a label is not known.
fn lines(transcript: &str) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for line in transcript.lines().filter(|line| !line.trim().is_empty()).take(MAX_TURNS) {
        let labelled = line.split_once(':').and_then(|(label, text)| Some((speaker(label.trim())?, text)));
        match (labelled, turns.last_mut()) {
            (Some((speaker, text)), _) => {
                let text = clean(text, MAX_TURN_CHARS);
                turns.push(Turn { turn_no: 0, speaker, text, offset_ms: 0, duration_ms: None });
            }
            // A line break inside an utterance.
            (None, Some(last)) => last.text = clean(&format!("{} {line}", last.text), MAX_TURN_CHARS),
            (None, None) => return Vec::new(),
        }
    }
    turns.retain(|turn| !turn.text.is_empty());
    turns
}

/// Who speaks, by the word that VAPI or its customer uses for them.
fn speaker(label: &str) -> Option<Speaker> {
    match label.to_lowercase().as_str() {
        "user" | "customer" | "student" | "human" | "caller" => Some(Speaker::Student),
        "bot" | "assistant" | "ai" | "tutor" | "agent" => Some(Speaker::Tutor),
        _ => None,
    }
}

/// A message of the service itself, which nobody said: prompts and tool calls.
fn is_ours(message: &Value) -> bool {
    let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
    matches!(role, "system" | "tool" | "developer" | "function") || role.starts_with("tool_call")
}

/// The words of a message: a text, or the text parts of a list.
fn words(message: &Value) -> Option<String> {
    let text = ["message", "content", "text"].iter().find_map(|key| match message.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.as_str().or_else(|| part.get("text")?.as_str()));
            Some(texts.collect::<Vec<_>>().join(" "))
        }
        _ => None,
    });
    Some(clean(&text?, MAX_TURN_CHARS)).filter(|text| !text.is_empty())
}

/// `None` for what nobody said: prompts, tool calls, unknown roles, silence.
fn turn(message: &Value, first_at: Option<DateTime<Utc>>) -> Option<Turn> {
    let speaker = speaker(message.get("role")?.as_str()?)?;
    let text = words(message)?;
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
        Value::Number(number) => {
            let number = number.as_f64()?;
            let millis = if number < FIRST_MILLIS { number * 1000.0 } else { number };
            DateTime::from_timestamp_millis(millis as i64)?
        }
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

    fn now() -> DateTime<Utc> {
        "2026-11-26T12:00:00Z".parse().unwrap()
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
        let news = message(&report()).news(now()).unwrap();
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
        let turns = message(&report()).talk().turns;
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
            let news = news.news(now()).unwrap();
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
        assert!(bare.news(now()).is_some() && bare.talk().turns.is_empty());
        assert!(message(&json!({"type": "end-of-call-report"})).news(now()).is_none());
        let odd = json!({"type": "end-of-call-report", "cost": "much", "startedAt": 12.5, "endedAt": {}, "artifact": {"messages": "none"},
                         "customer": {"number": "anonymous"}, "call": {"id": "a", "type": null}, "timestamp": 1e300});
        let news = message(&odd).news(now()).unwrap();
        assert!(news.caller_phone.is_none() && news.cost_microusd.is_none() && news.ended_at.is_none());
    }

    #[test]
    fn other_types_concern_no_session() {
        assert!(!message(&json!({"type": "transcript", "call": {"id": "a"}})).concerns_a_session());
        assert!(!message(&json!({"type": 7})).concerns_a_session());
        for body in ["", "[]", "{}", "{\"message\": 1}", "{\"message\": {\"type\": "] {
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

    #[test]
    fn one_bad_value_never_costs_the_call() {
        for (field, sentence) in [
            (r#""summary":"ok \ud83c""#, "1 unreadable character was replaced."),
            (r#""cost":1e999"#, "1 unreadable number was dropped."),
            (r#""x":"\q""#, "1 unreadable character was replaced."),
        ] {
            let body = format!(
                r#"{{"message":{{"type":"end-of-call-report","call":{{"id":"c"}},{field},"artifact":{{"messages":[{{"role":"user","message":"It is 7."}}]}}}}}}"#
            );
            let message = Message::read(body.as_bytes()).unwrap();
            assert_eq!(message.talk().turns[0].text, "It is 7.", "{field}");
            assert_eq!(message.faults(), [sentence], "{field}");
        }
    }

    #[test]
    fn words_are_read_in_every_place_that_has_them() {
        let said = json!([{"role": "system", "content": "You tutor."}, {"role": "assistant", "content": "What is 3 plus 4?"},
                          {"role": "user", "content": [{"type": "text", "text": "It is 7."}]}]);
        let text = "AI: What is 3 plus 4?\nUser: It is\n7.\n";
        for report in [
            json!({"artifact": {"messages": said}}),
            json!({"messages": [{"role": "bot", "message": "What is 3 plus 4?"}, {"role": "user", "message": "It is 7."}]}),
            json!({"artifact": {"messages": [], "messagesOpenAIFormatted": said}}),
            json!({"artifact": {"transcript": text}}),
            json!({"transcript": text, "artifact": {"messages": null}}),
        ] {
            let talk = message(&report).talk();
            let texts: Vec<_> = talk.turns.iter().map(|turn| (turn.turn_no, turn.speaker, &turn.text[..])).collect();
            let expected = [(0, Speaker::Tutor, "What is 3 plus 4?"), (1, Speaker::Student, "It is 7.")];
            assert_eq!((texts.as_slice(), talk.is_unreadable), (&expected[..], false), "{report}");
        }
    }

    #[test]
    fn words_that_cannot_be_read_are_not_silence() {
        for report in [
            json!({"transcript": "Milo: What is 3 plus 4?\nMaya: It is 7."}),
            json!({"artifact": {"messages": [{"role": "speaker_0", "message": "It is 7."}]}}),
        ] {
            let talk = message(&report).talk();
            assert!(talk.is_unreadable && talk.turns.is_empty(), "{report}");
        }
        for silent in [
            json!({"transcript": "", "artifact": {"messages": [{"role": "system", "message": "You tutor."}]}}),
            json!({"artifact": {"messages": [{"role": "tool_calls", "message": "x"}, {"role": "user", "message": " "}]}}),
            json!({}),
        ] {
            assert!(!message(&silent).talk().is_unreadable, "{silent}");
        }
    }

    #[test]
    fn impossible_times_are_unknown() {
        let times = |start: Value, end: Value| {
            let report = json!({"type": "end-of-call-report", "call": {"id": "a"}, "startedAt": start, "endedAt": end});
            let news = message(&report).news(now()).unwrap();
            let text =
                |at: Option<DateTime<Utc>>| at.map(|at| at.format("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default();
            (text(news.started_at), text(news.ended_at))
        };
        let both = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(
            times(json!("1970-01-01T00:00:00.000Z"), json!("2026-10-26T11:00:00Z")),
            both("", "2026-10-26T11:00")
        );
        assert_eq!(times(json!(0), json!(0)), both("", ""));
        assert_eq!(times(json!(1_795_690_500), json!(1_795_690_560)), both("2026-11-26T10:55", "2026-11-26T10:56"));
        assert_eq!(times(json!("2027-12-31T00:00:00Z"), json!(null)), both("", ""));
        assert_eq!(times(json!("2026-11-26T10:00:00Z"), json!("2026-11-26T09:00:00Z")), both("2026-11-26T10:00", ""));
        assert_eq!(times(json!("2026-11-24T10:00:00Z"), json!("2026-11-26T09:00:00Z")), both("2026-11-24T10:00", ""));
    }

    #[test]
    fn an_empty_first_address_does_not_hide_the_second() {
        let report = json!({"type": "end-of-call-report", "call": {"id": "a"},
                            "artifact": {"recordingUrl": "", "recording": {"mono": {"combinedUrl": "https://storage.example/a.wav"}}}});
        let news = message(&report).news(now()).unwrap();
        assert_eq!(news.recording_url.as_deref(), Some("https://storage.example/a.wav"));
        let own = json!({"type": "end-of-call-report", "call": {"id": "a"},
                         "artifact": {"recordingUrl": "http://127.0.0.1:24100/a.wav"}});
        assert_eq!(message(&own).news(now()).unwrap().recording_url.as_deref(), Some("http://127.0.0.1:24100/a.wav"));
        let odd = json!({"type": "end-of-call-report", "call": {"id": "a"}, "artifact": {"recordingUrl": "file:///etc/passwd"}});
        assert_eq!(message(&odd).news(now()).unwrap().recording_url, None);
    }
}
