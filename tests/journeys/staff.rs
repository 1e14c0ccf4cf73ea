//! Permissions at the dashboard: who may open which page, and for which students. Every route of its router is compared
//! with one table. A route without a rule fails.

use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use storage::access::{Caller, Role};
use storage::analysis::{Findings, MisconceptionFinding, TopicFinding};
use storage::{admin_user, clock, consistency, db};

use crate::psql::psql;
use crate::service::{Person, Service};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Strangers, too, or the route ends the login. Not tested here.
    Open,
    Anybody,
    /// Tutors and admins.
    Writers,
    /// Staff who see all students.
    SeeAll,
    /// Tutors and admins who see all students.
    WritersSeeAll,
    Admins,
}
use Who::{Admins, Anybody, Open, SeeAll, Writers, WritersSeeAll};

/// The child that a route is about: the student or session in the address, or no single child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Nobody,
    Student,
    Session,
    /// Sessions that the form names. The role is checked first.
    Listed,
}
use About::{Listed, Nobody, Session, Student};

const TABLE: &[(&str, Who, About)] = &[
    ("GET /", Anybody, Nobody),
    ("GET /today", Anybody, Nobody),
    ("GET /review", Anybody, Nobody),
    ("GET /events/overview", Anybody, Nobody),
    ("GET /events/sessions", Anybody, Nobody),
    ("GET /events/sessions/{session_id}", Anybody, Session),
    ("GET /login", Open, Nobody),
    ("POST /login", Open, Nobody),
    ("POST /login/code", Open, Nobody),
    ("POST /login/passkey", Open, Nobody),
    ("POST /login/passkey/start", Open, Nobody),
    ("GET /login/provider", Open, Nobody),
    ("GET /login/provider/back", Open, Nobody),
    ("POST /logout", Open, Nobody),
    ("GET /setup/{token}", Open, Nobody),
    ("POST /setup/{token}", Open, Nobody),
    ("GET /assets/{file}", Open, Nobody),
    ("GET /search", Anybody, Nobody),
    ("POST /search", Anybody, Nobody),
    ("GET /sessions", Anybody, Nobody),
    ("GET /sessions/export.csv", Writers, Nobody),
    ("POST /sessions/run-again", Writers, Listed),
    ("POST /sessions/views", Anybody, Nobody),
    ("POST /sessions/views/{saved_view_id}/delete", Anybody, Nobody),
    ("GET /sessions/{session_id}", Anybody, Session),
    ("GET /sessions/{session_id}/recording", Writers, Session),
    ("GET /sessions/{session_id}/transcript.txt", Writers, Session),
    ("GET /sessions/{session_id}/analysis.json", Writers, Session),
    ("POST /sessions/{session_id}/analysis/retry", Writers, Session),
    ("POST /sessions/{session_id}/marks", Writers, Session),
    ("POST /sessions/{session_id}/assign", WritersSeeAll, Session),
    ("GET /sessions/{session_id}/erase", Admins, Session),
    ("POST /sessions/{session_id}/erase", Admins, Session),
    ("POST /sessions/{session_id}/introduction/accept", Writers, Session),
    ("GET /students", Anybody, Nobody),
    ("GET /students/class", Anybody, Nobody),
    ("GET /students/new", Writers, Nobody),
    ("POST /students/new", Writers, Nobody),
    ("GET /students/import", WritersSeeAll, Nobody),
    ("POST /students/import", WritersSeeAll, Nobody),
    ("POST /students/import/apply", WritersSeeAll, Nobody),
    ("POST /students/import/roster/{roster_sync_id}/approve", WritersSeeAll, Nobody),
    ("GET /students/undo-import/{import_id}", WritersSeeAll, Nobody),
    ("POST /students/undo-import/{import_id}", WritersSeeAll, Nobody),
    ("GET /students/export.csv", Writers, Nobody),
    ("GET /students/{student_id}", Anybody, Student),
    ("GET /students/{student_id}/edit", Writers, Student),
    ("POST /students/{student_id}/edit", Writers, Student),
    ("GET /students/{student_id}/context.json", Writers, Student),
    ("POST /students/{student_id}/reveal-phone", Writers, Student),
    ("POST /students/{student_id}/attention/handled", Writers, Student),
    ("GET /students/{student_id}/skills/{skill_id}", Anybody, Student),
    ("POST /students/{student_id}/misconceptions/{misconception_id}/resolve", Writers, Student),
    ("GET /students/{student_id}/report", Anybody, Student),
    ("POST /students/{student_id}/report/send", Writers, Student),
    ("GET /students/{student_id}/export.json", Writers, Student),
    ("GET /students/{student_id}/export.zip", Writers, Student),
    ("GET /students/{student_id}/disclosures", Anybody, Student),
    ("POST /students/{student_id}/codes/{kind}", Writers, Student),
    ("POST /students/{student_id}/guardians", Writers, Student),
    ("POST /students/{student_id}/guardians/{guardian_id}", Writers, Student),
    ("POST /students/{student_id}/consents", Writers, Student),
    ("POST /students/{student_id}/access", Writers, Student),
    ("POST /students/{student_id}/access/{family_grant_id}/end", Writers, Student),
    ("GET /consents", Anybody, Nobody),
    ("GET /settings/organisation", Admins, Nobody),
    ("POST /settings/organisation", Admins, Nobody),
    ("GET /students/{student_id}/merge", WritersSeeAll, Student),
    ("POST /students/{student_id}/merge", WritersSeeAll, Student),
    ("POST /students/{student_id}/merges/{merge_id}/undo", WritersSeeAll, Student),
    ("GET /students/{student_id}/erase", Admins, Student),
    ("POST /students/{student_id}/erase", Admins, Student),
    ("POST /students/{student_id}/erase/undo", Admins, Student),
    ("POST /students/{student_id}/call-plan", Writers, Student),
    ("POST /students/{student_id}/availability", Writers, Student),
    ("POST /students/{student_id}/call-plan/day", Writers, Student),
    ("POST /students/{student_id}/calls", Writers, Student),
    ("GET /calendar", Anybody, Nobody),
    ("POST /calendar", Writers, Nobody),
    ("GET /calls", Anybody, Nobody),
    ("POST /calls/stop", Writers, Nobody),
    ("POST /calls/start", Admins, Nobody),
    ("POST /calls/{outbound_call_id}/stop", Writers, Nobody),
    ("POST /students/{student_id}/subjects", Writers, Student),
    ("POST /students/{student_id}/facts/{fact_id}/forget", Writers, Student),
    ("POST /students/{student_id}/facts/{fact_id}/reword", Writers, Student),
    ("POST /students/{student_id}/notes", Writers, Student),
    ("POST /students/{student_id}/notes/{note_id}/delete", Writers, Student),
    ("POST /follow-ups/{follow_up_id}/done", Writers, Nobody),
    ("POST /follow-ups/{follow_up_id}/change", Writers, Nobody),
    ("GET /curriculum", Anybody, Nobody),
    ("GET /curriculum/new", Writers, Nobody),
    ("POST /curriculum/new", Writers, Nobody),
    ("POST /curriculum/subjects", Writers, Nobody),
    ("POST /curriculum/ready-made", Writers, Nobody),
    ("GET /curriculum/export", Writers, Nobody),
    ("GET /curriculum/import", Writers, Nobody),
    ("POST /curriculum/import", Writers, Nobody),
    ("POST /curriculum/import/apply", Writers, Nobody),
    ("GET /curriculum/{skill_id}", Anybody, Nobody),
    ("GET /curriculum/{skill_id}/edit", Writers, Nobody),
    ("POST /curriculum/{skill_id}/edit", Writers, Nobody),
    ("POST /curriculum/{skill_id}/retire", Writers, Nobody),
    ("POST /curriculum/{skill_id}/restore", Writers, Nobody),
    ("GET /analytics", Anybody, Nobody),
    ("GET /analytics/export.csv", Writers, Nobody),
    ("GET /jobs", SeeAll, Nobody),
    ("GET /jobs/overhauls", Admins, Nobody),
    ("POST /jobs/overhauls", Admins, Nobody),
    ("POST /jobs/overhauls/{overhaul_id}/stop", Admins, Nobody),
    ("GET /jobs/alike/{decision}", Admins, Nobody),
    ("POST /jobs/alike/{decision}", Admins, Nobody),
    ("POST /jobs/pause", Admins, Nobody),
    ("GET /jobs/{job_id}", SeeAll, Nobody),
    ("POST /jobs/{job_id}/retry", Admins, Nobody),
    ("GET /jobs/{job_id}/discard", Admins, Nobody),
    ("POST /jobs/{job_id}/discard", Admins, Nobody),
    ("GET /settings/clients", Admins, Nobody),
    ("POST /settings/clients", Admins, Nobody),
    ("POST /settings/clients/{client_id}/rotate", Admins, Nobody),
    ("POST /settings/clients/{client_id}/key", Admins, Nobody),
    ("POST /settings/clients/{client_id}/keys/{agent_key_id}/revoke", Admins, Nobody),
    ("POST /settings/clients/agents/{agent_grant_id}/disconnect", Admins, Nobody),
    ("POST /settings/clients/telephones", Admins, Nobody),
    ("POST /settings/clients/{client_id}/switch", Admins, Nobody),
    ("GET /settings/clients/{client_id}/revoke", Admins, Nobody),
    ("POST /settings/clients/{client_id}/revoke", Admins, Nobody),
    ("GET /settings/webhooks", Admins, Nobody),
    ("POST /settings/webhooks", Admins, Nobody),
    ("POST /settings/webhooks/{endpoint_id}/test", Admins, Nobody),
    ("POST /settings/webhooks/{endpoint_id}/rotate", Admins, Nobody),
    ("POST /settings/webhooks/{endpoint_id}/switch", Admins, Nobody),
    ("POST /settings/webhooks/{endpoint_id}/delete", Admins, Nobody),
    ("POST /settings/webhooks/{endpoint_id}/messages/{message_id}/replay", Admins, Nobody),
    ("GET /settings/users", Admins, Nobody),
    ("POST /settings/users", Admins, Nobody),
    ("GET /settings/users/{admin_user_id}/leave", Admins, Nobody),
    ("POST /settings/users/{admin_user_id}/link", Admins, Nobody),
    ("POST /settings/users/{admin_user_id}/role", Admins, Nobody),
    ("POST /settings/users/{admin_user_id}/cohorts", Admins, Nobody),
    ("POST /settings/users/{admin_user_id}/classes", Admins, Nobody),
    ("POST /settings/users/{admin_user_id}/responsible", Admins, Nobody),
    ("POST /settings/users/{admin_user_id}/sign-out", Admins, Nobody),
    ("POST /settings/users/{admin_user_id}/disabled", Admins, Nobody),
    ("POST /settings/users/{admin_user_id}/two-step-off", Admins, Nobody),
    ("GET /settings/tools", Admins, Nobody),
    ("GET /settings/connections", Admins, Nobody),
    ("POST /settings/connections/test-call", Admins, Nobody),
    ("GET /settings/erasures", Admins, Nobody),
    ("POST /settings/erasures", Admins, Nobody),
    ("GET /settings/erasures/{erasure_id}", Admins, Nobody),
    ("GET /settings/audit", Admins, Nobody),
    ("GET /settings/audit/export.csv", Admins, Nobody),
    ("GET /connect", Anybody, Nobody),
    ("POST /connect", Anybody, Nobody),
    ("GET /account", Anybody, Nobody),
    ("POST /account", Anybody, Nobody),
    ("POST /account/password", Anybody, Nobody),
    ("POST /account/classes", Anybody, Nobody),
    ("POST /account/classes/show", Anybody, Nobody),
    ("POST /account/alerts", Anybody, Nobody),
    ("POST /account/two-step/start", Anybody, Nobody),
    ("POST /account/two-step/confirm", Anybody, Nobody),
    ("POST /account/two-step/stop", Anybody, Nobody),
    ("POST /account/passkeys", Anybody, Nobody),
    ("POST /account/passkeys/new", Anybody, Nobody),
    ("POST /account/passkeys/ask-new", Anybody, Nobody),
    ("POST /account/passkeys/ask", Anybody, Nobody),
    ("POST /account/passkeys/{passkey_id}/remove", Anybody, Nobody),
    ("GET /account/second-factor", Anybody, Nobody),
    ("POST /account/agents/{agent_grant_id}/disconnect", Anybody, Nobody),
    ("POST /account/sign-out", Anybody, Nobody),
];

