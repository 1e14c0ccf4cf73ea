//! A student or a guardian signs in to an app with a code that staff gave, and reads about their own.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use storage::access::Caller;
use storage::clock;
use storage::db;
use storage::id::StudentId;
use storage::student::merge;

use crate::mailbox::Mailbox;
use crate::psql::psql;
use crate::service::{Person, Service, eventually};
use crate::vapi::{self, CALLER, REPORT};

const OTHER: &str = "+14155550143";

/// An app on a phone, without a client of ours.
pub struct App<'a> {
    pub service: &'a Service,
}

impl App<'_> {
    async fn post(&self, body: &Value) -> Response {
        self.service.http.post(format!("{}/auth/code", self.service.server_url)).json(body).send().await.unwrap()
    }

    /// The answer to a code or a refresh token that works.
    pub async fn exchange(&self, body: Value) -> Value {
        let response = self.post(&body).await;
        assert_eq!(response.status(), StatusCode::OK, "{body}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        response.json().await.unwrap()
    }

    async fn is_refused(&self, body: Value) -> bool {
        self.post(&body).await.status() == StatusCode::FORBIDDEN
    }

    async fn read(&self, tokens: &Value, path: &str) -> (StatusCode, Value) {
        let url = format!("{}/api/v1/own/students{path}", self.service.server_url);
        let token = tokens["access_token"].as_str().unwrap();
        let response = self.service.http.get(url).bearer_auth(token).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// Waits until servers refuse the access token, and sees that nothing renews it.
    async fn ends(&self, tokens: &Value) {
        let refused = async || (self.read(tokens, "").await.0 == StatusCode::UNAUTHORIZED).then_some(());
        eventually("the server refuses the app", refused).await;
        assert!(self.is_refused(json!({ "refresh_token": tokens["refresh_token"] })).await);
    }
}

/// Staff press "Show a code" on the student's page.
pub async fn show_code(staff: &Person, student_id: StudentId, holder: &str) -> String {
    let page = format!("/students/{student_id}");
    let shown = staff.post(&page, &format!("{page}/access"), &[("holder", holder), ("do", "show")]).await;
    assert_eq!(shown.status(), StatusCode::OK);
    let html = shown.text().await.unwrap();
    let (_, code) = html.split_once("id=\"app-code\"").unwrap_or_else(|| panic!("{html}"));
    let code = code.split_once('>').unwrap().1.split('<').next().unwrap();
    code.to_owned()
}

pub async fn add_guardian(
    service: &Service,
    staff: &Person,
    student_id: StudentId,
    name: &str,
    language: &str,
) -> String {
    let page = format!("/students/{student_id}");
    let email = format!("{}@example.org", name.split(' ').next().unwrap().to_lowercase());
    let fields = [("name", name), ("relation", "mother"), ("email", &email), ("language", language)];
    assert_eq!(staff.post(&page, &format!("{page}/guardians"), &fields).await.status(), StatusCode::SEE_OTHER);
    psql(&service.database_url, &format!("select guardian_id from guardians where name = '{name}'"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_signs_in_with_a_code_and_reads_about_their_students_until_staff_end_it() {
    let service = Service::start().await;
    let amara = service.student("Amara Okafor", CALLER).await.student_id;
    let ben = service.student("Ben Okafor", OTHER).await.student_id;
    let zed = service.student("Zed Brandt", "+14155550144").await.student_id;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    service.analyzed(&service.token("sessions:read").await, vapi::CALL_ID).await;
    let private = service.write(
        format!(
            "insert into follow_ups (follow_up_id, kind, student_id, category, text, due_at, author, created_at) values
                 (gen_random_uuid(), 'callback', '{amara}', null, 'words of the callback', now() + interval '1 day', 'x', now()),
                 (gen_random_uuid(), 'concern', '{amara}', 'abuse', 'words of the concern', now(), 'x', now());
             insert into notes (note_id, student_id, author, text, created_at)
                 values (gen_random_uuid(), '{amara}', 'admin:x', 'words of the note', now());
             update students set guidance = 'words of the guidance', cohort = 'cohort seven'"
        ),
    );
    private.await;
    let staff = service.log_in().await;
    let guardian = add_guardian(&service, &staff, amara, "Ngozi Okafor", "").await;
    add_guardian(&service, &staff, ben, "Ngozi Okafor", "").await;
    let app = App { service: &service };

    let code = show_code(&staff, amara, &guardian).await;
    assert_eq!(code.len(), 14, "{code}");
    assert!(staff.read(&format!("/students/{ben}")).await.contains("Code not used yet"), "a guardian is of both");
    let tokens = app.exchange(json!({ "code": code.to_lowercase().replace('-', " ") })).await;
    assert_eq!((&tokens["scope"], &tokens["expires_in"]), (&json!("own:read"), &json!(900)));
    assert!(app.is_refused(json!({ "code": code })).await, "it works once");
    let stored = psql(&service.database_url, "select row_to_json(g) from family_grants g");
    for secret in [&tokens["refresh_token"], &json!(code.replace('-', ""))] {
        assert!(!stored.contains(secret.as_str().unwrap()), "{stored}");
    }

    let (_, students) = app.read(&tokens, "").await;
    let names: Vec<_> = students["items"].as_array().unwrap().iter().map(|of| &of["display_name"]).collect();
    assert_eq!(names, ["Amara Okafor", "Ben Okafor"]);
    let mut all = students.to_string();
    for (what, field) in [
        ("mastery", "mastery"),
        ("plan", "why"),
        ("sessions", "summary"),
        ("questions", "answer"),
        ("callbacks", "due_at"),
    ] {
        let (status, list) = app.read(&tokens, &format!("/{amara}/{what}")).await;
        assert_eq!(status, StatusCode::OK, "{what}");
        assert!(list["items"][0][field] != Value::Null, "{what}: {list}");
        all += &list.to_string();
        assert_eq!(app.read(&tokens, &format!("/{ben}/{what}")).await.0, StatusCode::OK, "{what}");
        assert_eq!(app.read(&tokens, &format!("/{zed}/{what}")).await.0, StatusCode::NOT_FOUND, "{what}");
    }
    for private in ["words of", "cohort seven", "abuse", CALLER, "quote", "Zed"] {
        assert!(!all.contains(private), "{private}: {all}");
    }
    assert_eq!(psql(&service.database_url, "select count(*) from recent_questions"), "0", "a look asks nothing");

    // The student's own code gives the questions without their answers, and no one else.
    let of_student = app.exchange(json!({ "code": show_code(&staff, amara, "").await })).await;
    let (_, questions) = app.read(&of_student, &format!("/{amara}/questions")).await;
    assert_eq!(questions["items"][0]["answer"], Value::Null, "{questions}");
    assert_eq!(app.read(&of_student, "").await.1["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.read(&of_student, &format!("/{ben}/plan")).await.0, StatusCode::NOT_FOUND);

    let log = staff.read(&format!("/students/{amara}/disclosures")).await;
    assert!(log.contains("The family") && log.contains("api: getOwnMastery"), "{log}");
    let page = format!("/students/{ben}");
    let shown = staff.read(&page).await;
    assert!(shown.contains("Signed in") && !shown.contains("Amara</b>"), "only the guardian has access to Ben");
    let grant = psql(&service.database_url, "select family_grant_id from family_grants where guardian_id is not null");
    let foreign = staff.post(&page, &format!("/students/{zed}/access/{grant}/end"), &[]).await;
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND, "not from the page of another student");
    staff.submit(&page, &format!("{page}/access/{grant}/end"), &[]).await;
    app.ends(&tokens).await;
    assert_eq!(app.read(&of_student, "").await.0, StatusCode::OK, "the student still has access");
    let audit = "select string_agg(action || ' ' || (detail ? 'guardian'), ', ' order by at, audit_entry_id)
        from audit_entries where action like 'family_grant.%' or action = 'client.token' and actor like 'family:%'";
    let expected =
        "family_grant.give true, client.token true, family_grant.give false, client.token false, family_grant.end true";
    eventually("the log says so", async || (psql(&service.database_url, audit) == expected).then_some(())).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_for_the_app_is_sent_to_the_guardian_in_their_language() {
    let mailbox = Mailbox::open().await;
    let service = Service::start_with(&[("SMTP_URL", &mailbox.url), ("MAIL_FROM", "tutor@example.org")]).await;
    let staff = service.log_in().await;
    let amara = service.student("Amara Okafor", CALLER).await.student_id;
    let guardian = add_guardian(&service, &staff, amara, "Elena Ruiz", "es-MX").await;
    let (page, give) = (format!("/students/{amara}"), format!("/students/{amara}/access"));
    eventually("the worker told of itself", async || {
        staff.read(&page).await.contains("Send a code by e-mail").then_some(())
    })
    .await;
    // The student has no address.
    let refused = staff.post(&page, &give, &[("holder", ""), ("do", "send")]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    staff.submit(&page, &give, &[("holder", &guardian), ("do", "send")]).await;
    let email = eventually("it arrives", async || mailbox.emails().pop()).await;
    assert_eq!(email.to, "elena@example.org");
    assert!(email.text.contains("Escriba allí este código") && !email.text.contains("Amara"), "{}", email.text);
    let code = email.text.lines().find(|line| line.len() == 14 && line.matches('-').count() == 2).unwrap();
    let app = App { service: &service };
    let tokens = app.exchange(json!({ "code": code })).await;
    assert_eq!(app.read(&tokens, "").await.0, StatusCode::OK);
    assert!(staff.read(&page).await.contains("Signed in"));
    // A code that was not used gives way to the next one.
    let first = show_code(&staff, amara, "").await;
    let second = show_code(&staff, amara, "").await;
    assert!(app.is_refused(json!({ "code": first })).await);
    psql(&service.database_url, "update family_grants set expires_at = now() where used_at is null");
    assert!(app.is_refused(json!({ "code": second })).await, "it has expired");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn access_by_an_app_ends_with_the_consent_the_guardian_the_student_and_a_misused_token() {
    let service = Service::start().await;
    let staff = service.log_in().await;
    let app = App { service: &service };
    let student = async |name: &str, phone: &str| service.student(name, phone).await.student_id;
    let (amara, ben) = (student("Amara Okafor", CALLER).await, student("Ben Okafor", OTHER).await);
    let own = async |id: StudentId| app.exchange(json!({ "code": show_code(&staff, id, "").await })).await;

    // A refresh token works once; a second use ends all.
    let first = own(amara).await;
    let second = app.exchange(json!({ "refresh_token": first["refresh_token"] })).await;
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert!(app.is_refused(json!({ "refresh_token": first["refresh_token"] })).await);
    app.ends(&second).await;
    assert_eq!(
        psql(&service.database_url, "select count(*) from audit_entries where action = 'family_grant.misused'"),
        "1"
    );

    // The app signs out.
    let tokens = own(amara).await;
    let form = format!("client_id=family&token={}", tokens["refresh_token"].as_str().unwrap());
    let revoke = service.http.post(format!("{}/auth/revoke", service.server_url));
    let revoke = revoke.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
    assert_eq!(revoke.status(), StatusCode::OK);
    app.ends(&tokens).await;

    // The guardian leaves Amara, and still has Ben. Then the guardian leaves Ben, too.
    let guardian = add_guardian(&service, &staff, amara, "Ngozi Okafor", "").await;
    add_guardian(&service, &staff, ben, "Ngozi Okafor", "").await;
    let tokens = app.exchange(json!({ "code": show_code(&staff, amara, &guardian).await })).await;
    let remove = async |id: StudentId| {
        let page = format!("/students/{id}");
        staff.submit(&page, &format!("{page}/guardians/{guardian}"), &[("do", "remove")]).await;
    };
    remove(amara).await;
    assert_eq!(app.read(&tokens, &format!("/{amara}/plan")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(app.read(&tokens, &format!("/{ben}/plan")).await.0, StatusCode::OK);
    remove(ben).await;
    app.ends(&tokens).await;

    // Consent to lessons ends. Consent that is given again does not bring the access back.
    let tokens = own(amara).await;
    let page = format!("/students/{amara}");
    let decide = async |action: &str| {
        let fields = [("action", action), ("means", "phone"), ("reason", "they rang"), ("purpose", "tutoring")];
        staff.submit(&page, &format!("{page}/consents"), &fields).await;
    };
    decide("withdrawn").await;
    app.ends(&tokens).await;
    let none = staff.post(&page, &format!("{page}/access"), &[("holder", ""), ("do", "show")]).await;
    assert_eq!(none.status(), StatusCode::UNPROCESSABLE_ENTITY);
    decide("given").await;
    assert_eq!(app.read(&tokens, "").await.0, StatusCode::UNAUTHORIZED);

    // A merge ends what the merged student had, and an erasure all.
    let (of_amara, of_ben) = (own(amara).await, own(ben).await);
    psql(&service.database_url, "delete from consents");
    let mut tx = db::begin(&service.db).await.unwrap();
    merge::merge_students(&mut tx, &Caller::operator(), amara, ben, clock::now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    app.ends(&of_ben).await;
    assert_eq!(app.read(&of_amara, "").await.0, StatusCode::OK);
    let mut tx = db::begin(&service.db).await.unwrap();
    storage::erasure::erase_student(&mut tx, &Caller::operator(), amara, clock::now()).await.unwrap();
    tx.commit().await.unwrap();
    app.ends(&of_amara).await;
    assert_eq!(psql(&service.database_url, "select count(*) from family_grants where ended_at is null"), "0");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_for_the_app_are_throttled() {
    let service = Service::start().await;
    let app = App { service: &service };
    for body in [json!({}), json!({ "code": "x", "refresh_token": "y" }), json!({ "kode": "x" })] {
        assert_eq!(app.post(&body).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    for n in 0..10 {
        assert!(app.is_refused(json!({ "code": format!("K7MF-90TX-21W{n}") })).await, "{n}");
    }
    let answer = app.post(&json!({ "code": "K7MF-90TX-21WD" })).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers().contains_key("retry-after"));
    // A school behind the same address still renews its tokens.
    assert!(app.is_refused(json!({ "refresh_token": "rt_x.turn_y" })).await);
    service.stop().await;
}
