//! The audit log: who saw or changed what.

mod detail;
pub(crate) mod export;

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;
use storage::access::Caller;
use storage::audit::{self, AuditEntry, AuditQuery, STRANGER};
use storage::db::Db;
use storage::id::StudentId;
use storage::{admin_user, api_client, student};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::htmx::{self, Asked};
use crate::layout::{Place, page};
use crate::link;
use crate::parts::empty::empty;
use crate::parts::icon::{icon, icon_small};
use crate::parts::notice::{Tone, notice};
use crate::parts::pager::{PAGE, pager, split_page};
use crate::parts::table::{Column, cell, group, list_table, row};
use crate::parts::{date, person, select};
use crate::viewer::Viewer;

const PATH: &str = "/settings/audit";
const EXPORT: &str = "/settings/audit/export.csv";
const LIST_ID: &str = "audit";
const MAX_CHARS: usize = 300;
/// Students of one name whose entries are listed.
const MAX_STUDENTS: i64 = 50;

/// The filters, read from the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    who: String,
    act: String,
    object: String,
    /// Words of a student's name: what was done to them and to their sessions.
    student: String,
    from: String,
    to: String,
    before: String,
}

impl Filter {
    fn query<'a>(&'a self, viewer: &Viewer, students: Option<&'a [StudentId]>) -> Result<AuditQuery<'a>, Fault> {
        let text = |text: &'_ str| text.chars().count() <= MAX_CHARS;
        if ![&self.who, &self.act, &self.object, &self.student].into_iter().all(|field| text(field)) {
            return Err(Fault::Invalid("A filter has at most 300 characters.".to_owned()));
        }
        let before = match &self.before[..] {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                Fault::Invalid("This link to a page of the list is not valid. Open the list again.".to_owned())
            })?),
        };
        let (from, to) = viewer.days(&self.from, &self.to)?;
        Ok(AuditQuery {
            actor: given(&self.who),
            action: given(&self.act),
            object: given(&self.object),
            students,
            from,
            to,
            before,
            limit: PAGE + 1,
        })
    }

    fn url(&self, before: &str) -> String {
        self.url_of(PATH, before)
    }

    fn url_of(&self, path: &str, before: &str) -> String {
        let Self { who, act, object, student, from, to, before: _ } = self;
        let fields = [
            ("who", &who[..]),
            ("act", act),
            ("object", object),
            ("student", student),
            ("from", from),
            ("to", to),
            ("before", before),
        ];
        link::to(path, &fields.map(|(name, value)| (name, value.trim())))
    }

    /// Returns the students of that name, if one is given, and whether there are more of them.
    async fn students(&self, db: &Db, caller: &Caller) -> Result<(Option<Vec<StudentId>>, bool), Fault> {
        let Some(name) = given(&self.student) else { return Ok((None, false)) };
        let mut found = student::find_students(db, caller, name, None, MAX_STUDENTS + 1).await?;
        let is_cut = found.len() > MAX_STUDENTS as usize;
        found.truncate(MAX_STUDENTS as usize);
        Ok((Some(found.into_iter().map(|student| student.student_id).collect()), is_cut))
    }

    fn n_narrow(&self) -> usize {
        [&self.who, &self.act, &self.object, &self.student, &self.from, &self.to]
            .iter()
            .filter(|field| !field.trim().is_empty())
            .count()
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

pub(crate) struct Data {
    pub(crate) filter: Filter,
    pub(crate) entries: Vec<AuditEntry>,
    pub(crate) has_next: bool,
    /// Names by `object` and `actor`.
    pub(crate) names: HashMap<String, String>,
    /// Who may have acted: the value of the filter, and the label.
    pub(crate) actors: Vec<(String, String)>,
    /// Whether more than [`MAX_STUDENTS`] have the name, so that entries about the others are missing.
    pub(crate) is_cut: bool,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Query(filter): Query<Filter>,
    asked: Asked,
) -> Result<Response, Fault> {
    admin.require_manage()?;
    let (students, is_cut) = filter.students(&db, &admin.caller).await?;
    let query = filter.query(&admin.viewer, students.as_deref())?;
    let (entries, has_next) = split_page(audit::list_entries(&db, &query).await?);
    let names = audit::list_names(&db, &admin.caller, &entries).await?;
    let actors = list_actors(&db).await?;
    let data = Data { filter, entries, has_next, names, actors, is_cut };
    if asked.is_for(LIST_ID) {
        return Ok(htmx::fragment(list(&admin, &data), &data.filter.url(&data.filter.before)));
    }
    Ok(render(&admin, &data).into_response())
}

/// Returns people, then programs, then what acts without a person.
async fn list_actors(db: &Db) -> Result<Vec<(String, String)>, Fault> {
    let people = admin_user::list_users(db).await?.into_iter().map(|user| (user.email.clone(), user.email));
    let clients = api_client::list_clients(db).await?;
    let clients = clients.into_iter().map(|client| (format!("client:{}", client.client_id), client.name));
    let others = [("operator", "Operator"), ("worker", "Worker"), (STRANGER, "Unknown person or program")];
    let others = others.map(|(value, label)| (value.to_owned(), label.to_owned()));
    Ok(people.chain(clients).chain(others).collect())
}

const COLUMNS: [Column; 2] = [("Time", ""), ("What happened", "")];

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    page(
        admin,
        Place::Audit,
        "Audit log",
        html! {
            div.stack.list-page {
                div.head {
                    div { h1 { "Audit log" } p { "Who saw or changed what. Entries cannot be edited." } }
                    div.actions { a.btn href=(data.filter.url_of(EXPORT, "")) { (icon("download")) "Export CSV" } }
                }
                (filters(data))
                div.card id=(LIST_ID) { (list(admin, data)) }
            }
        },
    )
}