/// Returns the routes of the dashboard's router as "GET /path".
fn routes() -> Vec<String> {
    let source = include_str!("../../admin/src/lib.rs");
    let mut routes = Vec::new();
    for route in source.split(".route(").skip(1) {
        // Up to the closing parenthesis.
        let mut depth = 1;
        let end = route.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let route = &route[..end.expect("a route is closed")];
        let path = match route.trim_start().strip_prefix('"') {
            Some(rest) => rest.split('"').next().unwrap().to_owned(),
            None if route.starts_with("assets::ROUTE") => "/assets/{file}".to_owned(),
            None => panic!("{route} has no address that this test can read"),
        };
        let n_before = routes.len();
        for (method, word) in [("GET", "get("), ("POST", "post("), ("PUT", "put("), ("DELETE", "delete(")] {
            let is_named = route.match_indices(word).any(|(at, _)| {
                let before = route[..at].chars().next_back().unwrap_or(' ');
                !before.is_alphanumeric() && !"_:".contains(before)
            });
            if is_named {
                routes.push(format!("{method} {path}"));
            }
        }
        assert!(routes.len() > n_before, "{path} has no method that this test knows");
    }
    routes
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Given,
    Refused,
    /// The answer for a student or session that does not exist.
    Missing,
}

async fn read(response: Response) -> (Answer, String, StatusCode) {
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    let is_child_missing =
        ["student", "session"].iter().any(|what| text.contains(&format!("This {what} does not exist")));
    let answer = match status {
        StatusCode::FORBIDDEN => Answer::Refused,
        StatusCode::NOT_FOUND if is_child_missing => Answer::Missing,
        _ => Answer::Given,
    };
    (answer, text, status)
}

