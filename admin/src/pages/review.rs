//! Answers that no reader was sure of, each with what was said around it, for a person to mark with one click; and how often
//! rules, model and people agree.

use std::collections::HashMap;

use axum::extract::{Query, State};
use chrono::TimeDelta;
use maud::{Markup, html};
use serde::Deserialize;
use storage::db::Db;
use storage::evidence::{self, Read};
use storage::id::SessionId;
use storage::review::{self, Agreed, Key, Said, Uncertain, Week};
use storage::transcript::Speaker;
use storage::{audit, curriculum};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::layout::{Place, page};
use crate::link;
use crate::parts::answer::{From, Questions, row_id};
use crate::parts::badge::{verdict_style, verdict_words};
use crate::parts::classes::toggle;
use crate::parts::empty::empty;
use crate::parts::icon::icon_small;
use crate::parts::table::{Column, ROWS_ID, cell, row, table};
use crate::parts::{badge, csrf};
use crate::viewer::Viewer;

pub(crate) const PATH: &str = "/review";

/// Answers on one page.
const N_ANSWERS: i64 = 10;

/// How far back agreement is shown.
const WEEKS: TimeDelta = TimeDelta::weeks(8);

/// A share of fewer answers would mislead, so only the counts are shown.
const MIN_FOR_SHARE: i64 = 20;

/// The buttons: key, value of the form, words.
const CHOICES: [(&str, &str, &str); 3] =
    [("1", "correct", "Right"), ("2", "incorrect", "Wrong"), ("3", "none", "Not an answer")];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// The answer that was skipped.
    after: String,
}

struct Data {
    after: String,
    answers: Vec<Uncertain>,
    questions: Questions,
    /// The name of each skill.
    skills: HashMap<String, String>,
    weeks: Vec<Week>,
}

/// Returns the address of the queue after an answer. Empty or damaged: from its beginning.
pub(crate) fn url_after(after: &str) -> String {
    link::to(PATH, &[("after", if read_key(after).is_some() { after } else { "" })])
}

fn key_text((at, session_id, turn_no): Key) -> String {
    format!("{}_{session_id}_{turn_no}", at.timestamp_micros())
}