fn filters(data: &Data) -> Markup {
    let filter = &data.filter;
    let who = filter.who.trim().trim_start_matches("admin:");
    let known = data.actors.iter().map(|(value, label)| (&value[..], &label[..]));
    let mut actors: Vec<(&str, &str)> = [("", "Anyone")].into_iter().chain(known).collect();
    if actors.iter().all(|(value, _)| *value != who) {
        actors.push((who, who));
    }
    let acts: Vec<(&str, &str)> =
        [("", "Any")].into_iter().chain(ACTS.iter().map(|(act, words)| (*act, *words))).collect();
    let n = filter.n_narrow() - usize::from(!filter.student.trim().is_empty());
    html! {
        form.filters method="get" action=(PATH) role="search" aria-label="Filter the audit log"
            hx-get=(PATH) hx-target={ "#" (LIST_ID) } hx-swap="innerMorph" hx-sync="this:replace" hx-indicator="#busy"
            hx-trigger="input changed delay:400ms from:#student, change target:'select, [type=date]', submit" {
            @if !filter.object.is_empty() { input type="hidden" name="object" value=(filter.object); }
            div.field.grow {
                label for="student" { "Student" } (icon("search"))
                input.input id="student" name="student" type="search" maxlength="100" placeholder="Student’s name" value=(filter.student);
            }
            details.more open[n > 0] {
                summary.btn { (icon("list-filter")) "Filters" @if n > 0 { " " span.n { (n) } } }
                div.fields {
                    (select("Who", "who", &actors, who))
                    (select("What", "act", &acts, &filter.act))
                    (date("From", "from", &filter.from))
                    (date("To", "to", &filter.to))
                    button.btn { (icon("list-filter")) "Filter" }
                }
            }
            span.htmx-indicator.xs.faint id="busy" { "Updating" }
        }
    }
}

fn list(admin: &Admin, data: &Data) -> Markup {
    html! {
        @if data.is_cut {
            div.sec { (notice(Tone::Warn, "Not all entries are listed",
                &format!("More than {MAX_STUDENTS} students match this name. Entries about the first {MAX_STUDENTS} are listed. Type more of the name."))) }
        }
        (entries(admin, data))
    }
}