/// A child, in a cohort or in none, with a call. The caller of the last call is unknown.
struct Child {
    name: &'static str,
    student_id: String,
    session_id: String,
    follow_up_id: String,
}

/// In lower case, because beliefs are counted that way.
const OWN: &str = "owneria";
const OTHER: &str = "otheria";
const LOOSE: &str = "looseria";

async fn insert_child(service: &Service, name: &'static str, cohort: Option<&str>, is_known: bool) -> Child {
    let cohort = cohort.map_or("null".to_owned(), |cohort| format!("'{cohort}'"));
    let of = if is_known { "student_id" } else { "null" };
    let findings = Findings {
        summary: format!("about {name}"),
        other_topics: vec![TopicFinding { topic: format!("topic of {name}"), answers: Vec::new() }],
        misconceptions: vec![MisconceptionFinding {
            belief: format!("belief of {name}"),
            skill_id: None,
            turn_no: 0,
            quote: "x".to_owned(),
            resolved: false,
        }],
        ..Findings::default()
    };
    let findings = serde_json::to_string(&findings).unwrap();
    let written = service.write(
        format!(
            "with st as (insert into students (student_id, display_name, cohort, grade, locale, timezone, created_at, updated_at)
                 values (gen_random_uuid(), '{name} Brandt', {cohort}, 7, 'en', 'UTC', now(), now()) returning student_id),
             s as (insert into sessions (session_id, call_id, student_id, status, attention_reason, started_at, ended_at, created_at, updated_at)
                 select gen_random_uuid(), 'call-of-{name}', {of}, 'needs_attention', 'look at {name}', now(), now(), now(), now() from st
                 returning session_id),
             l as (insert into sessions (session_id, call_id, student_id, status, created_at, updated_at)
                 select gen_random_uuid(), 'live-{name}', {of}, 'in_progress', now(), now() from st),
             t as (insert into turns (session_id, turn_no, speaker, text, offset_ms)
                 select session_id, 0, 'student', 'zebrafish of {name}', 0 from s),
             w as (insert into session_words (session_id, words)
                 select session_id, said_words('zebrafish of {name}', '', '') from s
                 on conflict (session_id) do update set words = excluded.words),
             a as (insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
                     duration_ms, created_at)
                 select gen_random_uuid(), session_id, 'rules', '1', 'baseline',
                     '{findings}', true, 1, now() from s),
             f as (insert into follow_ups (follow_up_id, kind, student_id, session_id, category, text, due_at, author, created_at)
                 select gen_random_uuid(), 'concern', {of}, session_id, 'other', 'worry of {name}', now(), 'client:x', now()
                 from s, st returning follow_up_id)
             select student_id || ' ' || session_id || ' ' || follow_up_id from st, s, f",
        ),
    );
    let ids = written.await;
    let ids: Vec<String> = ids.split_whitespace().map(str::to_owned).collect();
    let [student_id, session_id, follow_up_id] = ids.try_into().unwrap();
    let mut tx = db::begin(&service.db).await.unwrap();
    let id = student_id.parse().unwrap();
    consistency::repair_student(&mut tx, &Caller::operator(), id, clock::now()).await.unwrap();
    tx.commit().await.unwrap();
    Child { name, student_id, session_id, follow_up_id }
}

