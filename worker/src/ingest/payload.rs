//! What the reports and status updates of VAPI say of a call.
//!
//! Nothing here insists: a value that is missing or of another type is absent, and the rest of the report is kept.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde_json::Value;
use storage::server_message::{ServerMessage, instant, number, one_line};
use storage::session::{CostPart, SessionNews};
use storage::transcript::{Speaker, Turn};

const REPORT: &str = "end-of-call-report";
const STATUS: &str = "status-update";

/// VAPI ends a call after twelve hours. No one speaks this many times in that period.
const MAX_TURNS: usize = 20_000;
const MAX_TURN_CHARS: usize = 8_000;
const MAX_FIELD_CHARS: usize = 200;
/// Entries of a report's list of costs: a call has about seven.
const MAX_COSTS: usize = 100;
/// Dollars from here on are no price of a call.
const MAX_USD: f64 = 1e9;

/// No provider lets a call last longer.
const MAX_CALL: TimeDelta = TimeDelta::hours(12);
/// Before this there was no telephone tutor: a zero that was sent for "unknown".
const FIRST_YEAR: i32 = 2000;

/// Lists of messages, and texts or lists of a transcript, in the order in which they are believed. A call's last messages
/// are complete in the artifact only.
const LISTS: [&str; 10] = [
    "/artifact/messages",
    "/messages",
    "/artifact/messagesOpenAIFormatted",
    "/messagesOpenAIFormatted",
    "/artifact/transcript",
    "/transcript",
    "/call/artifact/messages",
    "/call/messages",
    "/artifact/conversation",
    "/conversation",
];
const TRANSCRIPTS: [&str; 4] = ["/artifact/transcript", "/transcript", "/call/artifact/transcript", "/call/transcript"];

/// A message about a session.
pub(crate) struct Report<'a>(pub &'a ServerMessage);

/// What was said in a call, as far as it could be read.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    pub turns: Vec<Turn>,
    /// True if the report holds words, and the student's could not be read from them.
    pub is_unreadable: bool,
    /// Messages with words by a speaker of an unknown role, beside turns that could be read.
    pub n_left_out: usize,
}