fn entries(admin: &Admin, data: &Data) -> Markup {
    if data.entries.is_empty() {
        return if data.filter.n_narrow() > 0 {
            empty(
                "search",
                "No entries match",
                "No entries match these filters.",
                html! { a.btn href=(PATH) { "Clear filters" } },
            )
        } else {
            empty("scroll-text", "No entries", "Entries appear when people or programs read or change data.", html! {})
        };
    }
    let next =
        data.entries.last().filter(|_| data.has_next).map(|last| data.filter.url(&last.audit_entry_id.to_string()));
    let first = (!data.filter.before.is_empty()).then(|| data.filter.url(""));
    let viewer = &admin.viewer;
    let day = |entry: &AuditEntry| entry.at.with_timezone(&viewer.zone).date_naive();
    let rows = html! { @for of_day in data.entries.chunk_by(|a, b| day(a) == day(b)) {
        (group(&heading(viewer, day(&of_day[0])), COLUMNS.len()))
        @for entry in of_day { (entry_row(admin, data, entry)) }
    } };
    html! {
        (list_table("Audit entries", &html! {}, &COLUMNS, &rows))
        (pager("Newest first", first.as_deref(), next.as_deref()))
    }
}

/// "Today", "Yesterday, 18 Nov", "Monday 16 November 2026".
fn heading(viewer: &Viewer, day: NaiveDate) -> String {
    match (viewer.today() - day).num_days() {
        0 => viewer.day(day),
        1 => format!("{}, {}", viewer.day(day), viewer.plain_day(day)),
        _ => viewer.full_date(day),
    }
}

/// Renders an act as a sentence.
fn entry_row(admin: &Admin, data: &Data, entry: &AuditEntry) -> Markup {
    let name = entry.actor.starts_with("client:").then(|| data.names.get(&entry.actor)).flatten();
    let who = name.cloned().unwrap_or_else(|| person(&entry.actor));
    let only = Filter { who: entry.actor.clone(), ..data.filter.clone() }.url("");
    row(&html! {
        (cell("nowrap faint", admin.viewer.clock(entry.at)))
        (cell("full", html! {
            span.row.top-align {
                span.faint.aud-ic { (icon_small(mark(&entry.action))) }
                span.grow { a.main href=(only) { (who) } " " (sentence(entry, data)) " " (detail::detail(&entry.detail)) }
            }
        }))
    })
}

/// What the words of an act call the object, by its kind.
const NOUNS: [(&str, &str); 6] = [
    ("student", "a student"),
    ("session", "a session"),
    ("admin_user", "a user"),
    ("client", "an API client"),
    ("skill", "a skill"),
    ("subject", "a subject"),
];

/// Renders the words of an act with the name of its object, in place of "a student" or at the end.
fn sentence(entry: &AuditEntry, data: &Data) -> Markup {
    let words = words(&entry.action);
    let Some((kind, id)) = entry.about() else {
        return html! { (words) @if let Some(object) = &entry.object { " " code.xs { (object) } } };
    };
    let noun = NOUNS.iter().find(|(of, _)| *of == kind).map(|(_, noun)| *noun);
    if let Some((before, after)) = noun.and_then(|noun| words.split_once(noun)) {
        html! { (before) (object(kind, id, data)) (after) }
    } else {
        html! { (words) ": " (object(kind, id, data)) }
    }
}

fn object(kind: &str, id: &str, data: &Data) -> Markup {
    let name = data.names.get(&format!("{kind}:{id}"));
    match (kind, name) {
        ("student", Some(name)) => html! { a.link href={ "/students/" (id) } { (name) } },
        ("student", None) => html! { "a student who was erased or merged" },
        ("session", Some(name)) => html! { a.link href={ "/sessions/" (id) } { "a session with " (name) } },
        ("session", None) => html! { "a session that was erased" },
        ("admin_user" | "client", Some(name)) => html! { (name) },
        ("skill", _) => html! { a.link href={ "/curriculum/" (id) } { (id) } },
        ("subject", _) => html! { (id) },
        _ => html! { (kind.replace('_', " ")) " " code.xs { (id) } },
    }
}