struct Staff {
    name: &'static str,
    role: Role,
    is_limited: bool,
    person: Person,
}

impl Staff {
    async fn insert(service: &Service, name: &'static str, role: Role, cohorts: Option<&[&str]>) -> Self {
        const PASSWORD: &str = "kite lamp moss ferry";
        let hash = admin_user::hash_password(&SecretString::from(PASSWORD)).unwrap();
        let email = format!("{}@example.org", name.replace(' ', "."));
        let now = clock::now();
        let (id, _) = admin_user::insert_user(&service.db, &email, role, Some(&hash), None, now).await.unwrap();
        let cohorts = cohorts.map(|cohorts| cohorts.iter().map(|cohort| (*cohort).to_owned()).collect::<Vec<_>>());
        admin_user::set_cohorts(&service.db, id, cohorts.as_deref()).await.unwrap();
        let person = Person::log_in(&service.admin_url, &email, PASSWORD).await;
        Self { name, role, is_limited: cohorts.is_some(), person }
    }

    fn expected(&self, who: Who, about: About, is_own: bool) -> Answer {
        let may = match who {
            Open | Anybody => true,
            Writers => self.role != Role::Viewer,
            SeeAll => !self.is_limited,
            WritersSeeAll => self.role != Role::Viewer && !self.is_limited,
            Admins => self.role == Role::Admin,
        };
        match (about, may) {
            (Student | Session, _) | (Listed, true) if self.is_limited && !is_own => Answer::Missing,
            (_, true) => Answer::Given,
            (_, false) => Answer::Refused,
        }
    }