impl Report<'_> {
    /// Whether a session is made or changed by it. All other types are heard and let go.
    pub(crate) fn concerns_a_session(&self) -> bool {
        matches!(self.0.r#type().as_deref(), Some(REPORT | STATUS))
    }

    /// Returns what the message says about its call, or `None` if it names no call. A message without a time counts as
    /// sent when it was received.
    pub(crate) fn news(&self, received_at: DateTime<Utc>) -> Option<SessionNews> {
        let message = self.0;
        let is_report = message.r#type().as_deref() == Some(REPORT);
        let status = message.text("/status").unwrap_or_default();
        let sent_at = message.sent_at().filter(|at| is_possible(*at, received_at)).unwrap_or(received_at);
        // A status is news of the moment it was sent; a report knows the times of the call.
        let at_status = |wanted: &str| (!is_report && status == wanted).then_some(sent_at);
        let (started_at, ended_at) = span(
            message.time("/startedAt").or_else(|| at_status("in-progress")),
            message.time("/endedAt").or_else(|| at_status("ended")),
            received_at,
        );
        Some(SessionNews {
            call_id: message.call_id()?,
            caller_phone: message.caller_phone(),
            call_type: message.text("/call/type"),
            assistant_id: message.first(&["/call/assistantId", "/assistant/id"]),
            assistant_name: message.text("/assistant/name"),
            assistant_version: message.text("/assistantVersion"),
            started_at,
            ended_at,
            ended_reason: message.text("/endedReason"),
            cost_microusd: message.get("/cost").and_then(microusd),
            cost_parts: self.cost_parts(),
            recording_url: message.url(&[
                "/artifact/recordingUrl",
                "/artifact/recording/mono/combinedUrl",
                "/recordingUrl",
            ]),
            is_report,
            ..SessionNews::default()
        })
    }

    /// The utterances, from the first place from which a student's can be read. Lists of messages come before the transcript,
    /// whose labels are the customer's to change. Without any of a student's words, those of the tutor count only if nothing
    /// was said by an unknown speaker: an unreadable student is not a silent one.
    pub(crate) fn talk(&self) -> Talk {
        let lists = LISTS.iter().filter_map(|pointer| match self.0.get(pointer)? {
            Value::Array(messages) => Some(spoken(messages)),
            message @ Value::Object(_) => Some(spoken(std::slice::from_ref(message))),
            _ => None,
        });
        let transcripts = TRANSCRIPTS.iter().filter_map(|pointer| self.0.get(pointer)?.as_str()).map(lines);
        let mut readings: Vec<Talk> = lists.chain(transcripts).collect();
        let has_student = |talk: &Talk| talk.turns.iter().any(|turn| turn.speaker == Speaker::Student);
        let has_words = readings.iter().any(|talk| !talk.turns.is_empty() || talk.n_left_out > 0);
        let is_whole = |talk: &Talk| !talk.turns.is_empty() && talk.n_left_out == 0;
        let best = readings.iter().position(has_student).or_else(|| {
            let is_hidden = readings.iter().any(|talk| talk.n_left_out > 0);
            readings.iter().position(is_whole).filter(|_| !is_hidden)
        });
        let Some(best) = best else { return Talk { is_unreadable: has_words, ..Talk::default() } };
        let mut talk = readings.swap_remove(best);
        for (turn_no, turn) in (0..).zip(&mut talk.turns) {
            turn.turn_no = turn_no;
        }
        talk
    }

    /// Parts of one kind are summed up: a call has a model's and another model's price.
    fn cost_parts(&self) -> Vec<CostPart> {
        let mut parts: Vec<CostPart> = Vec::new();
        let costs = self.0.get("/costs").and_then(Value::as_array);
        for cost in costs.into_iter().flatten().take(MAX_COSTS) {
            let part = cost.get("type").and_then(Value::as_str).map(|part| one_line(part, MAX_FIELD_CHARS));
            let microusd = cost.get("cost").and_then(microusd);
            let (Some(part), Some(microusd)) = (part.filter(|part| !part.is_empty()), microusd) else { continue };
            match parts.iter_mut().find(|known| known.part == part) {
                Some(known) => known.microusd += microusd,
                None => parts.push(CostPart { part, microusd }),
            }
        }
        parts
    }
}

/// A price in millionths of a dollar.
pub(crate) fn microusd(usd: &Value) -> Option<i64> {
    number(usd).filter(|usd| (0.0..MAX_USD).contains(usd)).map(|usd| (usd * 1e6).round() as i64)
}

fn is_possible(at: DateTime<Utc>, received_at: DateTime<Utc>) -> bool {
    at.year() >= FIRST_YEAR && at <= received_at + TimeDelta::days(1)
}

/// Start and end of a call without what cannot be: times of long ago or in the future, an end before the start, and a
/// call of more than twelve hours.
fn span(
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    let possible = |at: &DateTime<Utc>| is_possible(*at, received_at);
    let (start, end) = (start.filter(possible), end.filter(possible));
    match (start, end) {
        (Some(from), Some(to)) if to < from || to - from > MAX_CALL => (Some(from), None),
        span => span,
    }
}

/// The turns in a list of messages.
fn spoken(messages: &[Value]) -> Talk {
    let first_at = messages.iter().find_map(|message| instant(message.get("time")?));
    let mut talk = Talk::default();
    for message in messages.iter().take(MAX_TURNS) {
        match turn(message, first_at) {
            Some(turn) => talk.turns.push(turn),
            None if has_lost_words(message) => talk.n_left_out += 1,
            None => {}
        }
    }
    talk
}

/// Returns whether a message has words without a known speaker.
fn has_lost_words(message: &Value) -> bool {
    let role = role(message).unwrap_or_default();
    let is_ours =
        matches!(role.as_str(), "system" | "tool" | "developer" | "function") || role.starts_with("tool_call");
    !is_ours && speaker(&role).is_none() && words(message).is_some()
}

