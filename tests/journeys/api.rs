//! An app reads data about its students.

use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::access::ClientKind;

use crate::assistant::OTHER_PHONE;
use crate::psql::psql;
use crate::service::Service;
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

async fn status(service: &Service, token: &str, path: &str) -> (StatusCode, Value) {
    let answer = service.http.get(format!("{}{path}", service.server_url)).bearer_auth(token).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn students_are_listed_page_by_page_and_found_by_name_and_cohort() {
    let service = Service::start().await;
    for (i, name) in ["José Zapata", "Amara Okafor", "Josefine Berg"].into_iter().enumerate() {
        service.student(name, &format!("+1415555010{i}")).await;
    }
    service.write("update students set cohort = '7b' where display_name <> 'Amara Okafor'").await;
    let token = service.token("students:read").await;
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|of| of["display_name"].as_str().unwrap().to_owned()).collect()
    };
    let first = service.get(&token, "/api/v1/students?limit=2").await;
    assert_eq!(names(&first), ["Amara Okafor", "Josefine Berg"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = service.get(&token, &format!("/api/v1/students?limit=2&cursor={cursor}")).await;
    assert_eq!((names(&second), &second["next_cursor"]), (vec!["José Zapata".to_owned()], &Value::Null));
    let found = service.get(&token, "/api/v1/students?q=jose").await;
    assert_eq!(names(&found), ["Josefine Berg", "José Zapata"]);
    let found = service.get(&token, "/api/v1/students?cohort=7b&q=berg").await;
    assert_eq!(names(&found), ["Josefine Berg"]);
    assert_eq!(found["items"][0]["cohort"], "7b");
    let (refused, problem) = status(&service, &token, "/api/v1/students?q=&grade=3").await;
    assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_reads_only_what_changed_and_overwrites_no_other_change() {
    let service = Service::start().await;
    let amara = service.student("Amara Okafor", CALLER).await;
    let token = service.token("students:read students:write").await;
    let url = format!("{}/api/v1/students/{}", service.server_url, amara.student_id);
    let read = async |known: &str| {
        service.http.get(&url).bearer_auth(&token).header("if-none-match", known).send().await.unwrap()
    };
    let change = async |known: &str, body: Value| {
        service.http.patch(&url).bearer_auth(&token).header("if-match", known).json(&body).send().await.unwrap()
    };
    let tag = |answer: &reqwest::Response| answer.headers()["etag"].to_str().unwrap().to_owned();

    let first = tag(&read("\"0\"").await);
    let again = read(&format!("\"0\", W/{first}")).await;
    assert_eq!((again.status(), tag(&again)), (StatusCode::NOT_MODIFIED, first.clone()));
    assert_eq!(again.headers()["cache-control"], "no-store");
    assert!(again.bytes().await.unwrap().is_empty());

    // Staff change the student in the meantime.
    service.write("update students set guidance = 'Speak slowly.', updated_at = now()").await;
    let late = change(&first, json!({ "guidance": null })).await;
    assert_eq!(late.status(), StatusCode::PRECONDITION_FAILED);
    let now = read(&first).await;
    assert_eq!(now.status(), StatusCode::OK);
    let second = tag(&now);
    assert_eq!(now.json::<Value>().await.unwrap()["guidance"], "Speak slowly.");

    // Two clients read the same version. Only one of them can change it.
    let (one, other) = tokio::join!(change(&second, json!({ "grade": 5 })), change(&second, json!({ "grade": 6 })));
    let mut statuses = [one.status().as_u16(), other.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let changed = if one.status() == StatusCode::OK { one } else { other };
    assert_eq!(tag(&changed), tag(&read("").await), "the answer to a change has the tag of the next read");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_asks_too_fast_is_told_to_wait_and_others_are_not() {
    let service = Service::start_with(&[("CLIENT_REQUESTS_PER_SECOND", "1")]).await;
    let (hasty, calm) = (service.token("students:read").await, service.token("students:read").await);
    let ask = async |token: &str| {
        let url = format!("{}/api/v1/students", service.server_url);
        service.http.get(url).bearer_auth(token).send().await.unwrap()
    };
    let answer = ask(&hasty).await;
    assert_eq!(answer.headers()["ratelimit-policy"], "\"client\";q=4;w=4");
    assert_eq!(answer.headers()["ratelimit"], "\"client\";r=3;t=1");
    let answers = futures::future::join_all((0..40).map(|_| ask(&hasty))).await;
    let refused = answers.iter().find(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS).unwrap();
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(ask(&calm).await.status(), StatusCode::OK);
    service.stop().await;
}

/// A stream of server-sent events.
struct Events {
    answer: reqwest::Response,
    unread: String,
}

impl Events {
    async fn open(service: &Service, token: &str, query: &str) -> Self {
        let url = format!("{}/api/v1/events{query}", service.server_url);
        let answer = service.http.get(url).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, unread: String::new() }
    }

    /// Returns the name and the data of the next event, or `None` if the stream has ended.
    async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some(end) = self.unread.find("\n\n") {
                let event: String = self.unread.drain(..end + 2).collect();
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let event = field("event: ").zip(field("data: "));
                if event.is_some() {
                    return event;
                }
            } else {
                self.unread += std::str::from_utf8(&self.answer.chunk().await.unwrap()?).unwrap();
            }
        }
    }

    /// Returns the next session that changed.
    async fn change(&mut self) -> Value {
        loop {
            let (name, data) = self.next().await.expect("the stream sends another event");
            if name == "session" {
                return serde_json::from_str(&data).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_hears_of_sessions_as_they_change_for_as_long_as_its_key_lives() {
    let service = Service::start().await;
    let amara = service.student("Amara Okafor", CALLER).await;
    let josefine = service.student("Josefine Berg", OTHER_PHONE).await;
    let key = service.agent_key_of(ClientKind::BackOffice, "sessions:read").await;
    let mut all = Events::open(&service, &key, "").await;
    // The second `refresh` means that the server is listening.
    for _ in 0..2 {
        assert_eq!(all.next().await.unwrap().0, "refresh");
    }
    let mut of_josefine = Events::open(&service, &key, &format!("?student_id={}", josefine.student_id)).await;
    assert_eq!(of_josefine.next().await.unwrap().0, "refresh");
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let analysed = loop {
        let change = all.change().await;
        assert_eq!(change["student_id"], json!(amara.student_id), "{change}");
        if change["status"] == "analyzed" {
            break change;
        }
    };
    let read = service.get(&key, &format!("/api/v1/sessions/by-call/{CALL_ID}")).await;
    assert_eq!((&analysed["session_id"], &analysed["updated_at"]), (&read["session_id"], &read["updated_at"]));

    // The other stream gets only Josefine's changes.
    let report = String::from_utf8(vapi::sample_of_call(REPORT, "call-of-josefine")).unwrap();
    assert_eq!(service.deliver(report.replace(CALLER, OTHER_PHONE).as_bytes()).await, StatusCode::OK);
    assert_eq!(of_josefine.change().await["student_id"], json!(josefine.student_id));

    let telephone = service.agent_key_of(ClientKind::Telephone, "sessions:read").await;
    assert_eq!(status(&service, &telephone, "/api/v1/events").await.0, StatusCode::FORBIDDEN);
    assert_eq!(status(&service, &key, "/api/v1/events?studentid=1").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let mut open = Vec::new();
    for _ in 2..8 {
        open.push(Events::open(&service, &key, "").await);
    }
    assert_eq!(status(&service, &key, "/api/v1/events").await.0, StatusCode::TOO_MANY_REQUESTS);

    psql(&service.database_url, "update api_clients set revoked_at = now()");
    while all.next().await.is_some() {}
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_student_is_read_in_lists() {
    let service = Service::start().await;
    let amara = service.student("Amara Okafor", CALLER).await;
    let token = service.token("students:read sessions:read context:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let session = service.analyzed(&token, CALL_ID).await;
    let id = amara.student_id;
    service
        .write(format!(
            "insert into notes (note_id, student_id, author, text, for_assistant, created_at)
             values (gen_random_uuid(), '{id}', 'operator', 'Likes maps.', true, now());
             insert into facts (fact_id, student_id, kind, text, source, confidence, valid_from, expires_at)
             values (gen_random_uuid(), '{id}', 'interest', 'likes chess', 'person', 1, now(), now() + interval '9 days');
             insert into guardians (guardian_id, name, email, created_at, updated_at)
             values ('{id}', 'Ngozi', 'ngozi@example.com', now(), now());
             insert into student_guardians (student_id, guardian_id, relation) values ('{id}', '{id}', 'mother')"
        ))
        .await;
    let of = |what: &str| format!("/api/v1/students/{id}/{what}");

    let mastery = service.get(&token, &of("mastery")).await;
    let skill = mastery["items"].as_array().unwrap().iter().find(|of| of["skill_id"] == "maths.fractions.add_unlike");
    assert!(skill.unwrap()["n_answers"].as_u64().unwrap() >= 2, "{mastery}");
    let plan = service.get(&token, &of("plan")).await;
    assert!(!plan["steps"].as_array().unwrap().is_empty(), "{plan}");

    // The pages together hold the evidence of the analysis.
    let mut items = Vec::new();
    let mut path = of("evidence?limit=1");
    loop {
        let page = service.get(&token, &path).await;
        items.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = of(&format!("evidence?limit=1&cursor={cursor}"));
    }
    let skills = session["analysis"]["skills"].as_array().unwrap();
    let n: usize = skills.iter().map(|skill| skill["evidence"].as_array().unwrap().len()).sum();
    assert_eq!(items.len(), n);
    assert!(items.windows(2).all(|pair| pair[0]["observed_at"].as_str() >= pair[1]["observed_at"].as_str()));
    assert!(items.iter().all(|of| of["session_id"] == session["session_id"]));

    assert_eq!(service.get(&token, &of("notes")).await["items"][0]["text"], "Likes maps.");
    assert_eq!(service.get(&token, &of("facts")).await["items"][0]["text"], "likes chess");
    assert_eq!(service.get(&token, &of("guardians")).await["items"][0]["relation"], json!("mother"));

    let lists = ["mastery", "plan", "evidence", "notes", "facts", "guardians"];
    for what in lists {
        let nobody = format!("/api/v1/students/0199aa00-0000-7000-8000-000000000001/{what}");
        assert_eq!(status(&service, &token, &nobody).await.0, StatusCode::NOT_FOUND, "{what}");
    }
    service.write(format!("update students set status = 'blocked' where student_id = '{id}'")).await;
    for what in lists {
        assert_eq!(status(&service, &token, &of(what)).await.0, StatusCode::FORBIDDEN, "{what}");
    }
    service.stop().await;
}