fn read_key(text: &str) -> Option<Key> {
    let mut parts = text.split('_');
    let at = chrono::DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
    let key = (at, parts.next()?.parse::<SessionId>().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(key)
}

pub(crate) async fn get(admin: Admin, State(db): State<Db>, Query(filter): Query<Filter>) -> Result<Markup, Fault> {
    let (lens, now) = (admin.lens(), admin.viewer.now);
    let after = match &filter.after[..] {
        "" => None,
        text => Some(read_key(text).ok_or_else(|| {
            Fault::Invalid("This link to a page of the list is not valid. Open the list again.".to_owned())
        })?),
    };
    let answers = review::list_uncertain(&db, &lens, after, now, N_ANSWERS).await?;
    if !answers.is_empty() {
        // Recorded before the answer, because transcripts are read.
        let mut shown: Vec<SessionId> = answers.iter().map(|answer| answer.session_id).collect();
        shown.dedup();
        let detail = serde_json::json!({ "session_ids": shown });
        audit::insert_entry(&db, &admin.caller, "session.review", None, &detail, now).await?;
    }
    let of_answers: Vec<String> = answers.iter().filter_map(|answer| answer.skill_id.clone()).collect();
    let names = curriculum::list_skill_names(&db).await?;
    let data = Data {
        after: filter.after,
        questions: curriculum::list_questions(&db, &of_answers).await?,
        skills: names.into_iter().map(|skill| (skill.skill_id, skill.name)).collect(),
        weeks: review::list_agreement(&db, &lens, admin.viewer.zone, now - WEEKS).await?,
        answers,
    };
    Ok(render(&admin, &data))
}

fn render(admin: &Admin, data: &Data) -> Markup {
    page(
        admin,
        Place::Today,
        "Review",
        html! {
            div.stack.list-page {
                div.head { div {
                    h1 { "Review" }
                    p { "Answers of the last four weeks that the analysis was not sure of. Your mark counts from then on." }
                } }
                (toggle(admin, PATH))
                @if data.answers.is_empty() { div.card { (nothing(&data.after)) } } @else {
                    div.stack id=(ROWS_ID) { @for answer in &data.answers { (card(admin, data, answer)) } }
                }
                (agreement(&data.weeks, &admin.viewer))
            }
        },
    )
}

fn nothing(after: &str) -> Markup {
    if after.is_empty() {
        empty(
            "circle-check",
            "Nothing to review",
            "The analysis was sure of all answers, or people have marked them.",
            html! {},
        )
    } else {
        let again = html! { a.btn href=(PATH) { "Show skipped answers" } };
        empty("circle-check", "No more answers", "You have seen all of them.", again)
    }
}

fn card(admin: &Admin, data: &Data, answer: &Uncertain) -> Markup {
    let skill = answer.skill_id.as_ref().map(|id| data.skills.get(id).unwrap_or(id));
    let skill_id = answer.skill_id.as_deref().unwrap_or_default();
    let id = row_id(From::Review, answer.session_id, skill_id, answer.turn_no);
    let asked = answer.turns.iter().rev().find(|said| said.turn_no < answer.turn_no && said.speaker == Speaker::Tutor);
    let said = answer.turns.iter().find(|said| said.turn_no == answer.turn_no);
    let of_skill = data.questions.get(skill_id).map_or(&[][..], |questions| questions);
    let asking = asked.and_then(|asked| Some((asked.turn_no, asked.text.as_deref()?)));
    let Read { expected, .. } =
        evidence::read(asking, said.and_then(|said| said.text.as_deref()), answer.found.as_ref(), of_skill);
    let turn = format!("/sessions/{}#t{}", answer.session_id, answer.turn_no);
    html! {
        article.card.review id=(id) {
            header {
                h2 { a href=(turn) { (answer.display_name) } }
                p { (admin.viewer.time(answer.called_at)) @if let Some(skill) = skill { ", " (skill) } }
            }
            ul.answers.body { li { dl {
                @for near in &answer.turns { (line(near, asked.map(|asked| asked.turn_no), answer.turn_no)) }
                @if let Some(expected) = &expected { dt { "Expected" } dd { (expected) } }
                dt { "Analysis" }
                dd { @match &answer.found {
                    Some(found) => {
                        @let (class, icon) = verdict_style(found.verdict);
                        (badge::badge(class, icon, verdict_words(found.verdict, found.help))) " " span.faint { "Unsure: " (found.reason) }
                    }
                    None => (badge::badge("", "circle-dashed", "Undecided")),
                } }
            } } }
            @if admin.may_write() { (buttons(admin, data, answer)) }
        }
    }
}

fn line(said: &Said, asked: Option<i32>, answer: i32) -> Markup {
    let label = match said.speaker {
        _ if said.turn_no == answer => "Said",
        _ if Some(said.turn_no) == asked => "Asked",
        Speaker::Tutor => "Tutor",
        Speaker::Student => "Student",
    };
    html! {
        dt { (label) }
        dd class=[(said.turn_no != answer && Some(said.turn_no) != asked).then_some("muted")] {
            @match &said.text {
                Some(text) if said.turn_no == answer => b { "“" (text) "”" },
                Some(text) => (text),
                None => span.faint { "Read this turn in the session." },
            }
        }
    }
}

fn buttons(admin: &Admin, data: &Data, answer: &Uncertain) -> Markup {
    let has_keys = admin.viewer.has_shortcuts;
    let key = |key: &str| html! { @if has_keys { " " kbd aria-hidden="true" { (key) } } };
    html! {
        footer {
            form.row.wrap method="post" action={ "/sessions/" (answer.session_id) "/marks" } {
                (csrf(admin))
                input type="hidden" name="turn_no" value=(answer.turn_no);
                input type="hidden" name="from" value=(From::Review.as_str());
                input type="hidden" name="after" value=(data.after);
                @match &answer.skill_id {
                    Some(skill_id) => input type="hidden" name="skill_id" value=(skill_id);,
                    None => select.input.small name="skill_id" aria-label="Skill" {
                        @for (skill_id, name) in &answer.skills { option value=(skill_id) { (name) } }
                    },
                }
                @for (shortcut, value, words) in CHOICES {
                    button.btn.small name="verdict" value=(value) data-key=(shortcut) { (words) (key(shortcut)) }
                }
            }
            a.btn.small.ghost href=(url_after(&key_text(answer.key()))) data-key="s" { "Skip" (key("s")) span.vh { " the answer of " (answer.display_name) } }
        }
    }
}

fn agreement(weeks: &[Week], viewer: &Viewer) -> Markup {
    const COLUMNS: [Column; 5] = [
        ("Week from", ""),
        ("Marked by people", "num"),
        ("Rules agreed", ""),
        ("Model agreed", ""),
        ("Rules and model agreed", ""),
    ];
    let rows = html! { @for week in weeks { (row(&html! {
        (cell("nowrap", html! { (viewer.plain_day(week.monday)) }))
        (cell("num end", html! { (week.n_marked) }))
        (cell("full", html! { span.lbl { "Rules agreed" } (share(week.rules_and_person)) }))
        (cell("full", html! { span.lbl { "Model agreed" } (share(week.model_and_person)) }))
        (cell("full", html! { span.lbl { "Rules and model agreed" } (share(week.rules_and_model)) }))
    })) } };
    html! {
        section.card aria-labelledby="agreement" {
            header { h2 id="agreement" { "Agreement" } p { "Of the answers that people marked, how often two judgements were the same." } }
            @if weeks.is_empty() {
                div.body { p.muted { "No person has marked an answer in the last eight weeks." } }
            } @else {
                (table("Agreement by week", &COLUMNS, &rows))
                footer { (icon_small("info")) "People mark mostly unsure answers, so agreement on all answers is higher. A share is shown from " (MIN_FOR_SHARE) " answers on." }
            }
        }
    }
}

/// "12 of 15", with the share if there are enough.
fn share(Agreed { n, of }: Agreed) -> Markup {
    html! {
        @if of == 0 { (crate::parts::none()) } @else {
            (n) " of " (of)
            @if of >= MIN_FOR_SHARE { span.muted { " (" (100 * n / of) "%)" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::StudentId;

    use super::*;

    fn said(turn_no: i32, speaker: Speaker, text: Option<&str>) -> Said {
        Said { turn_no, speaker, text: text.map(str::to_owned) }
    }

    fn data() -> Data {
        let answer = Uncertain {
            session_id: SessionId(uuid::Uuid::from_u128(9)),
            student_id: StudentId(uuid::Uuid::from_u128(3)),
            display_name: "Maya <Okonkwo>".to_owned(),
            turn_no: 5,
            skill_id: Some("maths.fractions.add".to_owned()),
            skills: Vec::new(),
            found: None,
            called_at: Viewer::sample().now,
            analysed_at: Viewer::sample().now,
            turns: vec![
                said(3, Speaker::Student, None),
                said(4, Speaker::Tutor, Some("What is one half plus one half?")),
                said(5, Speaker::Student, Some("Is it <one>?")),
                said(6, Speaker::Tutor, Some("Let us see.")),
            ],
        };
        let skills = HashMap::from([("maths.fractions.add".to_owned(), "Adding fractions".to_owned())]);
        Data { after: String::new(), answers: vec![answer], questions: Questions::new(), skills, weeks: Vec::new() }
    }

    #[test]
    fn an_answer_has_its_turns_and_three_buttons_and_viewers_only_read() {
        let shown = render(&Admin::sample(Role::Tutor), &data()).into_string();
        for part in [
            "Maya &lt;Okonkwo&gt;",
            "Adding fractions",
            "Asked",
            "“Is it &lt;one&gt;?”",
            "Read this turn in the session",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert_eq!(shown.matches("name=\"verdict\"").count(), 3);
        assert!(!render(&Admin::sample(Role::Viewer), &data()).into_string().contains("name=\"verdict\""));
    }

    #[test]
    fn a_key_reads_back_and_a_damaged_one_begins_again() {
        let key = data().answers[0].key();
        assert_eq!(read_key(&key_text(key)), Some(key));
        assert_eq!(url_after("1_2"), PATH);
        assert!(url_after(&key_text(key)).starts_with("/review?after="));
    }

    #[test]
    fn few_answers_have_no_share() {
        let of = |n, of| share(Agreed { n, of }).into_string();
        assert_eq!(of(3, 5), "3 of 5");
        assert!(of(19, 20).contains("(95%)"));
        assert!(!of(0, 0).contains("of"));
    }
}