/// The turns in a transcript text: a line per turn, each with its speaker. A line without a label continues the one before.
/// A line whose label is no known speaker's is left out, with the lines that continue it.
fn lines(transcript: &str) -> Talk {
    let mut talk = Talk::default();
    let mut is_left_out = true;
    for line in transcript.lines().filter(|line| !one_line(line, 1).is_empty()).take(MAX_TURNS) {
        let (label, text) = line.split_once(':').unwrap_or(("", line));
        let label = one_line(label, MAX_FIELD_CHARS);
        if let Some(speaker) = speaker(&label.to_lowercase()) {
            let text = one_line(text, MAX_TURN_CHARS);
            talk.turns.push(Turn { turn_no: 0, speaker, text, offset_ms: 0, duration_ms: None });
            is_left_out = false;
            continue;
        }
        is_left_out |= label.starts_with(char::is_alphabetic) && label.split(' ').count() <= 2;
        match talk.turns.last_mut() {
            // A line break inside an utterance.
            Some(last) if !is_left_out => last.text = one_line(&format!("{} {line}", last.text), MAX_TURN_CHARS),
            _ => talk.n_left_out += 1,
        }
    }
    talk.turns.retain(|turn| !turn.text.is_empty());
    talk
}

fn role(message: &Value) -> Option<String> {
    let role = ["role", "speaker"].iter().find_map(|key| message.get(key)?.as_str())?;
    Some(role.trim().to_lowercase())
}

/// Who speaks, by the word that VAPI or its customer uses for them.
fn speaker(label: &str) -> Option<Speaker> {
    match label {
        "user" | "customer" | "student" | "human" | "caller" | "child" | "learner" => Some(Speaker::Student),
        "bot" | "assistant" | "ai" | "tutor" | "agent" | "teacher" => Some(Speaker::Tutor),
        _ => None,
    }
}

/// The words of a message: a text, or the text parts of a list.
fn words(message: &Value) -> Option<String> {
    let texts = ["message", "content", "text", "transcript"].iter().map(|key| {
        let mut found = Vec::new();
        collect_texts(&message[*key], 3, &mut found);
        one_line(&found.join(" "), MAX_TURN_CHARS)
    });
    texts.into_iter().find(|text| !text.is_empty())
}

fn collect_texts<'a>(value: &'a Value, depth: usize, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(parts) if depth > 0 => parts.iter().for_each(|part| collect_texts(part, depth - 1, found)),
        Value::Object(part) if depth > 0 => {
            let text = ["text", "value", "content"].iter().find_map(|key| part.get(*key));
            if let Some(text) = text {
                collect_texts(text, depth - 1, found);
            }
        }
        _ => {}
    }
}