/// Every act that the log records, in the words of its button.
const ACTS: &[(&str, &str)] = &[
    ("admin.login", "signed in"),
    ("admin.login_failed", "failed to sign in"),
    ("admin.code_failed", "entered a wrong code"),
    ("admin.provider_accepted", "signed in at the provider, before the code"),
    ("admin.refused", "tried what their role does not allow"),
    ("student.read", "read a student’s data"),
    ("client.refused", "requested more than it may"),
    ("client.bearer_refused", "sent an invalid token or key"),
    ("client.token", "got a token"),
    ("client.login_failed", "requested a token with wrong credentials"),
    ("admin.confirm_failed", "entered a wrong password to confirm"),
    ("admin.two_step_on", "turned two-step sign-in on"),
    ("admin.two_step_off", "turned two-step sign-in off"),
    ("admin.passkey_add", "added a passkey"),
    ("admin.passkey_remove", "removed a passkey"),
    ("admin.passkey_refused", "sent a passkey that was refused"),
    ("admin.throttled", "was throttled after too many attempts"),
    ("admin.forged", "sent a form that was out of date or forged"),
    ("admin.logout", "signed out"),
    ("admin.sign_out", "ended their own sign-ins"),
    ("admin.password", "changed their password"),
    ("admin.invite", "invited a user"),
    ("admin.setup_link", "made a set-up link"),
    ("admin.role", "changed a role"),
    ("admin.sign_out_user", "signed a user out"),
    ("admin.disable", "disabled the access of a user"),
    ("admin.enable", "enabled the access of a user"),
    ("admin.cohorts", "chose the students that a user sees"),
    ("admin.classes", "chose the classes of a user"),
    ("admin.alerts", "chose their notifications"),
    ("admin.responsible", "chose who is responsible for urgent concerns"),
    ("organisation.update", "changed the settings of the organisation"),
    ("guardian.add", "added a guardian of a student"),
    ("guardian.update", "changed a guardian of a student"),
    ("guardian.remove", "removed a guardian of a student"),
    ("family_grant.give", "gave access by an app to the family of a student"),
    ("family_grant.end", "ended the access by an app of the family of a student"),
    ("family_grant.misused", "lost access by an app to a student, because its token was used twice"),
    ("consent.decide", "recorded a guardian’s decision about a student"),
    ("report.request", "had the report about a student sent"),
    ("report.send", "sent the report about a student"),
    ("roster.approve", "approved a run of the roster"),
    ("student.undo_import", "undid an import of students"),
    ("student.merge", "merged a student with another one"),
    ("student.unmerge", "undid the merge of a student"),
    ("webhook.create", "added an outgoing webhook"),
    ("webhook.enable", "enabled an outgoing webhook"),
    ("webhook.disable", "disabled an outgoing webhook"),
    ("webhook.rotate", "replaced the secret of an outgoing webhook"),
    ("webhook.replay", "sent the messages of an outgoing webhook again"),
    ("webhook.delete", "deleted an outgoing webhook"),
    ("vapi.setup", "changed what is set up at VAPI"),
    ("vapi.test_call", "had a test call placed"),
    ("vapi.test_call_placed", "placed a test call"),
    ("vapi.test_call_failed", "could not place a test call"),
    ("admin_user.create", "made a user by command"),
    ("audit.export", "exported the audit log"),
    ("agent.allow", "connected an agent"),
    ("agent.disconnect", "disconnected an agent"),
    ("agent.misused", "was disconnected, because its code or token was used by another program too"),
    ("client.create", "made an API client"),
    ("client.rotate", "replaced the secret of an API client"),
    ("client.revoke", "revoked an API client"),
    ("client.key", "made an agent key"),
    ("client.revoke_key", "revoked an agent key"),
    ("client.stop", "stopped an API client"),
    ("client.start", "restarted an API client"),
    ("api_client.create", "made an API client by command"),
    ("api_client.revoke", "revoked an API client by command"),
    ("api_client.revoke_key", "revoked an agent key by command"),
    ("api_client.set_kind", "changed the type of an API client by command"),
    ("api_client.stop", "stopped an API client by command"),
    ("api_client.start", "restarted an API client by command"),
    ("api_client.set_key", "replaced the public keys of an API client by command"),
    ("student.read", "opened a student"),
    ("student.read_context", "read the context for the assistant"),
    ("student.reveal_phone", "showed the phone numbers of a student"),
    ("student.find_by_phone", "searched for a phone number"),
    ("student.create", "added a student"),
    ("student.accept", "added a caller as a student"),
    ("student.update", "changed a student"),
    ("student.set_subjects", "chose the subjects of a student"),
    ("student.attention_handled", "marked a student’s reason for attention as handled"),
    ("student.report", "opened the report for a student's parents"),
    ("student.export", "exported all data about a student"),
    ("student.erase", "erased a student"),
    ("erasure.request", "requested the erasure of a student"),
    ("erasure.undo", "undid the request to erase a student"),
    ("session.erase", "erased a session"),
    ("session.expire", "erased sessions after their retention time"),
    ("number.erase", "erased the calls of a number"),
    ("fact.forget", "deleted a remembered fact"),
    ("fact.reword", "reworded a remembered fact"),
    ("evidence.correct", "changed the mark of an answer"),
    ("evidence.undo", "undid a changed mark"),
    ("misconception.resolve", "marked a misconception as overcome"),
    ("session.read", "opened a session"),
    ("session.review", "reviewed answers"),
    ("session.search", "searched transcripts"),
    ("session.analyze", "had a session analysed again"),
    ("session.assign", "assigned a session"),
    ("session.transcript", "read a transcript as plain text"),
    ("session.analysis", "read the raw result of an analysis"),
    ("recording.play", "played a recording"),
    ("curriculum.import", "imported a curriculum"),
    ("subject.create", "added a subject"),
    ("skill.create", "added a skill"),
    ("skill.update", "changed a skill"),
    ("skill.retire", "retired a skill"),
    ("skill.restore", "restored a skill"),
    ("sessions.export", "exported sessions"),
    ("students.export", "exported the list of students"),
    ("analytics.export", "exported analytics"),
    ("note.add", "added a note"),
    ("note.delete", "deleted a note"),
    ("student.availability", "changed when a student may be called"),
    ("student.call_plan", "changed the regular calls of a student"),
    ("student.remind", "made a reminder"),
    ("follow_up.move", "moved a callback or reminder"),
    ("follow_up.cancel", "cancelled a callback or reminder"),
    ("student.call", "planned a call to a student"),
    ("outbound_call.stop", "stopped a call to a student"),
    ("outbound_calls.stop", "stopped all outbound calls"),
    ("outbound_calls.start", "allowed outbound calls again"),
    ("follow_up.close", "marked a follow-up as done"),
    ("jobs.pause", "chose which jobs are paused"),
    ("job.retry", "retried a job"),
    ("job.discard", "discarded a job"),
    ("job.retry_for_reason", "retried all jobs with one reason"),
    ("job.discard_for_reason", "discarded all jobs with one reason"),
    ("call.retry", "retried the failed jobs of a call"),
    ("overhaul.start", "started bulk reprocessing"),
    ("overhaul.stop", "stopped bulk reprocessing"),
];