    async fn ask(&self, route: &str, child: &Child) -> (Answer, String, StatusCode) {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path
            .replace("{student_id}", &child.student_id)
            .replace("{session_id}", &child.session_id)
            .replace("{skill_id}", "maths.fractions.simplify")
            .replace("{decision}", "retry");
        let nothing = uuid::Uuid::nil().to_string();
        let filled: Vec<String> =
            path.split('/').map(|part| if part.starts_with('{') { nothing.clone() } else { part.to_owned() }).collect();
        let path = filled.join("/");
        let response = if method == "GET" {
            let once = if path.starts_with("/events/") { "?once=true" } else { "" };
            self.person.open(&format!("{path}{once}")).await
        } else {
            let fields = [("student_id", &child.student_id[..]), ("id", &child.session_id), ("q", "Bran")];
            self.person.post("/account", &path, &fields).await
        };
        read(response).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_each_role_about_the_students_it_may_see() {
    let routes = routes();
    let rule = |route: &str| {
        let found = TABLE.iter().find(|(known, ..)| *known == route);
        *found.unwrap_or_else(|| panic!("{route} has no rule: decide who may, and add it to the table"))
    };
    for (known, ..) in TABLE {
        assert!(routes.iter().any(|route| route == known), "{known} is in the table, but not in the router");
    }
    let service = Service::start().await;
    let children = [
        insert_child(&service, OWN, Some("room-7b"), true).await,
        insert_child(&service, OTHER, Some("room-8a"), true).await,
        insert_child(&service, LOOSE, None, false).await,
    ];
    let staff = [
        Staff::insert(&service, "tutor of 7b", Role::Tutor, Some(&["room-7b"])).await,
        Staff::insert(&service, "viewer of 7b", Role::Viewer, Some(&["room-7b"])).await,
        Staff::insert(&service, "tutor of none", Role::Tutor, Some(&[])).await,
        Staff::insert(&service, "viewer", Role::Viewer, None).await,
        Staff::insert(&service, "tutor", Role::Tutor, None).await,
        Staff::insert(&service, "admin", Role::Admin, None).await,
    ];
    let mut wrong = Vec::new();
    for who in &staff {
        for route in &routes {
            let (_, for_whom, about) = rule(route);
            if for_whom == Open {
                continue;
            }
            for child in &children[..if about == Nobody { 1 } else { 3 }] {
                let is_own = child.name == OWN && who.name != "tutor of none";
                let expected = who.expected(for_whom, about, is_own);
                let (answer, text, status) = who.ask(route, child).await;
                if answer != expected || status.is_server_error() && !route.ends_with("/recording") {
                    wrong.push(format!(
                        "{}, {route}, {}: {answer:?} ({status}), not {expected:?}",
                        who.name, child.name
                    ));
                }
                if who.is_limited {
                    let hidden = hidden_name(&text, who.name == "tutor of none");
                    wrong.extend(hidden.map(|name| format!("{}, {route}, {}: shows {name}", who.name, child.name)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    service.stop().await;
}

/// Returns the first name of a child or cohort that the person may not see.
fn hidden_name(text: &str, sees_none: bool) -> Option<&'static str> {
    let hidden = [OTHER, LOOSE, "room-8a", if sees_none { OWN } else { OTHER }];
    hidden.into_iter().find(|name| text.contains(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_counts_searches_and_files_end_with_the_cohorts_of_who_asks() {
    let service = Service::start().await;
    let own = insert_child(&service, OWN, Some("room-7b"), true).await;
    let other = insert_child(&service, OTHER, Some("room-8a"), true).await;
    let loose = insert_child(&service, LOOSE, None, false).await;
    let tutor = Staff::insert(&service, "tutor of 7b", Role::Tutor, Some(&["room-7b"])).await.person;
    let all = Staff::insert(&service, "tutor", Role::Tutor, None).await.person;
    // A person who sees all students finds all these names. Otherwise the test would prove nothing.
    for (path, names) in [
        ("/", &[OWN, OTHER, LOOSE][..]),
        ("/events/overview?once=true", &[OWN, OTHER, LOOSE]),
        ("/students", &[OWN, OTHER, LOOSE]),
        ("/students/export.csv", &[OWN, OTHER, LOOSE]),
        ("/sessions", &[OWN, OTHER]),
        ("/sessions?q=Brandt", &[OWN, OTHER]),
        ("/sessions?words=zebrafish", &[OWN, OTHER]),
        ("/sessions/export.csv", &[OWN, OTHER]),
        ("/events/sessions?once=true", &[OWN, OTHER]),
        ("/search?q=Brandt", &[OWN, OTHER]),
        ("/search?q=zebrafish&in=transcripts", &[OWN, OTHER, LOOSE]),
        ("/search?q=zebrafish&said=student", &[OWN, OTHER, LOOSE]),
        ("/search?q=call-of&in=sessions", &[OWN, OTHER, LOOSE]),
        ("/curriculum", &[OWN, OTHER, LOOSE]),
        ("/analytics", &[OWN, OTHER, LOOSE]),
        ("/analytics?by=cohort", &["room-7b", "room-8a"]),
        ("/analytics/export.csv?table=groups&by=cohort", &["room-7b", "room-8a"]),
        ("/analytics/export.csv?table=beliefs", &[OWN, OTHER, LOOSE]),
    ] {
        let text = all.read(path).await;
        assert!(
            names.iter().all(|name| text.contains(name)),
            "{path} shows {names:?} to staff who see all students: {text}"
        );
        let text = tutor.read(path).await;
        assert!(text.contains(names[0]), "{path} shows tutors their own students");
        assert_eq!(hidden_name(&text, false), None, "{path}");
    }
    // The number of live calls beside the navigation.
    assert!(all.read("/account").await.contains(", 3 live calls"));
    assert!(tutor.read("/account").await.contains(", 1 live call<"));
    // Other cohorts cannot be requested.
    for path in [
        "/?cohort=room-8a",
        "/sessions?cohort=room-8a",
        "/search?q=zebrafish&cohort=room-8a",
        "/students?cohort=room-8a",
        "/analytics?cohort=room-8a",
        "/analytics?cohort=~",
    ] {
        assert_eq!(tutor.open(path).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    // Ids in a form, or after one's own student in an address, do not bypass the check.
    let done = async |child: &Child| {
        tutor.post("/account", &format!("/follow-ups/{}/done", child.follow_up_id), &[]).await.status()
    };
    assert_eq!((done(&other).await, done(&loose).await), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(done(&own).await, StatusCode::SEE_OTHER);
    assert_eq!(psql(&service.database_url, "select count(*) from follow_ups where closed_at is not null"), "1");
    let note_id = psql(
        &service.database_url,
        &format!(
            "insert into notes (note_id, student_id, author, text, for_assistant, created_at)
             values (gen_random_uuid(), '{}', 'operator', 'a note', false, now()) returning note_id",
            other.student_id
        ),
    );
    let path = format!("/students/{}/notes/{}/delete", own.student_id, note_id.lines().next().unwrap());
    assert_eq!(tutor.post("/account", &path, &[]).await.status(), StatusCode::NOT_FOUND);
    let phone = tutor.post("/account", "/search", &[("q", "+14155550142")]).await;
    assert_eq!(phone.status(), StatusCode::FORBIDDEN, "the number may belong to children of other cohorts");
    // Tutors add students only to their cohorts, and move none out of them.
    let add = async |cohort: &str| {
        let fields =
            [("name", "Newton Lee"), ("cohort", cohort), ("locale", "en"), ("timezone", "UTC"), ("status", "active")];
        tutor.post("/account", "/students/new", &fields).await.status()
    };
    assert_eq!((add("room-8a").await, add("").await), (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN));
    assert_eq!(add("room-7b").await, StatusCode::SEE_OTHER);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_assigns_cohorts_and_they_count_from_the_next_request_on() {
    let service = Service::start().await;
    let own = insert_child(&service, OWN, Some("room-7b"), true).await;
    let other = insert_child(&service, OTHER, Some("room-8a"), true).await;
    let admin = service.log_in().await;
    let tutor = Staff::insert(&service, "tutor", Role::Tutor, None).await.person;
    let (user, _) = admin_user::find_user_by_email(&service.db, "tutor@example.org").await.unwrap().unwrap();
    let path = format!("/settings/users/{}/cohorts", user.admin_user_id);
    let opens = async |child: &Child| tutor.open(&format!("/sessions/{}", child.session_id)).await.status();
    assert_eq!(
        (opens(&own).await, opens(&other).await),
        (StatusCode::OK, StatusCode::OK),
        "without cohorts, a tutor sees all students"
    );
    admin.submit("/settings/users", &path, &[("reach", "cohorts"), ("cohort", "room-7b")]).await;
    assert_eq!((opens(&own).await, opens(&other).await), (StatusCode::OK, StatusCode::NOT_FOUND));
    assert!(admin.read("/settings/users").await.contains("Sees room-7b"));
    let stream = tutor.open(&format!("/events/sessions/{}?once=true", other.session_id)).await;
    assert_eq!(stream.status(), StatusCode::NOT_FOUND);
    // The child moves to another cohort, and the tutor sees it.
    psql(
        &service.database_url,
        &format!("update students set cohort = 'room-7b' where student_id = '{}'", other.student_id),
    );
    assert_eq!(opens(&other).await, StatusCode::OK);
    admin.submit("/settings/users", &path, &[("reach", "all")]).await;
    assert!(tutor.read("/jobs").await.contains("Jobs"));
    let kept = psql(&service.database_url, "select count(*) from audit_entries where action = 'admin.cohorts'");
    assert_eq!(kept, "2");
    service.stop().await;
}
