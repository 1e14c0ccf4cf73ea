//! Names and telephone numbers.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{file, json_file};
use crate::service::Service;

const ALL: &str = "context:read students:read students:write sessions:read calls:write";

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_number_is_nobodys() {
    let service = Service::start().await;
    let key = service.agent_key("context:read calls:write").await;
    // 08-anonymous-sentinel.sh
    for number in ["+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"] {
        let registered = service.tool(&key, Some(number), "register_student", &json!({ "first_name": "Nadia" })).await;
        assert_eq!(registered["isError"], true, "{number}: {registered}");
        let context = service.tool(&key, Some(number), "get_student_context", &json!({})).await;
        assert!(!context.to_string().contains("Nadia"), "{number}: {context}");
    }
    for call in json_file("80-anonymous-number.json")["calls"].as_array().unwrap() {
        let answer = service.tool(&key, None, call[0].as_str().unwrap(), &call[1]).await;
        assert!(!answer["structuredContent"].to_string().contains("Nadia"), "{answer}");
    }
    assert_eq!(crate::psql::psql(&service.database_url, "select count(*) from students"), "0");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_found_as_it_is_typed() {
    let service = Service::start().await;
    let key = service.agent_key("context:read calls:write").await;
    // 09-identify-without-accents.sh and 78-identify-accents.json
    for name in ["José R", "Søren R", "Anaïs R", "Łucja R", "D’Andre R", "Jean-Luc R"] {
        service.student(name, "+14155556001").await;
    }
    let accents = json_file("78-identify-accents.json");
    let listed = accents["calls"].as_array().unwrap().iter().map(|call| call["first_name"].as_str().unwrap());
    let typed = [
        ("Jose", "José"),
        ("Soren", "Søren"),
        ("anais", "Anaïs"),
        ("Lucja", "Łucja"),
        ("D’Andre", "D’Andre"),
        ("Jean Luc", "Jean-Luc"),
        ("José.", "José"),
    ];
    for (typed, name) in typed.into_iter().chain(listed.map(|typed| (typed, "José"))) {
        let found = service.tool(&key, Some("+14155556001"), "identify_student", &json!({ "first_name": typed })).await;
        assert_eq!(found["structuredContent"]["first_name"], name, "{typed}: {found}");
    }

    // 24-nfd-name.sh, both ways
    let office = service.token(ALL).await;
    service.student("Jose\u{301} N", "+14155556002").await;
    for typed in ["José N", "Jose\u{301} N", "jose n"] {
        let found = service.tool(&office, None, "list_students", &json!({ "name": typed })).await;
        let items = found["structuredContent"]["items"].as_array().unwrap().len();
        assert_eq!(items, 1, "{typed}: {found}");
    }
    let found = service.tool(&key, Some("+14155556002"), "identify_student", &json!({ "first_name": "José" })).await;
    assert_eq!(found["isError"], json!(false), "{found}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_is_one_number_however_it_is_written() {
    let service = Service::start().await;
    let token = service.token(ALL).await;
    let mut sheet = csv::Reader::from_reader(std::io::Cursor::new(file("10-phone-variants.csv")));
    let mut cases: Vec<(String, String, String)> = sheet
        .records()
        .map(|row| row.unwrap())
        .map(|row| (row[0].to_owned(), row[1].replace(" (SIP trunk)", ""), row[2].to_owned()))
        .collect();
    for case in json_file("77-phones.json")["cases"].as_array().unwrap() {
        let (input, right) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
        if let Some((stored, call)) = input.split_once(", call ") {
            cases.push((stored.replace("stored ", ""), call.to_owned(), right.to_owned()));
        } else {
            let right = if right == "422" { "refused" } else { "known or refused" };
            cases.push((input.replace("API ", ""), "+442079460555".to_owned(), right.to_owned()));
        }
    }
    for (n, (stored, calls_from, right)) in cases.iter().enumerate() {
        let body = json!({ "display_name": format!("Case {n}"), "phones": [stored] });
        let (status, student) = service.create_student(&token, &body).await;
        if status == StatusCode::UNPROCESSABLE_ENTITY {
            assert!(right.contains("refused"), "{stored} is {right}: {student}");
            continue;
        }
        assert_eq!(status, StatusCode::CREATED, "{stored}: {student}");
        let call_id = format!("phone-{n}");
        let report = json!({ "message": { "type": "end-of-call-report",
            "call": { "id": call_id, "customer": { "number": calls_from } } } });
        assert_eq!(service.deliver(report.to_string().as_bytes()).await, StatusCode::OK);
        let session = service.analyzed(&token, &call_id).await;
        assert!(right.contains("known"), "{stored} is {right}");
        assert_eq!(session["student_id"], student["student_id"], "{stored} calls from {calls_from}");
        let student_id = student["student_id"].as_str().unwrap().parse().unwrap();
        let mut tx = storage::db::begin(&service.db).await.unwrap();
        let operator = storage::access::Caller::operator();
        storage::erasure::erase_student(&mut tx, &operator, student_id, storage::clock::now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_ne!(session["student_id"], Value::Null);
    }
    service.stop().await;
}