/// Returns the words for an act, or its code if it is unknown.
fn words(action: &str) -> String {
    let known = ACTS.iter().find(|(act, _)| *act == action);
    known.map_or_else(|| action.replace(['.', '_'], " "), |(_, words)| (*words).to_owned())
}

fn mark(action: &str) -> &'static str {
    match action.split_once('.').map_or(action, |(noun, _)| noun) {
        "admin" => "shield-check",
        "client" | "api_client" | "agent" => "key-round",
        "student" => "user-round",
        "skill" | "subject" | "curriculum" => "book-open",
        "session" | "call" => "phone-call",
        "erasure" | "number" => "trash-2",
        "note" => "message-square",
        "follow_up" => "flag",
        "job" | "overhaul" => "layers",
        "sessions" | "students" | "analytics" | "audit" => "download",
        _ => "scroll-text",
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn an_entry_says_who_did_what_to_whom() {
        let entry = AuditEntry {
            audit_entry_id: 7,
            at: "2026-11-19T21:12:04Z".parse().unwrap(),
            actor: "admin:dana@example.org".to_owned(),
            action: "student.reveal_phone".to_owned(),
            object: Some("student:0198".to_owned()),
            detail: serde_json::json!({}),
        };
        let shown = |entry: &AuditEntry, names: &[(&str, &str)]| {
            let names = names.iter().map(|(object, name)| ((*object).to_owned(), (*name).to_owned())).collect();
            let data = Data { has_next: true, names, ..data(Filter::default(), vec![entry.clone()]) };
            render(&Admin::sample(Role::Admin), &data).into_string()
        };
        let told = shown(&entry, &[("student:0198", "Maya <Okonkwo>")]);
        assert!(told.contains("dana@example.org") && told.contains("before=7"), "{told}");
        let link = r#"showed the phone numbers of <a class="link" href="/students/0198">Maya &lt;Okonkwo&gt;</a>"#;
        assert!(told.contains(link) && told.contains("/settings/audit/export.csv"), "{told}");
        assert!(shown(&entry, &[]).contains("showed the phone numbers of a student who was erased or merged"));
        let of = |actor: &str, action: &str, object: &str| AuditEntry {
            actor: actor.to_owned(),
            action: action.to_owned(),
            object: Some(object.to_owned()),
            ..entry.clone()
        };
        let staff = shown(&of("operator", "admin.disable", "admin_user:1"), &[("admin_user:1", "ada@example.org")]);
        assert!(staff.contains("disabled the access of ada@example.org"), "{staff}");
        let program = shown(&of("client:c1", "session.read", "session:5"), &[("client:c1", "Homework app")]);
        assert!(program.contains("Homework app</a> opened a session that was erased"), "{program}");
        let command = shown(&of("operator", "api_client.create", "c1"), &[("client:c1", "Homework app")]);
        assert!(command.contains("made Homework app by command"), "{command}");
        let context = shown(&of("client:c1", "student.read_context", "student:5"), &[("student:5", "Maya")]);
        assert!(context.contains("read the context for the assistant: <a"), "{context}");
    }

    fn data(filter: Filter, entries: Vec<AuditEntry>) -> Data {
        Data { filter, entries, has_next: false, names: HashMap::new(), actors: Vec::new(), is_cut: false }
    }

    #[test]
    fn days_stand_as_headings_over_their_entries() {
        let entry = |at: &str| AuditEntry {
            audit_entry_id: 7,
            at: at.parse().unwrap(),
            actor: "operator".to_owned(),
            action: "job.retry".to_owned(),
            object: None,
            detail: serde_json::json!({ "n": 2 }),
        };
        // In Chicago, the second and the third are on the day before.
        let entries = ["2026-11-19T21:12:04Z", "2026-11-19T05:59:59Z", "2026-11-18T21:00:00Z", "2026-11-16T21:00:00Z"];
        let data = data(Filter::default(), entries.map(entry).into());
        let shown = render(&Admin::sample(Role::Admin), &data).into_string();
        assert_eq!(shown.matches(r#"<tr class="group""#).count(), 3, "{shown}");
        for words in [">Today<", ">Yesterday, 18 Nov<", ">Monday 16 November 2026<", "23:59:59", "(2 in all)"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
    }

    #[test]
    fn days_are_those_of_the_viewer_and_the_last_one_is_whole() {
        let filter = Filter { from: "2026-11-18".to_owned(), to: "2026-11-19".to_owned(), ..Filter::default() };
        let viewer = Viewer::sample();
        let query = filter.query(&viewer, None).unwrap();
        assert_eq!(query.from, Some("2026-11-18T06:00:00Z".parse().unwrap()));
        assert_eq!(query.to, Some("2026-11-20T06:00:00Z".parse().unwrap()));
        assert_eq!(filter.url("7"), "/settings/audit?from=2026-11-18&to=2026-11-19&before=7");
        for wrong in [
            Filter { from: "soon".to_owned(), ..Filter::default() },
            Filter { before: "x".to_owned(), ..Filter::default() },
            Filter { who: "x".repeat(301), ..Filter::default() },
        ] {
            assert!(wrong.query(&viewer, None).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn nothing_found_offers_a_way_back() {
        let filter = Filter { act: "job.retry".to_owned(), ..Filter::default() };
        let data = data(filter, Vec::new());
        assert!(render(&Admin::sample(Role::Admin), &data).into_string().contains("Clear filters"));
    }
}