/// Returns `None` for entries that no person said: prompts, tool calls, unknown roles, silence.
fn turn(message: &Value, first_at: Option<DateTime<Utc>>) -> Option<Turn> {
    let speaker = speaker(&role(message)?)?;
    let text = words(message)?;
    let seconds = message.get("secondsFromStart").and_then(number).map(|seconds| seconds * 1000.0);
    let since_first = || Some((instant(message.get("time")?)? - first_at?).num_milliseconds() as f64);
    let milliseconds = |value: f64| value.clamp(0.0, f64::from(i32::MAX)).round() as i32;
    Some(Turn {
        turn_no: 0,
        speaker,
        text,
        offset_ms: milliseconds(seconds.or_else(since_first).unwrap_or(0.0)),
        duration_ms: message.get("duration").and_then(number).map(milliseconds),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use storage::phone::Phone;

    use super::*;

    fn message(message: &Value) -> ServerMessage {
        ServerMessage::read(json!({ "message": message }).to_string().as_bytes()).unwrap()
    }

    fn talk(report: &Value) -> Talk {
        Report(&message(report)).talk()
    }

    fn news(report: &Value) -> Option<SessionNews> {
        Report(&message(report)).news(now())
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
        let news = news(&report()).unwrap();
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
        let turns = talk(&report()).turns;
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
            let news =
                news(&json!({"type": "status-update", "status": status, "timestamp": timestamp, "call": {"id": "a"}}));
            let news = news.unwrap();
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
        let bare = json!({"type": "end-of-call-report", "call": {"id": "a"}});
        assert!(news(&bare).is_some() && talk(&bare).turns.is_empty());
        assert!(news(&json!({"type": "end-of-call-report"})).is_none());
        let odd = json!({"type": "end-of-call-report", "cost": "much", "startedAt": 12.5, "endedAt": {}, "artifact": {"messages": "none"},
                         "customer": {"number": "anonymous"}, "call": {"id": "a", "type": null}, "timestamp": 1e300});
        let news = news(&odd).unwrap();
        assert!(news.caller_phone.is_none() && news.cost_microusd.is_none() && news.ended_at.is_none());
    }

    #[test]
    fn other_types_concern_no_session() {
        for other in [json!({"type": "transcript", "call": {"id": "a"}}), json!({"type": 7}), json!({})] {
            assert!(!Report(&message(&other)).concerns_a_session(), "{other}");
        }
    }

    #[test]
    fn a_turn_is_bounded_and_holds_nothing_invisible() {
        let long = json!({"role": "user", "message": "x".repeat(100_000), "secondsFromStart": 1e300, "duration": -5});
        let turn = super::turn(&long, None).unwrap();
        assert_eq!((turn.text.len(), turn.offset_ms, turn.duration_ms), (MAX_TURN_CHARS, i32::MAX, Some(0)));
        assert_eq!(one_line("a\u{202e}b\u{0}\n c\u{e0041}", 9), "ab c");
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
            let message = ServerMessage::read(body.as_bytes()).unwrap();
            assert_eq!(Report(&message).talk().turns[0].text, "It is 7.", "{field}");
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
            let talk = talk(&report);
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
            let talk = talk(&report);
            assert!(talk.is_unreadable && talk.turns.is_empty(), "{report}");
        }
        for silent in [
            json!({"transcript": "", "artifact": {"messages": [{"role": "system", "message": "You tutor."}]}}),
            json!({"artifact": {"messages": [{"role": "tool_calls", "message": "x"}, {"role": "user", "message": " "}]}}),
            json!({}),
        ] {
            assert!(!talk(&silent).is_unreadable, "{silent}");
        }
    }

    #[test]
    fn impossible_times_are_unknown() {
        let times = |start: Value, end: Value| {
            let report = json!({"type": "end-of-call-report", "call": {"id": "a"}, "startedAt": start, "endedAt": end});
            let news = news(&report).unwrap();
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

    /// `expected`: T and S for each turn that was read, `!` if the words are unreadable, then how many were left out.
    #[test]
    fn who_said_it_is_read_from_every_word_for_it() {
        let list = |said: &[(&str, &str)]| {
            let message = |(role, text): &(&str, &str)| json!({ "role": role, "message": text });
            json!({ "artifact": { "messages": said.iter().map(message).collect::<Vec<_>>() } })
        };
        let text = |text: &str| json!({ "transcript": text });
        for (report, expected) in [
            (list(&[("bot", "3 + 4?"), ("user", "7")]), "TS 0"),
            (list(&[("assistant", "3 + 4?"), ("customer", "7")]), "TS 0"),
            (list(&[("AI", "3 + 4?"), (" Student ", "7")]), "TS 0"),
            (list(&[("tutor", "3 + 4?"), ("human", "7"), ("caller", "8"), ("child", "9")]), "TSSS 0"),
            (
                list(&[
                    ("system", "Tutor."),
                    ("developer", "x"),
                    ("tool", "x"),
                    ("function", "x"),
                    ("bot", "Hi"),
                    ("user", "7"),
                ]),
                "TS 0",
            ),
            (list(&[("bot", "3 + 4?"), ("tool_calls", "x"), ("tool_call_result", "x"), ("user", "7")]), "TS 0"),
            (list(&[("bot", "3 + 4?"), ("speaker_1", "7")]), "! 0"),
            (list(&[("bot", "3 + 4?"), ("speaker_1", "7"), ("user", "8")]), "TS 1"),
            (list(&[("bot", "Hello?"), ("bot", "Anybody there?")]), "TT 0"),
            (list(&[("bot", "Hello?"), ("user", " "), ("user", "\u{200b}")]), "T 0"),
            (list(&[("", "7")]), "! 0"),
            (list(&[]), " 0"),
            (json!({ "messages": [7, null, "7", [], {}, { "role": 7, "message": "7" }, { "role": "user" }] }), "! 0"),
            (json!({ "messages": { "role": "user", "message": "7" } }), "S 0"),
            (text("AI: 3 + 4?\nUser: 7\n"), "TS 0"),
            (text("Assistant: 3 + 4?\r\n\r\nCustomer: 7"), "TS 0"),
            (text("AI: 3 + 4?\nUser: It is\nseven.\n"), "TS 0"),
            (text("AI: 3 + 4?\nMaya: 7\n"), "! 0"),
            (text("AI: 3 + 4?\nMaya: 7\nUser: 8"), "TS 1"),
            (text("Milo: 3 + 4?\nUser: 7"), "S 1"),
            (text("It is 7."), "! 0"),
            (text(" \n\u{200b}\n"), " 0"),
            (text("User:"), " 0"),
        ] {
            let talk = talk(&report);
            let turns: String =
                talk.turns.iter().map(|turn| if turn.speaker == Speaker::Tutor { 'T' } else { 'S' }).collect();
            let told = format!("{turns}{} {}", if talk.is_unreadable { "!" } else { "" }, talk.n_left_out);
            assert_eq!(told, expected, "{report}");
        }
    }

    #[test]
    fn the_words_of_the_student_are_found_in_every_place() {
        let silent = json!([{ "role": "bot", "message": "3 + 4?" }, { "role": "speaker_1", "message": "7" }]);
        let said = json!([{ "role": "bot", "message": "3 + 4?" }, { "role": "user", "message": "It is 7." }]);
        let text = "AI: 3 + 4?\nUser: It is 7.";
        for report in [
            json!({ "call": { "messages": said } }),
            json!({ "call": { "artifact": { "messages": said } } }),
            json!({ "call": { "transcript": text } }),
            json!({ "conversation": said }),
            json!({ "artifact": { "conversation": said } }),
            json!({ "transcript": said }),
            json!({ "artifact": { "transcript": said, "messages": "see transcript" } }),
            json!({ "artifact": { "messages": silent, "messagesOpenAIFormatted": said } }),
            json!({ "artifact": { "messages": silent }, "transcript": text }),
            json!({ "artifact": { "messages": [{ "role": "bot", "message": "3 + 4?" }] }, "messages": said }),
            json!({ "messages": [{ "role": "bot", "content": { "text": "3 + 4?" } }, { "role": "user", "content": { "text": "It is 7." } }] }),
            json!({ "messages": [{ "role": "bot", "message": "", "content": "3 + 4?" }, { "role": "user", "message": null, "text": "It is 7." }] }),
            json!({ "messages": [{ "role": "bot", "content": ["3 + 4?"] },
                { "role": "user", "content": [{ "type": "text", "text": { "value": "It is" } }, { "type": "image" }, { "type": "output_text", "text": "7." }] }] }),
            json!({ "messages": [{ "speaker": "bot", "transcript": "3 + 4?" }, { "speaker": "user", "transcript": "It is 7." }] }),
        ] {
            let texts: Vec<String> = talk(&report).turns.into_iter().map(|turn| turn.text).collect();
            assert_eq!(texts, ["3 + 4?", "It is 7."], "{report}");
        }
    }

    #[test]
    fn a_status_without_a_time_is_of_the_moment_it_came() {
        for timestamp in [json!(null), json!(0), json!("soon"), json!("2027-12-31T00:00:00Z"), json!([])] {
            let ended =
                json!({ "type": "status-update", "status": "ended", "call": { "id": "a" }, "timestamp": timestamp });
            assert_eq!(news(&ended).unwrap().ended_at, Some(now()), "{timestamp}");
        }
        let report = json!({ "type": "end-of-call-report", "status": "ended", "call": { "id": "a" } });
        assert_eq!(news(&report).unwrap().ended_at, None, "a report knows the times of the call");
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        let cost = |cost: Value| {
            news(&json!({ "type": "end-of-call-report", "call": { "id": "a" }, "cost": cost })).unwrap().cost_microusd
        };
        for (value, expected) in [
            (json!("0.1073"), Some(107_300)),
            (json!(2), Some(2_000_000)),
            (json!(-0.0), Some(0)),
            (json!("NaN"), None),
            (json!("1e999"), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!(true), None),
            (json!([1]), None),
        ] {
            assert_eq!(cost(value.clone()), expected, "{value}");
        }
        let turn = |seconds: Value, duration: Value| {
            let turn = super::turn(
                &json!({ "role": "user", "message": "7", "secondsFromStart": seconds, "duration": duration }),
                None,
            );
            turn.map(|turn| (turn.offset_ms, turn.duration_ms)).unwrap()
        };
        assert_eq!(turn(json!("4.2"), json!("1500")), (4200, Some(1500)));
        assert_eq!(turn(json!(-0.0), json!(-7)), (0, Some(0)));
        assert_eq!(turn(json!("NaN"), json!({})), (0, None));
        assert_eq!(turn(json!(u64::MAX), json!(null)), (i32::MAX, None));
    }

    #[test]
    fn no_field_of_another_type_costs_the_call() {
        let fields = [
            "/endedReason",
            "/startedAt",
            "/endedAt",
            "/timestamp",
            "/cost",
            "/costs",
            "/assistantVersion",
            "/assistant",
            "/assistant/name",
            "/customer",
            "/customer/number",
            "/artifact/recordingUrl",
            "/artifact/recording",
            "/artifact/transcript",
            "/artifact/messagesOpenAIFormatted",
            "/artifact/messages/0/time",
            "/call/type",
            "/artifact/messages/0/role",
            "/artifact/messages/3/duration",
            "/call/customer",
            "/call/assistantId",
        ];
        for field in fields {
            for odd in [
                json!(null),
                json!(7),
                json!("x"),
                json!(""),
                json!([]),
                json!({}),
                json!(true),
                json!([[null]]),
                json!("\u{0}"),
            ] {
                let mut changed = report();
                let (parent, key) = field.rsplit_once('/').unwrap();
                match changed.pointer_mut(parent) {
                    Some(Value::Object(fields)) => drop(fields.insert(key.to_owned(), odd.clone())),
                    Some(Value::Array(items)) => items[key.parse::<usize>().unwrap()] = odd.clone(),
                    _ => continue,
                }
                assert_eq!(news(&changed).map(|news| news.call_id).as_deref(), Some("0b6d"), "{field} {odd}");
                let talk = talk(&changed);
                let has_answer = talk.turns.iter().any(|turn| turn.text == "Five sixths.");
                assert!(has_answer && !talk.is_unreadable, "{field} {odd}: {talk:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_within_bounds_and_always_alike(body in broken()) {
            let (Some(once), Some(twice)) = (ServerMessage::read(&body), ServerMessage::read(&body)) else { return Ok(()) };
            prop_assert_eq!(Report(&once).news(now()), Report(&twice).news(now()));
            let talk = Report(&once).talk();
            prop_assert_eq!(&talk.turns, &Report(&twice).talk().turns);
            prop_assert!(!talk.is_unreadable || talk.turns.is_empty());
            for (n, turn) in talk.turns.iter().enumerate() {
                let is_plain = !turn.text.is_empty() && !turn.text.chars().any(char::is_control);
                prop_assert!(is_plain && turn.turn_no == n as i32 && turn.offset_ms >= 0, "{:?}", turn);
            }
            if let Some(news) = Report(&once).news(now()) {
                prop_assert!(!news.call_id.is_empty() && news.call_id.chars().count() <= 200);
                prop_assert!(!news.call_id.chars().any(char::is_control));
                prop_assert!(news.cost_microusd.is_none_or(|cost| cost >= 0));
                if let (Some(start), Some(end)) = (news.started_at, news.ended_at) {
                    prop_assert!(start <= end && end - start <= MAX_CALL);
                }
            }
        }
    }

    /// A report in which bytes were changed, cut out or put in.
    fn broken() -> impl Strategy<Value = Vec<u8>> {
        let body = json!({ "message": report() }).to_string().into_bytes();
        let odd = prop::sample::select(vec![
            &b"\\ud83d"[..],
            b"\xff",
            b"\x00",
            b"1e999",
            b"NaN",
            b"null",
            b"[",
            b"}",
            b"\"",
            b"\\",
            b",",
            b"-",
            b"{\"a\":",
            b"\xed\xa0\x80",
        ]);
        let change = (
            any::<prop::sample::Index>(),
            0..6_usize,
            prop_oneof![odd.prop_map(<[u8]>::to_vec), prop::collection::vec(any::<u8>(), 0..8)],
        );
        prop::collection::vec(change, 1..4).prop_map(move |changes| {
            let mut body = body.clone();
            for (at, n_cut, put) in changes {
                let at = at.index(body.len());
                body.splice(at..(at + n_cut).min(body.len()), put);
            }
            body
        })
    }
}
