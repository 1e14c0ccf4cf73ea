//! An app reads what is known of its students.

use reqwest::StatusCode;
use serde_json::{Value, json};

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

    // Page by page it is the evidence of the analysis.
    let mut told = Vec::new();
    let mut path = of("evidence?limit=1");
    loop {
        let page = service.get(&token, &path).await;
        told.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = of(&format!("evidence?limit=1&cursor={cursor}"));
    }
    let skills = session["analysis"]["skills"].as_array().unwrap();
    let n: usize = skills.iter().map(|skill| skill["evidence"].as_array().unwrap().len()).sum();
    assert_eq!(told.len(), n);
    assert!(told.windows(2).all(|pair| pair[0]["observed_at"].as_str() >= pair[1]["observed_at"].as_str()));
    assert!(told.iter().all(|of| of["session_id"] == session["session_id"]));

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
